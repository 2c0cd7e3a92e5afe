"""Are a record's messages what its leaf says, and there for as long as it says?

What was to be kept until a day that is past may be gone, and nothing else may.  What is sealed is opened: that a
message was altered, or put into another's place, shows by its seal where its digest is not of what is kept.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from esb.audit.body_opener import BodyOpener, KeyShredded, MasterKeyMissing
from esb.audit.entry import Entry, Kind
from esb.audit.headers import without_body
from esb.audit.seal import BodyUnreadable
from esb.audit.tree_reader import Row
from esb.kernel.retention import Form, Kept, read_kept

SentJudge = Callable[[bytes, Entry], str]
"""Says what is wrong with the envelope that is said to have been sent; "" where it is the one.

It is told the record's facts, which say whether the envelope is kept in full or without what its Body held.
"""

SHREDDING: Final = "shred"
"""The act by which data keys are destroyed; its change is about ``messages:`` and their last day."""

MESSAGES: Final = "messages"


_read_kept = lru_cache(1_000)(read_kept)  # records of one day say one of a few things


@dataclass(frozen=True, slots=True, order=True)
class Shredding:
    """A data key that an act on record destroyed.

    Attributes:
        key: its number.
        until: the last day of what it sealed.
        at: when the act was, in microseconds since the Unix epoch.
    """

    key: int
    until: str
    at: int


@dataclass(slots=True)
class Tally:
    """What was seen of messages beside what is wrong.

    Attributes:
        expired: how many records' messages are gone because their day is past, by that day.
        unopened: how many are sealed and no master key was at hand.
        shreddings: data keys that acts on record have destroyed.
    """

    expired: Counter[str] = field(default_factory=Counter)
    unopened: int = 0
    shreddings: set[Shredding] = field(default_factory=set)

    def add(self, other: "Tally") -> None:
        """Count another stretch's too."""
        self.expired.update(other.expired)
        self.unopened += other.unopened
        self.shreddings |= other.shreddings


def wrong_with_bodies(
    row: Row, entry: Entry, sent: SentJudge | None, bodies: BodyOpener, today: str, tally: Tally
) -> list[str]:
    """What of a record's messages is not what its leaf says.

    Args:
        today: the UTC day; messages whose day is past it may be gone.
    """
    try:
        kept = _read_kept(entry.kept)
    except ValueError:
        return ["a record does not say in a known way what is kept of it"]
    if not row.kept:
        if not kept.is_over(today):
            return ["a record's messages are gone"]
        tally.expired[kept.until] += 1
        return []
    wrong: list[str] = []
    try:
        message, left = bodies.open(row.record, row.key, row.message, row.sent)
        if bodies.until(row.key) != kept.until:
            wrong.append("a record's messages are under a key of another day")
    except MasterKeyMissing:
        tally.unopened += 1
        return []
    except KeyShredded:
        if not kept.is_over(today):
            return ["the key of a record's messages was destroyed before its day"]
        tally.expired[kept.until] += 1
        return []
    except BodyUnreadable:
        return ["a record's messages do not open as what was sealed"]
    if kept.form is not Form.FULL:
        return wrong + _wrong_with_less(entry, kept, message, left, sent)
    wrong += _wrong_with_full(entry, message, left, sent)
    if entry.kind is Kind.CHANGE and entry.operation == SHREDDING and not wrong:  # an altered act destroys nothing
        tally.shreddings |= _shreddings(message)
    return wrong


def _wrong_with_full(entry: Entry, message: bytes, left: bytes, sent: SentJudge | None) -> list[str]:
    wrong: list[str] = []
    # A provider's answer is kept where the provider signed it, and a refused message where it is not too large; nothing
    # is sent when a request is recorded or a change.
    always_kept = entry.kind is Kind.REQUEST or entry.kind is Kind.CHANGE
    if message:
        if hashlib.sha256(message).hexdigest() != entry.message_sha256:
            wrong.append("a record's message is not the one that came")
    elif always_kept:
        wrong.append("a record's message is gone")
    if entry.kind is Kind.REFUSAL and not left:
        if entry.consumer:  # of what strangers send only so much is kept (evidence.keep_strangers_per_second)
            wrong.append("the envelope that was sent is gone")
    elif not always_kept and sent is not None and (problem := sent(left, entry)):
        wrong.append(problem)
    return wrong


def _wrong_with_less(entry: Entry, kept: Kept, message: bytes, left: bytes, sent: SentJudge | None) -> list[str]:
    if any(octets and (kept.form is Form.DIGESTS or without_body(octets) != octets) for octets in (message, left)):
        return ["more is kept of a record's messages than it says"]
    problem = sent(left, entry) if left and sent is not None else ""
    return [problem] if problem else []


def _shreddings(message: bytes) -> set[Shredding]:
    """The keys that a recorded act destroyed; its message is as :func:`esb.audit.change.change_message` writes it."""
    said = json.loads(message)
    if said["kind"] != MESSAGES:
        return set()
    return {Shredding(number, said["key"], said["at"]) for number in said["detail"]["keys"]}
