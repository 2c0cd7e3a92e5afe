"""The sequencer: a thread that gives records their place in the tree and publishes checkpoints, beside all messages.

Every worker has one, and one of them is elected; the others look whether it still does its work.  A receipt is a
promise that its record will be in the tree soon: the monitor here says when that promise is broken.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from esb.audit.record import StoreUnavailable
from esb.audit.tiles import TileMissing
from esb.audit.tree import BATCH, SignCheckpoint, TreeDamaged, TreeStore
from esb.kernel.clock import Clock
from esb.kernel.rounds import Rounds

PROMISED: Final = 10.0
"""Seconds within which a record is in a published tree."""

_log = logging.getLogger(__name__)

_BREATH: Final = 0.01  # seconds between two batches where many wait: messages come first
_LOOK_EVERY: Final = 2.0  # seconds between two looks at how old the oldest record without a place is


class Sequencer:
    """Sequences while it is elected, until it is stopped.

    Args:
        store: used by the sequencer's thread alone.
        sign: writes the note of a checkpoint.
        clock: tells how long records have waited.
        every: seconds between two checkpoints at least.
        published: is told of each checkpoint, in the sequencer's thread.
    """

    def __init__(
        self,
        store: TreeStore,
        sign: SignCheckpoint,
        clock: Clock,
        every: float = 1.0,
        published: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._sign = sign
        self._clock = clock
        self._published = published
        self._rounds = Rounds(
            "evidence-sequencer",
            self._round,
            every,
            _tell,
            store.close,
            failed="the evidence tree could not be grown: see the log",
            at_once=True,
            once_more=True,
        )
        self._waiting_since: float | None = None
        self._looked = float("-inf")
        self.elected = False

    def problem(self) -> str:
        """What is wrong with the tree, in a sentence for a person; "" while all is well.  Does not block."""
        if problem := self._rounds.problem():
            return problem
        since = self._waiting_since
        if since is not None and self._clock.now() - since > PROMISED:
            return f"records have waited over {PROMISED:g} s for their place in the evidence tree: look at the log"
        return ""

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    def stop(self, timeout: float) -> bool:
        """Sequence once more, and end; False where ``timeout`` seconds were not enough for that."""
        return self._rounds.stop(timeout)

    def _round(self) -> str:
        try:
            self._sequence()
        except StoreUnavailable as error:
            return f"the evidence tree cannot be written: {error}"
        except (TreeDamaged, TileMissing) as error:
            # Nothing is signed over a tree that does not fit: the last good checkpoint stays the last.
            return f"the evidence tree is damaged, run esb log verify: {error}"
        return ""

    def _sequence(self) -> None:
        self.elected = self._store.elect()
        if self.elected:
            while self._store.add(BATCH) == BATCH and not self._rounds.breathe(_BREATH):
                pass
            note = self._store.publish(self._sign)
            if note is not None:
                self._published(note)
        now = time.monotonic()
        if now - self._looked >= _LOOK_EVERY:
            self._looked = now
            oldest = self._store.oldest_waiting()
            self._waiting_since = None if oldest is None else oldest / 1_000_000


def _tell(problem: str, fault: Exception | None) -> None:
    if problem:
        _log.error("%s", problem, exc_info=fault)
    else:
        _log.info("the evidence tree grows again")
