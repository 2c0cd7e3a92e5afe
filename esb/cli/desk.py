"""What acting commands share: the settings, the registry's database, the passphrase, the author and the time."""

import getpass
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from esb.cli.place import Place

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from esb.admin.home import Home
    from esb.conf.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an operator's act is done."""

    home: "Home"
    settings: "Settings"
    engine: "Engine"
    author: str

    @property
    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    @property
    def passphrase(self) -> bytes:
        """The passphrase of the home's keys.  Raises ConfigError or KeyUnusable when it cannot be had."""
        from esb.admin.passphrase import read_passphrase

        return read_passphrase(self.settings.keys.passphrase, self.settings.keys.passphrase_file)


def sit_down(place: Place) -> Desk:
    """Open the home, its settings and its registry, whose database is made or brought up to date first.

    Raises:
        HomeError, ConfigError, RegistryError: one of them cannot be opened.
    """
    from esb.registry.database import open_database
    from esb.registry.migrations import upgrade

    home = place.open()
    settings = place.load().settings
    engine = open_database(settings.registry.url)
    upgrade(engine)
    return Desk(home, settings, engine, _author())


def _author() -> str:
    """Who acts, for the registry's changes: the person behind sudo where there is one."""
    name = os.environ.get("SUDO_USER") or ""
    try:
        return name or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.geteuid()}"
