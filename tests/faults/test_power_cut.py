"""The power is cut: what was not synced is gone, and everything that anybody was told is still there."""

import errno
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from support.faults.load import loading
from support.faults.processes import TESTS, until
from support.faults.scene import Scene
from support.faults.shim import Shim

from esb.audit.reading import FilesReading


@pytest.mark.timeout(600)
def test_what_was_acknowledged_was_synced(play: Callable[..., Scene], full: bool) -> None:
    """The disk is the worst that is lawful: of what was written it keeps what was synced, and not a byte more."""
    scene = play(serve=False, shim="cut")
    chance = random.Random(3)
    with loading(scene.load(rate=150)) as load:
        for _ in range(30 if full else 1):
            scene.bus.start()
            good = load.good
            until(lambda good=good: load.good >= good + 20, 20, "somebody is answered")  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 0.3))
            scene.bus.kill()
            scene.shim.cut_power()
        scene.bus.start()
        scene.well()
    counts = scene.expect_sound().counts
    assert counts["answered"] >= 20
    assert counts["broken"]


def test_what_is_acknowledged_after_a_failed_sync_is_synced(play: Callable[..., Scene]) -> None:
    """The kernel writes no page again whose sync failed: what is told as durable later on must not rest on it."""
    scene = play(shim="cut")
    with loading(scene.load(rate=100)) as load:
        until(lambda: load.good >= 20, 20, "somebody is answered")
        scene.shim.fail_syncs(errno.EIO)
        until(lambda: load.counts["BUS-01"] >= 3 and scene.bus.ready() == 503, what="the fault is felt")
        scene.shim.fail_syncs(0)
        scene.well()
        good = load.good
        until(lambda: load.good >= good + 20, what="somebody is answered again")
        scene.bus.kill()
        scene.shim.cut_power()
        scene.bus.start()
        scene.well()
    scene.expect_sound()


def _recorder(shim: Shim, file: Path, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "support.faults.recorder", str(file), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=TESTS,
        env={**os.environ, **shim.environment},
    )


def test_what_was_acknowledged_was_synced_while_months_end(tmp_path: Path, full: bool) -> None:
    """The next month's file, its name in the folder and its name in the file before have to be on the disk, in this
    order, before anybody is told of a record in it.
    """
    file = tmp_path / "evidence.db"
    acknowledged: set[int] = set()
    chance = random.Random(5)
    number = 0
    for turn in range(30 if full else 5):
        shim = Shim(tmp_path / f"shim{turn}", tmp_path / "evidence", cut=True)
        for before in tmp_path.glob("evidence*"):
            shutil.copyfile(before, tmp_path / f"shim{turn}" / "synced" / before.name)
        process = _recorder(shim, file, str(6 * 86_400))
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 20)):
            number += 1
            print(number, file=process.stdin, flush=True)
            assert process.stdout.readline() == "written\n"
            acknowledged.add(number)
        print(number := number + 1, file=process.stdin, flush=True)
        time.sleep(chance.uniform(0.0, 0.004))
        process.kill()
        process.wait(10)
        process.stdin.close()
        process.stdout.close()
        shim.cut_power()
        log = FilesReading(file)
        assert {row[0] for row in log.rows("SELECT at FROM record")} >= acknowledged
        assert log.flaws() == []
        log.close()
    assert len(list(tmp_path.glob("evidence-20*.db"))) >= 5


@pytest.mark.parametrize("reading", [False, True], ids=["alone", "beside a reader"])
def test_no_record_stands_behind_a_hole_in_the_log(tmp_path: Path, reading: bool) -> None:
    """A failed sync leaves a hole in the write-ahead log, which whoever reads it before the power is cut does not see.
    While such a reader is there SQLite does not begin the log anew: what is written behind the hole is lost with it.
    """
    shim = Shim(tmp_path / "shim", tmp_path / "evidence.db", cut=True)
    file = tmp_path / "evidence.db"
    process = _recorder(shim, file)
    acknowledged = []

    def write(number: int) -> bool:
        assert process.stdin is not None
        assert process.stdout is not None
        print(number, file=process.stdin, flush=True)
        written = process.stdout.readline() == "written\n"
        acknowledged.extend([number] if written else [])
        return written

    assert write(1)
    shim.fail_syncs(errno.EIO)
    assert not write(2)
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)) as reader:
        if reading:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM record").fetchone()
        shim.fail_syncs(0)
        assert write(3) or reading  # beside a reader it may well be refused
        if reading:
            reader.execute("COMMIT")
        assert write(4)
        process.kill()
        process.wait(10)
    process.stdin.close()
    process.stdout.close()
    shim.cut_power()
    with closing(sqlite3.connect(file)) as left:
        kept = {row[0] for row in left.execute("SELECT at FROM record")}
    assert kept >= set(acknowledged)
