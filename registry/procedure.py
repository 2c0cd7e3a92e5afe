"""The connection procedure as a table: which act leads from where to where, and how long each state may last.

Ground: statute 4.1.2 to 4.1.4, 4.1.9 and 6.1.  Nothing here touches the database; ``applications.py`` keeps to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from esb.registry.errors import Conflict
from esb.registry.workdays import after_working_days


class Kind(Enum):
    """What an application asks for."""

    NEW = "new"
    CHANGE = "change"
    TRANSFER = "transfer"
    RETIREMENT = "retirement"


class State(Enum):
    """Where an application stands.  From REGISTERED on it stands for the connection that it brought about."""

    APPLIED = "applied"
    RETURNED = "returned"
    COMPLETE = "complete"
    CHECKED = "checked"
    OPINED = "opined"
    REGISTERED = "registered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    SUSPENDED = "suspended"
    CHANGED = "changed"
    TRANSFERRED = "transferred"
    RETIRED = "retired"
    ARCHIVED = "archived"


class Step(Enum):
    """What a person does with an application."""

    APPLY = "apply"
    RETURN = "return"
    AMEND = "amend"
    ACCEPT = "accept"
    CHECK = "check"
    OPINE = "opine"
    REGISTER = "register"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    CHANGE = "change"
    TRANSFER = "transfer"
    SUSPEND = "suspend"
    RESUME = "resume"
    RETIRE = "retire"
    ARCHIVE = "archive"


class Party(Enum):
    """Whose turn it is."""

    APPLICANT = "applicant"
    OPERATOR = "operator"
    NOBODY = "nobody"


_S, _D = State, Step

TRANSITIONS: Final[Mapping[tuple[State | None, Step], State]] = MappingProxyType(
    {
        (None, _D.APPLY): _S.APPLIED,
        (_S.APPLIED, _D.ACCEPT): _S.COMPLETE,
        (_S.APPLIED, _D.RETURN): _S.RETURNED,
        (_S.APPLIED, _D.WITHDRAW): _S.WITHDRAWN,
        (_S.RETURNED, _D.AMEND): _S.APPLIED,
        (_S.RETURNED, _D.WITHDRAW): _S.WITHDRAWN,
        (_S.COMPLETE, _D.CHECK): _S.CHECKED,
        (_S.COMPLETE, _D.RETURN): _S.RETURNED,
        (_S.COMPLETE, _D.WITHDRAW): _S.WITHDRAWN,
        (_S.CHECKED, _D.CHECK): _S.CHECKED,
        (_S.CHECKED, _D.RETURN): _S.RETURNED,
        (_S.CHECKED, _D.OPINE): _S.OPINED,
        (_S.CHECKED, _D.WITHDRAW): _S.WITHDRAWN,
        (_S.OPINED, _D.OPINE): _S.OPINED,
        (_S.OPINED, _D.REGISTER): _S.REGISTERED,
        (_S.OPINED, _D.REFUSE): _S.REFUSED,
        (_S.OPINED, _D.WITHDRAW): _S.WITHDRAWN,
        (_S.REGISTERED, _D.CHANGE): _S.CHANGED,
        (_S.REGISTERED, _D.TRANSFER): _S.TRANSFERRED,
        (_S.REGISTERED, _D.SUSPEND): _S.SUSPENDED,
        (_S.REGISTERED, _D.RETIRE): _S.RETIRED,
        (_S.SUSPENDED, _D.CHANGE): _S.CHANGED,
        (_S.SUSPENDED, _D.TRANSFER): _S.TRANSFERRED,
        (_S.SUSPENDED, _D.RESUME): _S.REGISTERED,
        (_S.SUSPENDED, _D.RETIRE): _S.RETIRED,
        # The old owner's name goes on being served until its consumers have moved, and is then retired.
        (_S.TRANSFERRED, _D.RETIRE): _S.RETIRED,
        (_S.CHANGED, _D.ARCHIVE): _S.ARCHIVED,
        (_S.RETIRED, _D.ARCHIVE): _S.ARCHIVED,
        (_S.REFUSED, _D.ARCHIVE): _S.ARCHIVED,
        (_S.WITHDRAWN, _D.ARCHIVE): _S.ARCHIVED,
    }
)
"""Every lawful act.  What is not here is forbidden."""

STANDING: Final = frozenset({State.REGISTERED, State.SUSPENDED})
"""States of an application whose connection is in force."""

UNDER_WAY: Final = frozenset({State.APPLIED, State.RETURNED, State.COMPLETE, State.CHECKED, State.OPINED})
"""States that wait for an act."""

_TURN: Final = MappingProxyType(
    {
        State.APPLIED: Party.OPERATOR,
        State.RETURNED: Party.APPLICANT,
        State.COMPLETE: Party.OPERATOR,
        State.CHECKED: Party.OPERATOR,
        State.OPINED: Party.OPERATOR,
        State.TRANSFERRED: Party.OPERATOR,
    }
)


class StepForbidden(Conflict):
    """An act that the procedure does not allow where the application stands."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many working days each state may last; ``ahead`` is how many before the end a reminder goes out.

    Attributes:
        completeness: until an application is accepted or returned.
        mending: until the applicant has amended what was returned.
        checks: until the checks have run.
        opinion: until the reasoned opinion is given.
        decision: until it is registered or refused.
        moving: until a transferred service's old name is retired.
        agreement: until a member agrees with an inspection's report, or objects.
    """

    completeness: int = 3
    mending: int = 10
    checks: int = 5
    opinion: int = 5
    decision: int = 3
    moving: int = 20
    agreement: int = 5
    ahead: int = 1

    def due(self, state: State, now: float) -> float | None:
        """When a state that is entered now must be left, in Unix seconds; None where nobody waits."""
        days = {
            State.APPLIED: self.completeness,
            State.RETURNED: self.mending,
            State.COMPLETE: self.checks,
            State.CHECKED: self.opinion,
            State.OPINED: self.decision,
            State.TRANSFERRED: self.moving,
        }.get(state)
        return None if days is None else after_working_days(now, days)


def next_state(state: State | None, step: Step) -> State:
    """Return where ``step`` leads.

    Raises :class:`StepForbidden`; its text says what may be done instead.
    """
    found = TRANSITIONS.get((state, step))
    if found is not None:
        return found
    allowed = ", ".join(one.value for one in steps_from(state)) or "nothing more"
    raise StepForbidden(
        f"an application that is {'not filed' if state is None else state.value} does not allow to {step.value}; "
        f"what can be done with it now: {allowed}"
    )


def steps_from(state: State | None) -> tuple[Step, ...]:
    """Return every act that a state allows, in the order of the procedure."""
    return tuple(step for step in Step if (state, step) in TRANSITIONS)


def whose_turn(state: State) -> Party:
    """Return who has to act next."""
    return _TURN.get(state, Party.NOBODY)
