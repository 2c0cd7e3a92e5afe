"""A grown home holds what it says, consistently.  (That its bus answers, test_targets sees.)"""

import sqlite3
import time
from pathlib import Path

from esb.bench.case import Case, Setting
from esb.bench.grown import Size, copy_home, fill
from esb.bench.place import make_place

SIZE = Size(services=300, grants=900, rows=2_000)


def count(path: Path, table: str) -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_filled_home_has_the_size_and_keeps_the_registrys_own_rules(tmp_path: Path) -> None:
    place = make_place(tmp_path, Setting(), [Case()], 1)
    home = copy_home(place.home, tmp_path / "grown")
    fill(home, SIZE, time.time())
    registry, log = home / "registry.db", home / "evidence.db"
    assert (count(registry, "services"), count(registry, "grants")) == (300, 900)
    assert (count(log, "record"), count(log, "body")) == (2_000, 2_000)
    with sqlite3.connect(registry) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        # Grants are spread over all services, not heaped on one.
        most = connection.execute("SELECT max(n) FROM (SELECT count(*) n FROM grants GROUP BY service_id)").fetchone()
        assert most[0] <= 8
    with sqlite3.connect(log) as connection:
        assert connection.execute("SELECT count(DISTINCT replay_key) FROM record").fetchone() == (1_000,)
        newest = connection.execute("SELECT max(at) FROM record").fetchone()[0]
    assert newest < time.time() * 1e6
    assert count(place.home / "registry.db", "services") == 1
