"""A home: the folder that holds one bus: its settings, keys, anchors, revocation lists and databases.

Whoever reads a home can sign as the bus, so a home belongs to one user and is closed to all others; both making and
opening one insist on it.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from esb.kernel.faults import EsbError

_FOLDER: Final = 0o700
_FILE: Final = 0o600

_CONFIG: Final = """\
# The settings of this bus.  Only what differs from the defaults needs to stand here; `esb config show --origin`
# lists every setting with its value and where it came from.  Paths are relative to this folder.

[bus]
# The public address, as consumers reach it; it stands in every published WSDL.
#address = "https://bus.gov.example"

[door]
# Where to listen.  Beyond this machine, turn tls on.
#host = "0.0.0.0"
#port = 8443
#tls = true
#tls_certificate = "keys/door.pem"
#tls_key = "keys/door.key"
#client_anchors = "anchors"

[registry]
#url = "postgresql://shluz@db.example/registry"

[evidence]
#url = "postgresql://shluz@db.example/evidence"
"""


class HomeError(EsbError):
    """A folder cannot become a home, or is not one that may be used; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """A home's folder and what stands in it by default; the settings can put keys and folders elsewhere."""

    path: Path

    @property
    def config(self) -> Path:
        """The settings' file."""
        return self.path / "esb.toml"

    @property
    def keys(self) -> Path:
        """The folder of private keys and their certificates."""
        return self.path / "keys"

    @property
    def passphrase(self) -> Path:
        """The file with the passphrase that the private keys are encrypted under."""
        return self.keys / "passphrase"

    @property
    def anchors(self) -> Path:
        """The folder of authorities that are believed."""
        return self.path / "anchors"

    @property
    def crl(self) -> Path:
        """The folder of certificate revocation lists."""
        return self.path / "crl"


def make_home(path: Path, passphrase: str | None) -> Home:
    """Make a home in a folder that is new or empty.

    Args:
        path: the folder; missing parents are made too.
        passphrase: what the keys' passphrase file shall hold; None where the environment gives the passphrase.

    Raises:
        HomeError: the folder is not empty, not a folder, another user's, or cannot be written.
    """
    home = Home(path.absolute())
    try:
        home.path.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
        if home.path.stat().st_uid != os.geteuid():
            raise HomeError(f"{home.path} belongs to another user. Choose a folder of your own.")
        if next(home.path.iterdir(), None) is not None:
            raise HomeError(f"{home.path} is not empty, and nothing in it is overwritten. Choose a new folder.")
        home.path.chmod(_FOLDER)
        for folder in (home.keys, home.anchors, home.crl):
            folder.mkdir(mode=_FOLDER)
        # A home is often tried out inside a checkout: keys must not slip into a repository.
        _write(home.keys / ".gitignore", "*\n")
        if passphrase is not None:
            _write(home.passphrase, passphrase + "\n")
        # Last: a folder is a home once this file stands in it.
        _write(home.config, _CONFIG)
    except FileExistsError as error:
        raise HomeError(f"{error.filename or home.path} is in the way: it is not a folder. Choose another.") from None
    except OSError as error:
        raise HomeError(f"{error.filename or home.path} cannot be made: {error.strerror}.") from None
    return home


def open_home(path: Path) -> Home:
    """Open a home that :func:`make_home` made, after looking that it is one and closed to other users.

    Raises:
        HomeError: it is not a home, belongs to another user, or is open to others.
    """
    home = Home(path.absolute())
    try:
        facts = home.path.stat()
        if not stat.S_ISDIR(facts.st_mode):
            raise HomeError(f"{home.path} is a file, not a home. Name the folder: esb --home FOLDER …")
        _insist_own(home.path, facts)
        if not home.config.is_file():
            raise HomeError(f"{home.path} is not a home: it has no esb.toml. Make a home with: esb init FOLDER")
        for inner in (home.keys, home.passphrase):
            if inner.exists():  # keys and passphrase may be kept elsewhere
                _insist_own(inner, inner.stat())
    except FileNotFoundError:
        raise HomeError(
            f"There is no home at {home.path}. Make one with: esb init {home.path}; "
            "or name another with --home or SHLUZ_HOME."
        ) from None
    except OSError as error:
        raise HomeError(f"{error.filename or home.path} cannot be read: {error.strerror}.") from None
    return home


def _insist_own(path: Path, facts: os.stat_result) -> None:
    if facts.st_uid != os.geteuid():
        raise HomeError(
            f"{path} belongs to user number {facts.st_uid}, and this command runs as number {os.geteuid()}. "
            f"Run it as the owner: sudo -u '#{facts.st_uid}' esb …"
        )
    mode = stat.S_IMODE(facts.st_mode)
    if mode & 0o077:
        closed = _FOLDER if stat.S_ISDIR(facts.st_mode) else _FILE
        raise HomeError(f"{path} is open to other users (mode {mode:04o}). Run: chmod {closed:o} {path}")


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        # A passphrase that a power cut takes away takes every key with it.
        os.fsync(file.fileno())
