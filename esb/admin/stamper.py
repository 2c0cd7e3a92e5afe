"""Stamping the log's checkpoints, a round at a time: which ones, when again after an outage, and since when none is."""

from collections.abc import Callable
from typing import Final

from esb.admin.stamp_sources import NoStamp, StampSource
from esb.audit.tree import TreeStore
from esb.audit.tree_reader import Published, TreeReader

MOST: Final = 60
"""Checkpoints that one round stamps where each is stamped: after an outage the newest of those that wait."""

_AGAIN: Final = (1.0, 30.0)  # seconds after the first failure, doubled up to these

_MICRO: Final = 1_000_000


class Stamper:
    """Keeps a time-stamp with every checkpoint, or with the newest one now and then.

    A token over a checkpoint dates everything that it covers, so the checkpoints before it need none of their own:
    what an outage left out is dated by the first token after it.

    Args:
        store: used by the stamping thread alone.
        source: who stamps.
        every: seconds between two tokens at least, of which each is over the newest checkpoint; 0 stamps every one.
        elected: whether this process is the one of several that does it now.
        now: Unix seconds; ``monotonic`` seconds that are never stepped.
        warn: seconds that a record may wait before that is told, where no failure was seen.
    """

    def __init__(
        self,
        store: TreeStore,
        reader: TreeReader,
        source: StampSource,
        every: float,
        elected: Callable[[], bool],
        now: Callable[[], float],
        monotonic: Callable[[], float],
        warn: float = 120.0,
    ) -> None:
        self._store = store
        self._reader = reader
        self._source = source
        self._every = every
        self._elected = elected
        self._now = now
        self._monotonic = monotonic
        self._warn = warn + 2 * every
        self._due = float("-inf")
        self._pause = _AGAIN[0]
        self._trouble = ""
        self.since: float | None = None
        """When the oldest record was made that no time-stamp dates, Unix seconds; None where all are dated."""

    def round(self) -> str:
        """Stamp what is due; returns what is wrong, "" where nothing is.  Blocking.

        The same trouble has the same words however long it lasts, so that it is logged once; :meth:`age` says how long.

        Raises:
            StoreUnavailable: the tree cannot be read or written.
        """
        self._stamp()
        self.since = self._undated()
        if self._trouble or self.since is None:
            return self._trouble
        return "no time-stamp comes" if self._now() - self.since > self._warn else ""

    def age(self) -> str:
        """How long the oldest record without a time-stamp has waited, for people; "" where all have one."""
        since = self.since
        return "" if since is None else f"the oldest record without one has waited {_age(self._now() - since)}"

    def waits_over(self, limit: float) -> bool:
        """Whether a record has waited longer than ``limit`` seconds.  Does not block."""
        since = self.since
        return since is not None and self._now() - since > limit

    def close(self) -> None:
        """Let go of the tree."""
        self._reader.close()
        self._store.close()

    def _stamp(self) -> None:
        if not self._elected():
            self._trouble = ""
            return
        if self._monotonic() < self._due:
            return
        done = self._reader.stamped()
        points = self._reader.points(done, MOST if self._every == 0 else 1)
        if not points:
            return
        try:
            for point in points:
                self._one(point)
        except NoStamp as error:
            self._trouble = str(error)
            self._due = self._monotonic() + self._pause
            self._pause = min(_AGAIN[1], self._pause * 2)
            return
        self._trouble, self._pause = "", _AGAIN[0]
        self._due = self._monotonic() + self._every

    def _one(self, point: Published) -> None:
        token, said = self._source.stamp(point.note)
        self._store.keep_stamp(point.size, said.at, token)

    def _undated(self) -> float | None:
        done = self._reader.stamped()
        made = self._reader.made_at(done) if self._reader.size() > done else self._store.oldest_waiting()
        return None if made is None else made / _MICRO


def _age(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
