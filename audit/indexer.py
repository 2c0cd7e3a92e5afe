"""Making the search index out of the log's leaves: by a thread beside the sequencer, or by a command, at full speed."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from esb.audit.leaf import leaf_hash
from esb.audit.log import EvidenceReader
from esb.audit.postings import PIECE, Draft
from esb.audit.query import INDEXED
from esb.audit.record import StoreUnavailable
from esb.audit.search_index import IndexUnfit, SearchIndex, State
from esb.audit.store import locate
from esb.audit.tree_reader import TreeReader
from esb.kernel.rounds import Rounds

_log = logging.getLogger(__name__)

_NUMBERS: Final = ("grant", "duration_us")
_TEXTS: Final = tuple(name for name in INDEXED if name not in _NUMBERS)
_TEXT: Final = {str, type(None)}
_NUMBER: Final = {int, type(None)}
_LARGEST: Final = 2**53
_DECODER: Final = json.JSONDecoder()
_STEP: Final = 250  # leaves at a time: some 5 ms of the interpreter
_BREATH: Final = 0.01  # seconds between two steps where many wait: messages come first


class IndexForeign(IndexUnfit):
    """The index is not of this log, or the log was put back to an earlier state."""


def check_same_log(state: State, log: EvidenceReader, tree: TreeReader) -> None:
    """Make sure that an index is of this log: the last record that it knows must be there, the same to the octet.

    Raises:
        IndexForeign: it is not.
        StoreUnavailable: log or tree cannot be read now.
    """
    found = log.leaves_of([state.last]) if state.last else []
    # One that has left the log for the archive still has its place in the tree.
    known = leaf_hash(found[0][3]) if found else tree.hash_of(state.last) if state.last else state.leaf
    # What is recorded next would be looked for nowhere, if the index claimed to have it already.
    if known != state.leaf or state.next > log.last_number() + 1:
        raise IndexForeign(
            "the search index is not of this log, or the log was put back to an earlier state: esb log index --rebuild"
        )


def facts_of(leaf: bytes) -> dict[str, Any]:
    """A leaf's facts as they stand in it, without a look at its form; empty where it is no JSON object."""
    try:
        facts = _DECODER.decode(leaf.decode())
    except (ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def add_leaf(draft: Draft, number: int, at: int, leaf: bytes) -> None:
    """Add a record to a draft; one whose leaf is damaged, so that it is found by its time and told."""
    facts = facts_of(leaf)
    said = facts.get("at", at)
    # Facts of other types than a leaf can have must not stop the index.
    fit = _TEXT.issuperset(map(type, map(facts.get, _TEXTS))) and _NUMBER.issuperset(
        map(type, map(facts.get, _NUMBERS))
    )
    if fit and type(said) is int and abs(said) <= _LARGEST:
        draft.add(number, said, facts)
    else:
        draft.add(number, at, {})


class Growing:
    """Brings an index on, step by step.

    Args:
        url: of the log, as for :func:`~esb.audit.store.locate`.
    """

    def __init__(self, url: str) -> None:
        self.log = EvidenceReader(url)
        self.index = SearchIndex(locate(url))
        self._tree = TreeReader(url)
        self._state: State | None = None
        self._draft: Draft | None = None
        self._read = 0  # the first number that was not looked at
        self._last = (0, b"")

    def settled(self) -> int:
        """The first number under which a record could still appear: up to the tree's mark nothing can."""
        return self._tree.mark() + 1

    def step(self, settled: int, most: int = _STEP) -> int:
        """Go on by ``most`` records; returns the first number that was not looked at yet.

        Raises:
            IndexForeign, IndexUnfit: the index cannot be brought on.
            StoreUnavailable: log or index cannot be used now.
        """
        if self._state is None:
            self._state = self.index.state()
            check_same_log(self._state, self.log, self._tree)
            self._read, self._draft = self._state.next, None
        leaves = self.log.leaves(self._read, settled, most)
        for number, _, at, leaf in leaves:
            if not self._reach(number):
                return self._read
            if self._draft is None:
                self._draft = Draft(number // PIECE)
            add_leaf(self._draft, number, at, leaf)
            self._last = (number, leaf)
            self._read = number + 1
        if len(leaves) < most and self._reach(settled):
            self._read = max(self._read, settled)
        return self._read

    def close(self) -> None:
        """Let go of log, tree and index."""
        for place in (self.log, self._tree, self.index):
            place.close()
        self._state = None

    def _reach(self, number: int) -> bool:
        """Write the draft where ``number`` is beyond its piece; False where another has written meanwhile."""
        assert self._state is not None
        following = number // PIECE * PIECE
        if following <= self._state.next:
            return True
        last, leaf = self._last
        before = self._state.next
        if self._draft is None:
            after = State(following, self._state.last, self._state.leaf)
        else:
            after = State(following, last, leaf_hash(leaf))
        packed = self._draft.pack() if self._draft is not None else None
        if not self.index.add(before, packed, after):
            self._state = None
            return False
        self._state, self._draft = after, None
        return True


@dataclass(frozen=True, slots=True)
class Built:
    """What building came to: the first number that is not in the index, and of the log's newest record."""

    next: int
    newest: int


def build(url: str, told: Callable[[int, int], None] = lambda _done, _of: None) -> Built:
    """Bring the index up to where the tree is, at full speed.

    Args:
        told: is told how many numbers were looked at, and of how many.

    Raises:
        IndexForeign, IndexUnfit: it must be built anew.
        StoreUnavailable: log, tree or index cannot be used.
    """
    growing = Growing(url)
    try:
        settled = growing.settled()
        start = growing.index.state().next
        while (reached := growing.step(settled, PIECE)) < settled:
            told(max(0, reached - start), max(1, settled - start))
            while growing.index.merge():
                pass
        while growing.index.merge():
            pass
        told(max(1, settled - start), max(1, settled - start))
        return Built(growing.index.state().next, growing.log.last_number())
    finally:
        growing.close()


class Indexer:
    """A thread that brings the index on while its process is the one that sequences.

    Args:
        url: of the log.
        elected: whether this process is the one; asked in the indexer's thread.
        every: seconds between two looks.
    """

    def __init__(self, url: str, elected: Callable[[], bool], every: float = 1.0) -> None:
        self._growing = Growing(url)
        self._elected = elected
        self._rounds = Rounds(
            "evidence-indexer",
            self._round,
            every,
            _tell,
            self._growing.close,
            failed="the search index could not be grown: see the log",
        )

    def problem(self) -> str:
        """What is wrong with the index, in a sentence for a person; "" while all is well.  Does not block."""
        return self._rounds.problem()

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    def stop(self, timeout: float) -> bool:
        """End, wherever it is: what is missing is made at the next start.  False where ``timeout`` was not enough."""
        return self._rounds.stop(timeout)

    def _round(self) -> str:
        try:
            if self._elected():
                self._grow()
        except (StoreUnavailable, IndexUnfit) as error:
            return f"the search index stands still: {error}"
        return ""

    def _grow(self) -> None:
        settled = self._growing.settled()
        while not self._rounds.breathe() and self._growing.step(settled) < settled:
            self._rounds.breathe(_BREATH)
        while not self._rounds.breathe() and self._growing.index.merge(lambda: self._rounds.breathe(_BREATH)):
            pass


def _tell(problem: str, fault: Exception | None) -> None:
    if problem:
        _log.error("%s", problem, exc_info=fault)
    else:
        _log.info("the search index grows again")
