"""Where the evidence log is: a URL, and the store that it means."""

from pathlib import Path
from typing import Final

from esb.audit.postgres import PostgresStore
from esb.audit.record import EvidenceStore
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


def open_store(url: str) -> EvidenceStore:
    """Choose the store that a URL means.  Nothing is opened yet.

    Raises:
        PlaceInvalid: see :func:`locate`.
    """
    place = locate(url)
    return SqliteStore(place) if isinstance(place, Path) else PostgresStore(place)


def open_tree(url: str) -> TreeStore:
    """Choose the place of the tree of the log that a URL means.  Nothing is opened yet.

    Raises:
        PlaceInvalid: see :func:`locate`.
    """
    place = locate(url)
    return SqliteTree(place) if isinstance(place, Path) else PostgresTree(place)
