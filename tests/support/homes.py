"""Homes with an authority and an empty registry: made once, copied for each test that wants to spoil one."""

import secrets
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path

from esb.admin.authority import init_authority
from esb.admin.body_key import make_body_key
from esb.admin.home import Home, make_home
from esb.admin.log_key import open_log_signer
from esb.conf.load import load
from esb.registry.database import open_database
from esb.registry.migrations import upgrade

PASSPHRASE = "correct horse"


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="shluz-home-"))
    home = make_home(folder / "home", PASSPHRASE)
    settings = load(home.path, {}).settings
    engine = open_database(settings.registry.url)
    upgrade(engine)
    engine.dispose()
    # As the first start would, but at what these tests let a key cost (tests/conftest.py): processes pay in full.
    open_log_signer(settings.keys.log_key, PASSPHRASE.encode(), "bus.test/log")
    make_body_key(home.path / "keys" / "bodies.key", PASSPHRASE.encode())
    init_authority(
        home,
        PASSPHRASE.encode(),
        name="Test CA",
        key_kind="p256",
        days=400,
        bus_key=settings.keys.signing_key,
        bus_certificate=settings.keys.certificate,
        bus_name="bus",
        now=time.time(),
        random=secrets.token_bytes,
    )
    return home.path


def fresh_home(folder: Path) -> Home:
    """A home of a test's own, in ``folder``/home."""
    shutil.copytree(_template(), folder / "home")
    return Home(folder / "home")
