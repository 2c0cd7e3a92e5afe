"""What acting commands share: the settings, the registry's database, the passphrase, the author and the time."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from esb.cli.author import who_acts
from esb.cli.place import Place

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from esb.admin.home import Home
    from esb.admin.lists import ListsAsked
    from esb.certs.ca import Published
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

    @property
    def published(self) -> "Published":
        """Where the built-in authority publishes, as certificates name it."""
        from esb.admin.authority import published_at
        from esb.certs.ca import NOWHERE

        ca = self.settings.ca
        return published_at(ca.address or self.settings.bus.address, ca.policy) if ca.serve else NOWHERE

    @property
    def lists(self) -> "ListsAsked":
        """How revocation lists are signed."""
        from esb.admin.lists import ListsAsked

        return ListsAsked(self.settings.ca.crl_days, self.settings.ca.delta_hours, self.published)


def sit_down(place: Place, *, recording: bool = True) -> Desk:
    """Open the home, its settings and its registry, whose database is made or brought up to date first.

    What the command changes is put on record when it ends.

    Args:
        recording: False for a bus, which records changes by itself.

    Raises:
        HomeError, ConfigError, RegistryError: one of them cannot be opened.
    """
    from esb.registry.database import open_database
    from esb.registry.migrations import upgrade

    home = place.open()
    settings = place.load().settings
    engine = open_database(settings.registry.url)
    upgrade(engine)
    command = click.get_current_context(silent=True)
    if recording and command is not None:
        version = _version(engine)
        command.call_on_close(lambda: _record(engine, settings.evidence.url, version))
    return Desk(home, settings, engine, who_acts())


_MOST: Final = 5_000  # changes that a command puts on record; a person is waiting for it


def _version(engine: "Engine") -> int:
    from esb.registry.acts import last_change
    from esb.registry.database import reading

    with reading(engine) as session:
        row = last_change(session)
    return 0 if row is None else row.number


def _record(engine: "Engine", url: str, version: int) -> None:
    """Put on record what changed since ``version``, where the log is there already and can be written.

    A bus that is not served yet has no log: it makes its own, and records everything at its first start.
    """
    from esb.admin.recording import Recorder
    from esb.audit.record import StoreUnavailable
    from esb.audit.store import locate
    from esb.registry.errors import RegistryError

    try:
        if _version(engine) == version:
            return
    except RegistryError:
        return  # the command has said what is wrong with it
    where = locate(url)
    if isinstance(where, Path) and not where.exists():
        return
    recorder = Recorder(engine, url)
    try:
        recorded = recorder.catch_up(limit=_MOST)
    except (StoreUnavailable, RegistryError) as error:
        _note(f"This act is not on record yet ({error}). The serving bus records it before it comes into force.")
        return
    finally:
        recorder.close()
    if recorded.left:
        _note(
            f"{recorded.left} changes are not on record yet; the serving bus records them before they come into force."
        )
    for name in recorded.declined:
        _note(f"The evidence log does not take the record {name}: look for another record of that name in it.")


def _note(text: str) -> None:
    from esb.cli.show import say_aside

    say_aside(text)
