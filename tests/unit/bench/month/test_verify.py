"""A kept exchange is held to its signature, its receipt, and the two records that the log has of it."""

import io
import shutil
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from esb.bench.month import run
from esb.bench.month.asking import Kept, Witness
from esb.bench.month.mix import Month
from esb.bench.month.run import Setup, replay
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


@pytest.fixture(scope="module")
def whole(small_month: Month, tmp_path_factory: pytest.TempPathFactory) -> Done:
    home = tmp_path_factory.mktemp("verify") / "home"
    witnesses: list[Witness] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "verify_kept", lambda kept, certificate, url: _seen(witnesses, kept, certificate, url))
        replay(Setup(small_month, connections=4, home=home), lambda _: None, io.StringIO())
    return Done(list(witnesses[0].kept), (home / "keys" / "bus.pem").read_bytes(), home / "evidence.db")


def _seen(witnesses: list[Witness], kept: list[Kept], certificate: bytes, url: str) -> Verified:
    witnesses.append(Witness(kept=list(kept)))
    return verify_kept(kept, certificate, url)


@pytest.fixture
def done(whole: Done, tmp_path: Path) -> Done:
    """The same with a log of its own, which a test may change."""
    log = tmp_path / "evidence.db"
    shutil.copyfile(whole.log, log)
    return replace(whole, log=log)


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
