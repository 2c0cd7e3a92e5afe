"""What comparing two contracts finds: each change with its place, what it does to valid messages, and what follows."""

from dataclasses import dataclass
from enum import Enum, Flag
from typing import Any


class Effect(Flag):
    """What a change does to the set of valid messages.  Both together also stand for: it cannot be told."""

    NONE = 0
    WIDENS = 1
    NARROWS = 2
    BOTH = 3


class Side(Enum):
    """Where in an exchange the changed thing stands."""

    REQUEST = "request"
    ANSWER = "answer"
    CALL = "call"


class Verdict(Enum):
    """What a change, or a whole new contract, means to consumers that know the old one."""

    IDENTICAL = "identical"
    COMPATIBLE = "compatible"
    BREAKING = "breaking"


@dataclass(frozen=True, slots=True)
class Finding:
    """A change of what schemas let through, before it is known in which direction messages go.

    Attributes:
        path: ``/Person/address/city``, local names from the message's element down.
        unclear: whether the effect is an assumption, because it cannot be told.
    """

    path: str
    what: str
    effect: Effect
    unclear: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two contracts.

    Attributes:
        operation: the operation's name, "" for the contract as a whole.
        where: the element's path, "" for the operation itself.
    """

    operation: str
    side: Side
    where: str
    what: str
    verdict: Verdict
    why: str

    @property
    def plain(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "operation": self.operation,
            "side": self.side.value,
            "where": self.where,
            "what": self.what,
            "verdict": self.verdict.value,
            "why": self.why,
        }

    @property
    def text(self) -> str:
        """As one sentence for people."""
        place = " ".join(part for part in (self.operation, self.side.value, self.where) if part)
        return f"{place}: {self.what} ({self.why})"


@dataclass(frozen=True, slots=True)
class Report:
    """Every difference, the breaking ones first."""

    changes: tuple[Change, ...]

    @property
    def verdict(self) -> Verdict:
        """Breaking when any change is; identical when messages and their routing are the same to the last."""
        if any(change.verdict is Verdict.BREAKING for change in self.changes):
            return Verdict.BREAKING
        return Verdict.COMPATIBLE if self.changes else Verdict.IDENTICAL

    @property
    def breaking(self) -> tuple[Change, ...]:
        """The changes that break consumers."""
        return tuple(change for change in self.changes if change.verdict is Verdict.BREAKING)

    @property
    def plain(self) -> dict[str, Any]:
        """As plain JSON, for programs and for the registry."""
        return {"verdict": self.verdict.value, "changes": [change.plain for change in self.changes]}


def judged(finding: Finding, operation: str, side: Side) -> Change:
    """What a finding means on one side of an operation.

    A request may not be narrowed: what consumers send today must stay valid.  An answer may not be widened: consumers
    must not be given what they do not know.
    """
    harm = Effect.NARROWS if side is Side.REQUEST else Effect.WIDENS
    if harm not in finding.effect:
        good = {
            Side.REQUEST: "every request that was valid stays valid",
            Side.ANSWER: "answers hold nothing that consumers do not know",
            Side.CALL: "calls stay as they are",
        }[side]
        return Change(operation, side, finding.path, finding.what, Verdict.COMPATIBLE, good)
    if finding.unclear:
        why = "cannot be told to be harmless"
    elif side is Side.REQUEST:
        why = "requests that were valid would be refused"
    else:
        why = "answers could hold what consumers do not know"
    return Change(operation, side, finding.path, finding.what, Verdict.BREAKING, why)
