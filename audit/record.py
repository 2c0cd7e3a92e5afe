"""A record on its way to the store, what can become of it, and what a store promises."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from esb.audit.entry import Entry
from esb.kernel.faults import EsbError
from esb.kernel.frozen import frozen


@frozen
class Record:
    """What is to be made durable.

    Attributes:
        entry: the facts; ``entry.record`` is the record's unique name.
        leaf: ``leaf_bytes(entry)``, already made because the receipt cites its hash.
        message: the message as received; may be empty.
        sent: the envelope that leaves for the consumer; empty on a request.
        replay_key: :func:`replay_key` of a request; None on an answer or refusal.
        key: number of the data key that both are sealed under, or that says until when they are kept; None of plain
            messages that are kept without end.
    """

    entry: Entry
    leaf: bytes
    message: bytes
    sent: bytes
    replay_key: bytes | None
    key: int | None = None


def replay_key(consumer: str, message_id: str) -> bytes:
    """Name a consumer's message: what may be seen once (TIM-04).

    A member's code holds no NUL, so no two pairs share a text.
    """
    return hashlib.sha256(f"{consumer}\0{message_id}".encode()).digest()


@frozen
class Written:
    """The record is durable."""


@frozen
class Duplicate:
    """The replay key was seen before; nothing was written.

    Attributes:
        exchange: id of the exchange that came first.
        message_sha256: digest (hex) of its message: the same means a retry, another means another message.
    """

    exchange: str
    message_sha256: str


@frozen
class NotWritten:
    """The record cannot be relied upon; ``reason`` is a sentence for a person, without internals.

    A commit whose end was not seen counts as not written.  To submit the same record again is safe: a store finds
    it by its name.
    """

    reason: str


Outcome = Written | Duplicate | NotWritten

WRITTEN: Final = Written()

REMEMBERED: Final = 2 * 86_400
"""Seconds for which a name or message id is known again at least.  Far longer than a message is taken after it was made
(TIM-02; the settings allow no longer window than a day), and than a record is submitted again whose commit was not
seen."""


class StoreUnavailable(EsbError):
    """The place of the log cannot be written or read now: disk full, read-only, gone.  May be mended."""


class RecordUnwritable(EsbError):
    """One record of a batch is not fit to be stored; its neighbours are."""


class EvidenceStore(Protocol):
    """Where records are made durable.  Used by one thread at a time: the writer's."""

    def write(self, batch: Sequence[Record]) -> list[Outcome]:
        """Make a batch durable in one commit and say what became of each record, in order.

        The insert decides what is a duplicate; of two with one replay key in a batch the first wins.  A record that
        is already there, byte for byte, is Written again; another leaf under its name is NotWritten.

        Raises:
            StoreUnavailable: none of the batch may be relied upon.  The next call opens the place anew.
        """

    def idle(self) -> None:
        """Tend the place while nothing is to be written; opens it when it was lost.

        Raises:
            StoreUnavailable: it is still not there.
        """

    def close(self) -> None:
        """Let go of the place.  A later call of ``write`` opens it again."""


def write_apart(write: Callable[[Sequence[Record]], list[Outcome]], batch: Sequence[Record]) -> list[Outcome]:
    """Write a batch with a record that cannot be stored: each in a commit of its own, so that it fails alone."""
    outcomes: list[Outcome] = []
    for record in batch:
        try:
            outcomes += write((record,))
        except RecordUnwritable as error:
            outcomes.append(NotWritten(str(error)))
        except StoreUnavailable as error:
            if not outcomes:
                raise
            # What was committed before stays; the rest of the batch waits for a better time.
            return [*outcomes, *(NotWritten(str(error)) for _ in range(len(batch) - len(outcomes)))]
    return outcomes


def check_schema(found: object, known: int) -> None:
    """Refuse tables of another version than ``known``.

    Raises:
        StoreUnavailable: says which version was found and what to do.
    """
    if not found:
        raise StoreUnavailable("the evidence log has no tables yet: start the bus once")
    if found != known:
        raise StoreUnavailable(
            f"the evidence log has schema {found} and this program knows {known}: "
            "use the program that made the log, or a newer one"
        )
