"""What the log itself knows of its packages: which ranges are archived, where, and which of them it has let go of.

It stands beside the tree, in a table that is made with the first package.  What counts of an entry is its manifest and
the seal over it; only such an entry excuses the records of its range from being in the log.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg

from esb.audit import postgres, sqlite, tree_sqlite
from esb.audit.package import Manifest
from esb.audit.record import StoreUnavailable
from esb.audit.store import locate

_SQLITE: Final = """
CREATE TABLE IF NOT EXISTS package (
    first INTEGER PRIMARY KEY,
    manifest BLOB NOT NULL,
    seal BLOB NOT NULL,
    place TEXT NOT NULL,
    archived INTEGER NOT NULL,
    dropped INTEGER
) STRICT
"""
_POSTGRES: Final = """
CREATE TABLE IF NOT EXISTS evidence.package (
    first bigint PRIMARY KEY,
    manifest bytea NOT NULL,
    seal bytea NOT NULL,
    place text NOT NULL,
    archived bigint NOT NULL,
    dropped bigint
)
"""
_ADD: Final = (
    "INSERT INTO package VALUES (?, ?, ?, ?, ?, NULL) ON CONFLICT (first) DO UPDATE SET "
    "manifest = excluded.manifest, seal = excluded.seal, place = excluded.place, archived = excluded.archived"
)


class Shelf:
    """Writes down what became of the log's packages.  Every method raises StoreUnavailable.

    Args:
        url: of the log.
    """

    def __init__(self, url: str) -> None:
        self._place = locate(url)

    def add(self, manifest: Manifest, seal: bytes, place: str, now: int) -> None:
        """A package is archived, and was verified where it is.

        Args:
            place: where, for people.
            now: Unix seconds.
        """
        self._write(_ADD, (manifest.first, manifest.octets(), seal, place, now))

    def dropping(self, first: int, now: int) -> None:
        """The records of the package that begins at this leaf leave the log now: written before the first is gone."""
        self._write("UPDATE package SET dropped = ? WHERE first = ? AND dropped IS NULL", (now, first))

    def _write(self, statement: str, values: Sequence[object]) -> None:
        if isinstance(self._place, Path):
            try:
                with closing(tree_sqlite.open_file(tree_sqlite.tree_path(self._place))) as tree:
                    tree.execute(_SQLITE)
                    tree.execute(statement, values)
            except sqlite3.Error as error:
                raise StoreUnavailable(sqlite.reason(error)) from error
            except OSError as error:
                raise StoreUnavailable("the log's tree cannot be opened: check that its folder is writable") from error
            return
        try:
            with postgres.connect(self._place) as connection:
                connection.execute(_POSTGRES)
                connection.execute(statement.replace("?", "%s").encode(), values)
        except psycopg.Error as error:
            raise StoreUnavailable(postgres.reason(error)) from error
