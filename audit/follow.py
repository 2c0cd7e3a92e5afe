"""Following the log: each record that fits, soon after it is durable, once."""

from collections.abc import Callable, Iterator
from typing import Final

from esb.audit.leaf import LeafInvalid, leaf_hash, read_leaf
from esb.audit.log import EvidenceReader
from esb.audit.query import Query
from esb.audit.search import Found

_BATCH: Final = 500
_LATE_SECONDS: Final = 60.0  # twice what a statement of a writer may take (audit/postgres.py)
_MOST_LATE: Final = 5_000
_END: Final = 2**62


class Follower:
    """Tells what is new in a log.

    In PostgreSQL a number is given when a writer's statement begins and is seen when it has committed, so a lower one
    can come after a higher one: numbers that were passed by are asked for again for a while.

    Args:
        url: as for :func:`~esb.audit.store.locate`.
        query: what is looked for.
        after: number of the last record that is known.
        monotonic: seconds that never go back.
    """

    def __init__(self, url: str, query: Query, after: int, monotonic: Callable[[], float]) -> None:
        self._log = EvidenceReader(url)
        self._query = query
        self._needles = query.needles()
        self._monotonic = monotonic
        self._last = after
        self._late: dict[int, float] = {}
        self.damaged: list[str] = []

    def poll(self) -> Iterator[Found]:
        """What is new since the last time; ``damaged`` grows by the names of records that cannot be read.

        Raises:
            StoreUnavailable: the log cannot be read now; the next time goes on from there.
        """
        newest = self._log.last_number()
        if newest < self._last:  # put back to an earlier state, and written since
            self._last, self._late = newest, {}
        now = self._monotonic()
        self._late = {number: since for number, since in self._late.items() if now - since < _LATE_SECONDS}
        waiting = list(self._late)
        for start in range(0, len(waiting), _BATCH):
            for number, name, _, leaf in self._log.leaves_of(waiting[start : start + _BATCH]):
                del self._late[number]
                yield from self._fitting(number, name, leaf)
        while True:
            leaves = self._log.leaves(self._last + 1, _END, _BATCH)
            for number, name, _, leaf in leaves:
                # At a leap in the numbers, as after a restart of the server, only the nearest can still come.
                for passed in range(max(self._last + 1, number - _MOST_LATE), number):
                    if len(self._late) < _MOST_LATE:
                        self._late[passed] = now
                self._last = number
                yield from self._fitting(number, name, leaf)
            if len(leaves) < _BATCH:
                return

    def close(self) -> None:
        """Let go of the log; the next look opens it again."""
        self._log.close()

    def _fitting(self, number: int, name: str, leaf: bytes) -> Iterator[Found]:
        if not all(needle in leaf for needle in self._needles) or not self._query.glance(leaf):
            return
        try:
            entry = read_leaf(leaf)
        except LeafInvalid:
            self.damaged.append(name)
            return
        if self._query.fits(entry):
            yield Found(number, entry, leaf_hash(leaf))
