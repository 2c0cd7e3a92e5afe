"""What becomes of messages on their way into a store: kept as their record says, and sealed.

This runs in the writer's thread.  A member of the batch whose record says that its messages are kept in full, without
end, on a bus that seals nothing, goes through as it is.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from esb.audit.data_keys import CLEAR, DataKey, DataKeys
from esb.audit.entry import Kind
from esb.audit.headers import without_body
from esb.audit.record import EvidenceStore, Outcome, Record, StoreUnavailable
from esb.audit.seal import KEY_BYTES, MESSAGE, MOST_MESSAGES, MOST_OCTETS, SENT, MasterKeys, Seal
from esb.kernel.faults import EsbError
from esb.kernel.retention import DAY, Form, read_kept

_MICRO: Final = 1_000_000


class _Class:
    """What is done with the messages of records that say the same of them, on one day."""

    __slots__ = ("form", "key", "messages", "octets", "seal")

    def __init__(self, form: Form, key: DataKey | None, seal: Seal | None) -> None:
        self.form = form
        self.key = None if key is None else key.id
        self.seal = seal
        self.messages = 0
        self.octets = 0


class KeepingStore:
    """An :class:`~esb.audit.record.EvidenceStore` that keeps of messages what their records say, sealed.

    Args:
        store: what takes the records.
        keys: where data keys are made durable before anything is sealed under them.
        next_number: the number that the next record will have at least.
        masters: what data keys are wrapped under; None for a bus that keeps messages in the clear.
        random: makes data keys.
        now: Unix seconds.
    """

    def __init__(
        self,
        store: EvidenceStore,
        keys: DataKeys,
        next_number: Callable[[], int],
        masters: MasterKeys | None,
        random: Callable[[int], bytes],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._keys = keys
        self._next_number = next_number
        self._masters = masters
        self._random = random
        self._now = now
        self._day = -1
        self._classes: dict[str, _Class] = {}

    def write(self, batch: Sequence[Record]) -> list[Outcome]:
        """See :class:`~esb.audit.record.EvidenceStore`."""
        self._turn_the_page()
        return self._store.write([self._kept(record) for record in batch])

    def idle(self) -> None:
        """See :class:`~esb.audit.record.EvidenceStore`."""
        self._turn_the_page()
        self._store.idle()

    def _turn_the_page(self) -> None:
        """Let go of the keys of another day."""
        day = int(self._now() // DAY)
        if day != self._day:
            self._day, self._classes = day, {}

    def close(self) -> None:
        """See :class:`~esb.audit.record.EvidenceStore`."""
        self._store.close()
        self._keys.close()

    def _kept(self, record: Record) -> Record:
        entry = record.entry
        if entry.kind is Kind.CHANGE:
            # The registry holds the same in the clear, and whoever records changes needs no key for it.
            return record
        text = entry.kept
        found = self._classes.get(text)
        if found is None or found.messages >= MOST_MESSAGES or found.octets >= MOST_OCTETS:
            found = self._classes[text] = self._class(text)
        message, sent = record.message, record.sent
        if found.form is not Form.FULL:
            cut = without_body if found.form is Form.HEADERS else _nothing
            message, sent = cut(message), cut(sent)
        elif found.key is None:
            return record
        if found.seal is not None:
            found.messages += 2
            found.octets += len(message) + len(sent)
            name = entry.record
            message, sent = found.seal.close(name, MESSAGE, message), found.seal.close(name, SENT, sent)
        return Record(entry, record.leaf, message, sent, record.replay_key, found.key)

    def _class(self, text: str) -> _Class:
        try:
            kept = read_kept(text)
        except ValueError as error:  # the bus writes these itself
            raise StoreUnavailable(f"a record cannot be kept: {error}") from error
        if kept.form is Form.DIGESTS:
            return _Class(kept.form, None, None)
        if self._masters is None:
            if not kept.until:
                return _Class(kept.form, None, None)
            return _Class(kept.form, self._new(kept.until, CLEAR, b""), None)
        octets = self._random(KEY_BYTES)
        try:
            wrapped = self._masters.wrap(octets)
        except StoreUnavailable:
            raise
        except EsbError as error:
            raise StoreUnavailable(f"no key for messages can be made: {error}") from error
        key = self._new(kept.until, self._masters.name, wrapped)
        return _Class(kept.form, key, Seal(octets, key.facts))

    def _new(self, until: str, master: str, wrapped: bytes) -> DataKey:
        self._store.idle()  # makes the tables of a log that is new
        return self._keys.add(until, int(self._now() * _MICRO), self._next_number(), master, wrapped)


def _nothing(_: bytes) -> bytes:
    return b""
