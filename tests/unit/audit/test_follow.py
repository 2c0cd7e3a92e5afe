"""Following the log: each record once, whatever the order in which they are seen."""

import sqlite3
from pathlib import Path

from support.records import a_record

from esb.audit.follow import Follower
from esb.audit.query import Query
from esb.audit.store import open_store


class Watch:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_comes_is_told_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store = open_store(url)
    store.write([a_record()])
    follower = Follower(url, Query(officer="x"), 1, Watch())
    assert list(follower.poll()) == []
    store.write([a_record(officer="x") for _ in range(600)] + [a_record(officer="y")])
    assert [found.number for found in follower.poll()] == list(range(2, 602))
    store.write([a_record(officer="x")])
    assert [found.number for found in follower.poll()] == [603]
    assert list(follower.poll()) == []
    follower.close()
    store.close()


def test_a_lower_number_that_comes_late_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store, clock = open_store(url), Watch()
    store.write([a_record() for _ in range(4)])
    rows = _taken(tmp_path, (2, 3))
    follower = Follower(url, Query(), 1, clock)
    assert [found.number for found in follower.poll()] == [4]
    _put(tmp_path, rows[:1])
    assert [found.number for found in follower.poll()] == [2]
    assert list(follower.poll()) == []
    clock.now += 61
    _put(tmp_path, rows[1:])
    assert list(follower.poll()) == []  # after so long nothing can come by itself
    follower.close()
    store.close()


def test_a_log_that_was_put_back_is_gone_on_from(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store = open_store(url)
    store.write([a_record() for _ in range(3)])
    follower = Follower(url, Query(), 3, Watch())
    _taken(tmp_path, (2, 3))
    assert list(follower.poll()) == []
    store.write([a_record()])
    assert [found.number for found in follower.poll()] == [2]
    follower.close()
    store.close()


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store = open_store(url)
    record = a_record()
    store.write([record])
    with sqlite3.connect(tmp_path / "evidence.db") as connection:
        connection.execute("UPDATE record SET leaf = x'00'")
    connection.close()
    follower = Follower(url, Query(), 0, Watch())
    assert (list(follower.poll()), follower.damaged) == ([], [record.entry.record])
    follower.close()
    store.close()


def _taken(folder: Path, numbers: tuple[int, ...]) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "evidence.db") as connection:
        rows = [connection.execute("SELECT * FROM record WHERE id = ?", (each,)).fetchone() for each in numbers]
        for table in ("record", "body"):
            connection.executemany(f"DELETE FROM {table} WHERE id = ?", [(each,) for each in numbers])
    connection.close()
    return rows


def _put(folder: Path, rows: list[tuple[object, ...]]) -> None:
    with sqlite3.connect(folder / "evidence.db") as connection:
        connection.executemany(f"INSERT INTO record VALUES ({','.join('?' * len(rows[0]))})", rows)
    connection.close()
