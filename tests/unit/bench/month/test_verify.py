"""A kept exchange is held to its signature, its receipt, and the two records that the log has of it."""

import shutil
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from esb.bench.month.asking import Kept
from esb.bench.month.verify import Verified, verify_kept

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Done:
    """A small month that was replayed: what its consumers kept, the bus's certificate, and the log."""

    kept: list[Kept]
    certificate: bytes
    log: Path

    def verify(self, *kept: Kept) -> Verified:
        return verify_kept(kept, self.certificate, f"sqlite:///{self.log}")


@pytest.fixture
def done(small_run: Any, tmp_path: Path) -> Done:
    """The run with a log of its own, which a test may change."""
    log = tmp_path / "evidence.db"
    shutil.copyfile(small_run.home / "evidence.db", log)
    return Done(list(small_run.replayed.kept), (small_run.home / "keys" / "bus.pem").read_bytes(), log)


def _change(log: Path, statement: str) -> None:
    connection = sqlite3.connect(log)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_what_is_right_holds(done: Done) -> None:
    assert done.verify(*done.kept) == Verified(len(done.kept), ())
    assert len(done.kept) > 5


def test_a_changed_body_does_not_hold(done: Done) -> None:
    kept = done.kept[0]
    assert b"</s:status>" in kept.answer
    (problem,) = done.verify(replace(kept, answer=kept.answer.replace(b"</s:status>", b" </s:status>"))).problems
    assert "does not hold" in problem


def test_a_receipt_for_another_request_does_not_hold(done: Done) -> None:
    (problem,) = done.verify(replace(done.kept[0], sent=done.kept[1].sent)).problems
    assert "another request" in problem


def test_a_record_that_is_gone_is_missed(done: Done) -> None:
    _change(done.log, "DELETE FROM record WHERE kind = 'answer'")
    (problem,) = done.verify(done.kept[0]).problems
    assert "holds 1 records" in problem


def test_an_answers_record_that_was_exchanged_is_noticed(done: Done) -> None:
    # Another time of the same form: a leaf as good as the first, and not the one that the receipt cites.
    _change(
        done.log,
        "UPDATE record SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"provider_us\":', '\"provider_us\":1') AS BLOB)",
    )
    (problem,) = done.verify(done.kept[0]).problems
    assert "is not the one that the receipt cites" in problem


def test_another_consumer_is_noticed(done: Done) -> None:
    other = next(kept for kept in done.kept if kept.asking.service != done.kept[0].asking.service)
    (problem,) = done.verify(replace(done.kept[0], asking=other.asking)).problems
    assert "another consumer or service" in problem
