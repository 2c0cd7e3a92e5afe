"""The keys that messages are sealed under, wrapped; and what their places promise.

Each process has keys of its own, one for a UTC day and a last day until which messages are kept.  To destroy a key
(:meth:`DataKeys.shred`) is to end exactly what expires with it, wherever copies of the messages are.  What is left of
a destroyed key is its row, which says when that was.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

CLEAR: Final = ""
"""In the place of a master key's name: messages that are kept until a day, and are not sealed."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key as it stands in its table.

    Attributes:
        id: its number, which no other key ever has.
        until: the last day (UTC) on which what it seals must be there; "" without end.
        made: when, in microseconds since the Unix epoch.
        first: number of the first record that it can have sealed; 0 once no row is left of what a destroyed key sealed.
        master: name of the master key that it is wrapped under (:class:`~esb.audit.seal.MasterKeys`), or :data:`CLEAR`.
        wrapped: RFC 3394; empty once it is destroyed, and of messages that are not sealed.
        shredded: when it was destroyed, in microseconds since the Unix epoch; None while it was not.
    """

    id: int
    until: str
    made: int
    first: int
    master: str
    wrapped: bytes = field(repr=False)
    shredded: int | None

    @property
    def facts(self) -> tuple[str, int, int]:
        """What is bound to each message that it seals."""
        return self.until, self.made, self.first


class DataKeys(Protocol):
    """Where data keys are kept.  Blocks; may be called from any thread.

    Every method raises :class:`~esb.audit.record.StoreUnavailable` when the place cannot be used now.
    """

    def add(self, until: str, made: int, first: int, master: str, wrapped: bytes) -> DataKey:
        """Make a new key durable; nothing may be sealed under it before."""

    def get(self, number: int) -> DataKey | None:
        """A key by its number; None where there is none."""

    def all(self) -> list[DataKey]:
        """Every key there ever was, by its number."""

    def rewrap(self, key: DataKey, master: str, wrapped: bytes) -> bool:
        """Replace the wrapping of a key; False where it is not any more as ``key`` says."""

    def shred(self, numbers: Iterable[int], at: int) -> None:
        """Destroy keys: no file of the place holds their wrapped forms when this returns."""

    def freed(self, numbers: Iterable[int]) -> None:
        """Note that no row is left of what destroyed keys had sealed."""

    def close(self) -> None:
        """Let go of the place; the next call opens it again."""


def read_row(row: tuple[Any, ...]) -> DataKey:
    """A key out of a table's row, its columns in the order of :class:`DataKey`."""
    number, until, made, first, master, wrapped, shredded = row
    return DataKey(number, until, made, first, master, bytes(wrapped), shredded)
