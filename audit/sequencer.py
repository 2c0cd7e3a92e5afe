"""The sequencer: a thread that gives records their place in the tree and publishes checkpoints, beside all messages.

Every worker has one, and one of them is elected; the others look whether it still does its work.  A receipt is a
promise that its record will be in the tree soon: the monitor here says when that promise is broken.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from esb.audit.record import StoreUnavailable
from esb.audit.tiles import TileMissing
from esb.audit.tree import BATCH, SignCheckpoint, TreeDamaged, TreeStore
from esb.kernel.clock import Clock

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
        self._every = every
        self._published = published
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="evidence-sequencer", daemon=True)
        self._waiting_since: float | None = None
        self._problem = ""
        self._looked = float("-inf")
        self.elected = False

    def problem(self) -> str:
        """What is wrong with the tree, in a sentence for a person; "" while all is well.  Does not block."""
        if self._problem:
            return self._problem
        since = self._waiting_since
        if since is not None and self._clock.now() - since > PROMISED:
            return f"records have waited over {PROMISED:g} s for their place in the evidence tree: look at the log"
        return ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Sequence once more, and end; False where ``timeout`` seconds were not enough for that."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        self._round()
        while not self._end.wait(self._every):
            self._round()
        self._round()
        self._store.close()

    def _round(self) -> None:
        try:
            self._sequence()
        except StoreUnavailable as error:
            self._tell(f"the evidence tree cannot be written: {error}")
        except (TreeDamaged, TileMissing) as error:
            # Nothing is signed over a tree that does not fit: the last good checkpoint stays the last.
            self._tell(f"the evidence tree is damaged, run esb log verify: {error}")
        except Exception:  # noqa: BLE001 - a thread that ends would end the tree, and nobody would see why
            # Whatever it was, the records are safe, and the next round begins from what is on the disk.
            _log.exception("the evidence tree could not be grown")
            self._tell("the evidence tree could not be grown: see the log")
        else:
            self._tell("")

    def _sequence(self) -> None:
        self.elected = self._store.elect()
        if self.elected:
            while self._store.add(BATCH) == BATCH and not self._end.wait(_BREATH):
                pass
            note = self._store.publish(self._sign)
            if note is not None:
                self._published(note)
        now = time.monotonic()
        if now - self._looked >= _LOOK_EVERY:
            self._looked = now
            oldest = self._store.oldest_waiting()
            self._waiting_since = None if oldest is None else oldest / 1_000_000

    def _tell(self, problem: str) -> None:
        if problem and problem != self._problem:
            _log.error("%s", problem)
        elif self._problem and not problem:
            _log.info("the evidence tree grows again")
        self._problem = problem
