"""Who acts, for the registry's changes: the person, as far as the machine knows, and not a name that one can choose.

Two officers are two authors, so an author must not be had by setting a variable.  The kernel's audit login id comes
first: it is set when a person logs in, outlives su and sudo, and only the privileged can change it.  ADR 9 tells the
reasons, and where this ends.
"""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_LOGIN_ID: Final = Path("/proc/self/loginuid")
_UNSET: Final = 4_294_967_295  # (uid_t) -1: nobody logged in, as for a service


def who_acts(environ: Mapping[str, str] = os.environ, login_id: Path = _LOGIN_ID) -> str:
    """Return the name of the person who acts.

    That is who logged in, where the kernel knows it; else the person whom sudo made root, where we are root and what
    sudo says of that person agrees with the machine's own list of users; else the user of this process.

    Args:
        environ: only ``SUDO_USER`` and ``SUDO_UID`` are read, and only by root.
        login_id: where the kernel tells the audit login id.
    """
    logged_in = _logged_in(login_id)
    if logged_in is not None:
        return _name(logged_in)
    if os.getuid() == 0 == os.geteuid():
        return _behind_sudo(environ) or _name(0)
    return _name(os.getuid())


def _logged_in(path: Path) -> int | None:
    try:
        uid = int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None  # no Linux, or a kernel without audit
    return uid if 0 <= uid < _UNSET else None


def _behind_sudo(environ: Mapping[str, str]) -> str | None:
    name = environ.get("SUDO_USER", "")
    try:
        known = pwd.getpwnam(name).pw_uid
    except KeyError:
        return None
    return name if str(known) == environ.get("SUDO_UID") else None


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
