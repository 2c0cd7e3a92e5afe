"""Whoever archives or drops is killed at every step: the next attempt ends the work, and no record is lost.

A child process does it and takes its own life with SIGKILL at its n-th step; the steps are what it writes.
"""

import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest
from support.archives import NOW, SIGNER, archived, fill
from support.sealed import MASTERS, OPEN

from esb.audit.archiving import droppable, verified
from esb.audit.depot import Folder
from esb.audit.dropping import drop_rows
from esb.audit.raw import RawReader
from esb.audit.shelf import Shelf
from esb.audit.walk import walk


class _Deadly(Folder):
    """A folder whose user dies when it has put so many files."""

    def put(self, package: str, name: str, source: Path) -> None:
        left = int(os.environ["STEPS"])
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        os.environ["STEPS"] = str(left - 1)
        super().put(package, name, source)


def _archive(url: str, folder: Path) -> None:
    archived(url, _Deadly(folder))


def _drop(url: str, folder: Path) -> None:
    steps = int(os.environ["STEPS"])

    def told(_: int) -> None:
        nonlocal steps
        steps -= 1
        if steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    drop(url, folder, told)


def drop(url: str, folder: Path, told: Callable[[int], None] = lambda _: None) -> None:
    reader = RawReader(url)
    for kept in droppable(reader, "2026-11", NOW):
        verified(kept, Folder(folder), SIGNER.key, reader)
        told(0)
        Shelf(url).dropping(kept.manifest.first, int(NOW))
        told(0)
        drop_rows(url, reader.numbers(kept.manifest.first, kept.manifest.end), told)
    reader.close()


def survived(work: Callable[[str, Path], None], url: str, folder: Path) -> bool:
    """Run it in a process that dies after so many steps as the environment says; whether it came to its end before."""
    child = get_context("fork").Process(target=work, args=(url, folder))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode == 0


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_killed_at_each_step_nothing_is_lost_and_the_next_attempt_ends_it(
    database: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    url, folder, stride = f"sqlite:///{tmp_path / 'evidence.db'}", tmp_path / "archive", 1
    if database == "postgresql":
        stride = 1 if full else 3
        url = request.getfixturevalue("fresh_postgres_dsn")
    fill(url, masters=MASTERS)
    for work in (_archive, _drop):
        steps = 1
        monkeypatch.setenv("STEPS", str(steps))
        while not survived(work, url, folder):
            report = walk(url, SIGNER.key, depots=[Folder(folder)], masters=OPEN)
            # A package that was not finished is told of, and no record is missing.
            assert {one.what for one in report.findings} <= {"a package of the archive cannot be believed"}
            assert (report.records, report.elsewhere) == (report.size, 0)
            steps += stride
            monkeypatch.setenv("STEPS", str(steps))
        assert steps > 3
    report = walk(url, SIGNER.key, depots=[Folder(folder)], masters=OPEN)
    assert (report.findings, report.records) == ([], report.size)
    assert [one.dropped is not None for one in report.packages] == [True, True]
