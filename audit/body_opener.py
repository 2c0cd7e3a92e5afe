"""Opening messages again: the data key of a row is found, unwrapped once, and kept while others need it too."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from esb.audit.data_keys import CLEAR, DataKeys
from esb.audit.record import StoreUnavailable
from esb.audit.seal import MESSAGE, SENT, BodyUnreadable, MasterKeys, Seal
from esb.kernel.faults import EsbError
from esb.kernel.retention import DAY

_KEPT: Final = 4_096  # opened data keys in memory at a time


class MasterKeyMissing(BodyUnreadable):
    """The messages are sealed, and no master key is at hand here."""


class KeyShredded(BodyUnreadable):
    """The key of the messages was destroyed."""


class BodyOpener:
    """Opens messages as rows of the table hold them.  Blocks; may be called from any thread.

    Args:
        keys: of the log.
        masters: opens what data keys are wrapped under; called at the first sealed row.  None without.
    """

    def __init__(self, keys: DataKeys, masters: Callable[[], MasterKeys] | None) -> None:
        self._keys = keys
        self._open_masters = masters
        self._masters: MasterKeys | None = None
        self._opened: dict[int, tuple[Seal | None, str]] = {}
        self._lock = Lock()
        self._day = -1

    def open(self, record: str, key: int | None, message: bytes, sent: bytes) -> tuple[bytes, bytes]:
        """A record's two messages in the clear.

        Args:
            key: number of the data key, as the row has it.
            message, sent: as the row has them.

        Raises:
            MasterKeyMissing: no master key is at hand.
            KeyShredded: the key was destroyed.
            BodyUnreadable: they are not what was sealed, or the key is not.
            StoreUnavailable: the keys cannot be read now.
        """
        if key is None:
            return message, sent
        seal, _ = self._seal(key)
        if seal is None:
            return message, sent
        return seal.open(record, MESSAGE, message), seal.open(record, SENT, sent)

    def until(self, key: int | None) -> str:
        """The last day that a row's key speaks of; "" without end.  Raises as :meth:`open`."""
        return "" if key is None else self._seal(key)[1]

    def close(self) -> None:
        """Let go of the keys' place, and of every key."""
        with self._lock:
            self._opened.clear()
        self._keys.close()

    def _seal(self, number: int) -> tuple[Seal | None, str]:
        with self._lock:
            day = int(time.time() // DAY)
            if day != self._day or len(self._opened) >= _KEPT:
                # A key that was destroyed meanwhile does not live on here.
                self._day = day
                self._opened.clear()
            found = self._opened.get(number)
            if found is None:
                found = self._opened[number] = self._unwrapped(number)
            return found

    def _unwrapped(self, number: int) -> tuple[Seal | None, str]:
        key = self._keys.get(number)
        if key is None:
            raise BodyUnreadable(f"the log's keys hold none of number {number}")
        if key.shredded is not None:
            raise KeyShredded("the key of the messages was destroyed: they were kept until then")
        if key.master == CLEAR:
            return None, key.until
        if self._masters is None:
            if self._open_masters is None:
                raise MasterKeyMissing("the messages are sealed, and no master key is at hand here")
            self._masters = self._open_masters()
        try:
            octets = self._masters.unwrap(key.master, key.wrapped)
        except StoreUnavailable:
            raise
        except EsbError as error:
            raise BodyUnreadable(f"data key {number} does not open: {error}") from error
        return Seal(octets, key.facts), key.until
