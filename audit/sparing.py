"""How much room strangers get in the evidence log.

Every refusal is evidence, and a refused message is kept with it.  But whoever can reach the door can be refused as
often as they like without any key, and must not fill the disk: beyond so many a second, what is kept of a message that
nobody signed is its facts and digests, without the octets.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from esb.audit.entry import Kind
from esb.audit.record import Record
from esb.audit.writer import Done


class Writer(Protocol):
    """What takes records: an :class:`~esb.audit.writer.EvidenceWriter`."""

    def submit(self, record: Record, done: Done) -> None:
        """Take a record and tell ``done`` what became of it."""


class SparingWriter:
    """Hands records on, those of strangers' refusals without octets where there are too many of them.

    The leaf stays as it is, and with it the digests of both messages: what was left out can still be recognised.

    Args:
        per_second: of how many such refusals a second the octets are kept.
        monotonic: seconds that never go back.
    """

    def __init__(self, writer: Writer, per_second: int, monotonic: Callable[[], float]) -> None:
        self._writer = writer
        self._per_second = per_second
        self._monotonic = monotonic
        self._second = 0
        self._kept = 0

    def submit(self, record: Record, done: Done) -> None:
        """As the writer's."""
        # No record of an authenticated member is without a consumer, and no answer is a stranger's.
        if not record.entry.consumer and record.entry.kind is Kind.REFUSAL and not self._has_room():
            record = replace(record, message=b"", sent=b"")
        self._writer.submit(record, done)

    def _has_room(self) -> bool:
        second = int(self._monotonic())
        if second != self._second:
            self._second, self._kept = second, 0
        self._kept += 1
        return self._kept <= self._per_second
