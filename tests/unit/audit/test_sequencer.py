"""The sequencer's thread: it sequences while it is elected, tells what is wrong, and ends with a last round."""

import threading
from collections.abc import Callable

import pytest

from esb.audit.record import StoreUnavailable
from esb.audit.sequencer import PROMISED, Sequencer
from esb.audit.tree import BATCH, SignCheckpoint, TreeDamaged
from esb.kernel.clock import ManualClock


class Tree:
    """A place for a tree that does as it is told."""

    def __init__(self) -> None:
        self.elected = True
        self.waiting = 0
        self.oldest: int | None = None
        self.size = 0
        self.published = 0
        self.error: Exception | None = None
        self.closed = False
        self.rounds = threading.Semaphore(0)

    def elect(self) -> bool:
        if self.error is not None:
            self.rounds.release()
            raise self.error
        return self.elected

    def add(self, most: int = BATCH) -> int:
        taken = min(most, self.waiting)
        self.waiting -= taken
        self.size += taken
        return taken

    def publish(self, sign: SignCheckpoint) -> bytes | None:
        if self.size == self.published:
            return None
        self.published = self.size
        return sign(self.size, b"")

    def oldest_waiting(self) -> int | None:
        self.rounds.release()
        return self.oldest

    def close(self) -> None:
        self.closed = True


def sign(size: int, root: bytes) -> bytes:
    return str(size).encode()


@pytest.fixture
def tree() -> Tree:
    return Tree()


def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not come to pass")


def sequencer(tree: Tree, clock: ManualClock, notes: list[bytes]) -> Sequencer:
    made = Sequencer(tree, sign, clock, 0.01, notes.append)
    made.start()
    return made


def test_what_waits_is_sequenced_and_published_once(tree: Tree) -> None:
    tree.waiting = 2 * BATCH + 5
    notes: list[bytes] = []
    one = sequencer(tree, ManualClock(0), notes)
    until(lambda: bool(notes))
    assert one.stop(5)
    assert notes == [str(2 * BATCH + 5).encode()]
    assert tree.closed
    assert one.problem() == ""


def test_one_that_is_not_elected_writes_nothing(tree: Tree) -> None:
    tree.elected, tree.waiting = False, 7
    notes: list[bytes] = []
    one = sequencer(tree, ManualClock(0), notes)
    assert tree.rounds.acquire(timeout=5)
    assert one.stop(5)
    assert (notes, tree.waiting, one.elected) == ([], 7, False)


def test_what_came_before_the_end_is_in_the_last_checkpoint(tree: Tree) -> None:
    notes: list[bytes] = []
    one = Sequencer(tree, sign, ManualClock(0), 60, notes.append)
    one.start()
    tree.waiting = 3
    assert one.stop(5)
    assert notes == [b"3"]


def test_one_that_was_never_started_can_be_stopped(tree: Tree) -> None:
    assert Sequencer(tree, sign, ManualClock(0)).stop(1)


@pytest.mark.parametrize("error", [StoreUnavailable("the disk is full"), TreeDamaged("tile 0/0"), RuntimeError("odd")])
def test_an_error_is_told_and_does_not_end_the_thread(tree: Tree, error: Exception) -> None:
    tree.error, tree.waiting = error, 4
    notes: list[bytes] = []
    one = sequencer(tree, ManualClock(0), notes)
    until(lambda: "evidence tree" in one.problem())
    tree.error = None
    until(lambda: bool(notes))
    until(lambda: one.problem() == "")
    assert one.stop(5)


def test_a_promise_that_is_broken_is_told_even_by_one_that_is_not_elected(tree: Tree) -> None:
    clock = ManualClock(1000.0)
    tree.elected, tree.oldest = False, 1_000_000_000
    one = sequencer(tree, clock, [])
    assert tree.rounds.acquire(timeout=5)
    assert one.problem() == ""
    clock.advance(PROMISED + 1)
    until(lambda: "have waited" in one.problem())
    assert one.stop(5)
