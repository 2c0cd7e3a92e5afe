"""A device that holds keys: SoftHSM in a folder of its own, made once for all tests of a process.

The library reads its settings once, when it is loaded, so that the folder is one; tests take tokens of their own in it.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Final

from esb.certs.token_module import module_of
from esb.kernel.token_uri import KeyPlace, TokenUri, parse_token_uri

MODULE: Final = Path("/usr/lib/softhsm/libsofthsm2.so")
PYTHON: Final = sys.executable
PIN: Final = "7391-gizli"
_numbers = count(1)


@cache
def folder() -> Path:
    """The folder of all tokens; ``SOFTHSM2_CONF`` names its settings from now on."""
    made = Path(tempfile.mkdtemp(prefix="shluz-hsm-"))
    (made / "tokens").mkdir()
    settings = made / "softhsm2.conf"
    settings.write_text(
        f"directories.tokendir = {made / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n", encoding="ascii"
    )
    pin = made / "pin"
    pin.write_text(f"{PIN}\n", encoding="ascii")
    pin.chmod(0o600)
    os.environ["SOFTHSM2_CONF"] = str(settings)
    return made


def fresh_token() -> str:
    """A new token's label; its PIN is :data:`PIN`."""
    folder()
    label = f"token-{next(_numbers)}"
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "so-4711-gizli"],
        check=True,
        capture_output=True,
    )
    # A token that another process made is seen by a library that is initialised after it.
    module = module_of(uri(label, "any"))
    module.restart(module.generation)
    return label


def uri(token: str, name: str, *, pin_source: bool = True) -> TokenUri:
    """The URI of a key."""
    source = f"&pin-source=file:{folder() / 'pin'}" if pin_source else ""
    return parse_token_uri(f"pkcs11:token={token};object={name}?module-path={MODULE}{source}")


def log_out(place: KeyPlace) -> None:
    """End the login that all sessions of this process share, as a device does that restarts itself."""
    assert isinstance(place, TokenUri)
    restart(place)


def restart(place: KeyPlace) -> None:
    """Initialise the library anew: every session handle is invalid afterwards."""
    assert isinstance(place, TokenUri)
    module = module_of(place)
    with module.quiet():
        generation = module.generation
        module.initialise()
        module.generation = generation  # as if somebody else had done it


@contextmanager
def unplugged(place: KeyPlace, label: str) -> Iterator[None]:
    """The token is away meanwhile: its files lie elsewhere."""
    away = folder() / "away"
    away.mkdir()
    (home,) = [each for each in (folder() / "tokens").iterdir() if _is_called(each, label)]
    home.rename(away / home.name)
    restart(place)
    try:
        yield
    finally:
        (away / home.name).rename(home)
        away.rmdir()


def _is_called(token: Path, label: str) -> bool:
    return label.encode().ljust(32) in (token / "token.object").read_bytes()
