"""Freeing the room of messages whose keys are destroyed: their rows go, in small commits, so that no message waits.

What was sealed is worth nothing by then.  What was kept in the clear until a day ends here: SQLite overwrites it
(secure_delete); PostgreSQL gives the room to others when it vacuums.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg

from esb.audit import postgres, sqlite
from esb.audit.data_keys import DataKey
from esb.audit.month_files import Where, chosen
from esb.audit.reading import FilesReading, last_number
from esb.audit.record import StoreUnavailable
from esb.audit.store import locate

STEP: Final = 500  # numbers looked at in one commit
_TWO_DAYS: Final = 2 * 86_400_000_000


def reach(key: DataKey, keys: Iterable[DataKey], after: int) -> tuple[int, int]:
    """Numbers among which everything is that a key has sealed: the first, and the one after the last.

    A key is used on one day alone.  What was recorded under it has lower numbers than the first one of any key that was
    made two days later.

    Args:
        keys: all there ever were.
        after: a number that no record has yet.
    """
    later = (other.first for other in keys if other.first and other.made >= key.made + _TWO_DAYS)
    return key.first, min([after, *later])


def free(
    url: str, keys: Sequence[DataKey], every: Sequence[DataKey], more: Callable[[], bool] = lambda: True
) -> int | None:
    """Delete the rows of messages that went with some keys.

    Args:
        keys: those that are destroyed and whose rows are not gone.
        every: all there ever were.
        more: asked after each step whether there is time for another.

    Returns:
        How many rows were deleted; None where the time was over before the end.

    Raises:
        StoreUnavailable: the log cannot be written now.
    """
    if not keys:
        return 0
    place = locate(url)
    try:
        with closing(_Sqlite(place) if isinstance(place, Path) else _Postgres(place)) as log:
            ranges = [reach(key, every, log.after()) for key in keys]
            numbers = [key.id for key in keys]
            freed = 0
            for low in range(min(first for first, _ in ranges), max(end for _, end in ranges), STEP):
                freed += log.delete(numbers, low, low + STEP)
                if not more():
                    return None
            return freed
    except sqlite3.Error as error:
        raise StoreUnavailable(sqlite.reason(error)) from error
    except psycopg.Error as error:
        raise StoreUnavailable(postgres.reason(error)) from error


class _Sqlite:
    def __init__(self, path: Path) -> None:
        self._log = FilesReading(path)
        self._opened: dict[Path, sqlite3.Connection] = {}

    def after(self) -> int:
        return last_number(self._log) + 1

    def delete(self, keys: Sequence[int], low: int, high: int) -> int:
        done = 0
        for file in chosen(self._log.files(), Where(low, high)):
            connection = self._opened.get(file.path)
            if connection is None:
                connection = self._opened[file.path] = sqlite.open_write(file.path)
                connection.execute("PRAGMA secure_delete = ON")
            for key in keys:
                done += connection.execute(
                    "DELETE FROM body WHERE id >= ? AND id < ? AND key = ?", (low, high, key)
                ).rowcount
        return done

    def close(self) -> None:
        self._log.close()
        for connection in self._opened.values():
            connection.close()


class _Postgres:
    def __init__(self, url: str) -> None:
        self._log = postgres.connect(url)

    def after(self) -> int:
        row = self._log.execute("SELECT coalesce(max(id), 0) + 1 FROM record").fetchone()
        return 1 if row is None else int(row[0])

    def delete(self, keys: Sequence[int], low: int, high: int) -> int:
        return self._log.execute(
            "DELETE FROM body WHERE id >= %s AND id < %s AND key = ANY(%s)", (low, high, list(keys))
        ).rowcount

    def close(self) -> None:
        self._log.close()
