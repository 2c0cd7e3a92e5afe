"""Having the log's checkpoints cosigned by its witnesses, a round at a time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from esb.admin.witness_client import HistoryDiffers, NotCosigned, WitnessClient
from esb.audit.tree import TreeStore
from esb.audit.tree_reader import Published, TreeReader

_AGAIN: Final = (1.0, 60.0)  # seconds after which one that failed is asked again, doubled up to these
_MICRO: Final = 1_000_000


class _Standing:
    """What came of one witness; ``pause`` is how long it is left alone after its first failure, seconds."""

    def __init__(self, pause: float) -> None:
        self.asked = False
        self.due = float("-inf")
        self.pause = self.first = pause
        self.trouble = ""
        self.grave = ""


class Cosigning:
    """Asks every witness about the newest checkpoint, and keeps what they sign.

    Args:
        store: used by this work's thread alone.
        witnesses: all that are asked; ``quorum`` how many count as enough.
        every: seconds between two questions at least.
        elected: whether this process is the one of several that does it now.
        patience: seconds that the oldest record may wait for the quorum before that is told.
        now: Unix seconds; ``monotonic`` seconds that are never stepped.
        log: told when what a witness answers changes.
    """

    def __init__(
        self,
        store: TreeStore,
        reader: TreeReader,
        witnesses: Sequence[WitnessClient],
        quorum: int,
        every: float,
        elected: Callable[[], bool],
        patience: float,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        log: Any,
    ) -> None:
        self._store = store
        self._reader = reader
        self._witnesses = tuple(witnesses)
        self._quorum = quorum
        self._every = every
        self._elected = elected
        self._patience = patience
        self._now = now
        self._monotonic = monotonic
        self._log = log
        self._standing = {each.key.name: _Standing(min(_AGAIN[0], every)) for each in witnesses}
        self._pool = ThreadPoolExecutor(max(1, min(16, len(self._witnesses))), "witness")

    def round(self) -> str:
        """Ask those whose turn it is; returns what is wrong, "" where nothing is.  Blocking.

        One witness that is away is no trouble while the quorum cosigns; one that has seen another history is, always.

        Raises:
            StoreUnavailable: the tree cannot be read or written.
        """
        sizes = {each.key.name: self._reader.cosigned(each.key.name) for each in self._witnesses}
        if self._elected():
            self._ask(sizes)
        grave = [each.grave for each in self._standing.values() if each.grave]
        if grave:
            return "; ".join(grave)
        covered = sorted(sizes.values(), reverse=True)[self._quorum - 1]
        made = self._reader.made_at(covered) if self._reader.size() > covered else None
        waited = 0.0 if made is None else self._now() - made / _MICRO
        if waited <= self._patience:
            return ""
        why = "; ".join(each.trouble for each in self._standing.values() if each.trouble)
        return f"{self._quorum} of {len(sizes)} witnesses have not cosigned for {waited / 60:.0f} min" + (
            f": {why}" if why else ""
        )

    def close(self) -> None:
        """Let go of the tree."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._reader.close()
        self._store.close()

    def _ask(self, sizes: dict[str, int]) -> None:
        point = self._reader.latest()
        if point is None:
            return
        now = self._monotonic()
        due = [
            each
            for each in self._witnesses
            if self._standing[each.key.name].due <= now
            # The first question of all is asked of every one: a log that was put back may seem to be cosigned.
            and not (self._standing[each.key.name].asked and sizes[each.key.name] == point.size)
        ]
        asked = [(each, self._pool.submit(self._cosigned, each, point, sizes[each.key.name])) for each in due]
        for witness, answer in asked:
            line = answer.result()
            if line:
                self._store.keep_cosignature(point.size, witness.key.name, line)
                sizes[witness.key.name] = max(sizes[witness.key.name], point.size)

    def _cosigned(self, witness: WitnessClient, point: Published, known: int) -> str:
        """The line, or "" after noting why there is none."""
        standing = self._standing[witness.key.name]
        try:
            line = witness.cosign(point, known, self._reader.consistency)
        except NotCosigned as error:
            if standing.trouble != str(error):
                self._log.warning("a witness does not cosign", witness=witness.key.name, problem=str(error))
            standing.trouble = str(error)
            if isinstance(error, HistoryDiffers):
                standing.grave = str(error)
            standing.due = self._monotonic() + standing.pause
            standing.pause = min(_AGAIN[1], standing.pause * 2)
            return ""
        if standing.trouble:
            self._log.info("a witness cosigns again", witness=witness.key.name)
        standing.asked = True
        standing.trouble = standing.grave = ""
        standing.pause, standing.due = standing.first, self._monotonic() + self._every
        return line
