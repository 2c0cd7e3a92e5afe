"""Where the evidence log is: a URL, and the store that it means."""

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from esb.audit.body_opener import BodyOpener
from esb.audit.data_keys import DataKeys
from esb.audit.data_keys_postgres import PostgresDataKeys
from esb.audit.data_keys_sqlite import SqliteDataKeys
from esb.audit.keeping import KeepingStore
from esb.audit.postgres import PostgresStore
from esb.audit.reading import last_number, log_reading
from esb.audit.record import EvidenceStore
from esb.audit.seal import MasterKeys
from esb.audit.sqlite import SqliteStore
from esb.audit.tree import TreeStore
from esb.audit.tree_postgres import PostgresTree
from esb.audit.tree_sqlite import SqliteTree
from esb.kernel.faults import EsbError

_SQLITE: Final = "sqlite:///"
_POSTGRES: Final = ("postgresql://", "postgresql+psycopg://")


class PlaceInvalid(EsbError):
    """A URL names no place for an evidence log."""


def locate(url: str) -> Path | str:
    """Read where the log is: the path of an SQLite file, or PostgreSQL's libpq URL.

    Args:
        url: ``sqlite:///path`` (``sqlite:////absolute/path``), ``postgresql://…`` or ``postgresql+psycopg://…``.

    Raises:
        PlaceInvalid: another scheme, or no path.  The text does not repeat the URL: it may hold a password.
    """
    if url.startswith(_SQLITE):
        path = url.removeprefix(_SQLITE)
        if path and path != ":memory:":
            return Path(path)
    for scheme in _POSTGRES:
        if url.startswith(scheme):
            return _POSTGRES[0] + url.removeprefix(scheme)
    raise PlaceInvalid("the evidence log's URL is not sqlite:///PATH or postgresql://…")


def open_store(url: str, masters: MasterKeys | None = None, now: Callable[[], float] = time.time) -> EvidenceStore:
    """Choose the store that a URL means, which keeps of messages what their records say.  Nothing is opened yet.

    Args:
        masters: under which the keys are wrapped that messages are sealed with; None to keep them in the clear.
        now: Unix seconds.

    Raises:
        PlaceInvalid: see :func:`locate`.
    """
    place = locate(url)
    store = SqliteStore(place, now) if isinstance(place, Path) else PostgresStore(place)

    def next_number() -> int:
        log = log_reading(place)
        try:
            return last_number(log) + 1
        finally:
            log.close()

    return KeepingStore(store, open_data_keys(url), next_number, masters, secrets.token_bytes, now)


def open_data_keys(url: str) -> DataKeys:
    """Choose the place of the data keys of the log that a URL means.  Nothing is opened yet.

    Raises:
        PlaceInvalid: see :func:`locate`.
    """
    place = locate(url)
    return SqliteDataKeys(place) if isinstance(place, Path) else PostgresDataKeys(place)


def open_bodies(url: str, masters: Callable[[], MasterKeys] | None) -> BodyOpener:
    """What opens the messages of the log that a URL means, once somebody asks.

    Raises:
        PlaceInvalid: see :func:`locate`.
    """
    return BodyOpener(open_data_keys(url), masters)


def open_tree(url: str) -> TreeStore:
    """Choose the place of the tree of the log that a URL means.  Nothing is opened yet.

    Raises:
        PlaceInvalid: see :func:`locate`.
    """
    place = locate(url)
    return SqliteTree(place) if isinstance(place, Path) else PostgresTree(place)
