"""Endings that are announced ahead: of grants and of members' agreements, 60, 30, 7 and 1 days before.

Each is told once.  Whoever comes late, because the caller did not run for a while, is told what is true then and not
what it missed.
"""

from typing import Any, Final, NamedTuple

from sqlalchemy import Engine

from esb.registry.acts import acting
from esb.registry.agreements import list_agreements_ending
from esb.registry.database import reading
from esb.registry.grants import list_grants_ending
from esb.registry.notices import OPERATOR, Topic, tell

DAYS_AHEAD: Final = (60, 30, 7, 1)
"""Days before an end at which it is told."""

_DAY: Final = 86_400
_AT_ONCE: Final = 100  # notices in one act: other writers wait for it


class _Ending(NamedTuple):
    topic: Topic
    about: str
    to: frozenset[str]
    end: float
    facts: dict[str, Any]


def announce_endings(engine: Engine, author: str, now: float) -> int:
    """Tell of each grant and each agreement that ends soon, as far as that was not told before.

    Of a grant consumer and provider are told; of an agreement the member and the operator, who are also told, once,
    when it has ended and no other is in force.  To be run daily, or as often as one likes.

    Args:
        now: Unix seconds.

    Returns:
        How many notices were written.

    Raises:
        RegistryUnavailable: see :func:`esb.registry.acts.acting`; what was told before stays told.
    """
    told = 0
    endings = _endings(engine, now)
    for begin in range(0, len(endings), _AT_ONCE):
        with acting(engine, author, now) as act:
            for each in endings[begin : begin + _AT_ONCE]:
                days = _days_ahead(each.end, now)
                once = f"{each.about}:ends:{each.end:.0f}:{days}"
                facts = {**each.facts, "ends_at": each.end, "days": days}
                told += tell(act, each.topic, each.about, each.to, facts, once=once) is not None
    return told


def _days_ahead(end: float, now: float) -> int:
    """The shortest of the terms that has begun; 0 where the end is past."""
    return min((days for days in DAYS_AHEAD if end - now <= days * _DAY), default=DAYS_AHEAD[0]) if end > now else 0


def _endings(engine: Engine, now: float) -> list[_Ending]:
    horizon = DAYS_AHEAD[0] * _DAY
    with reading(engine) as session:
        grants = [
            _Ending(
                Topic.GRANT_ENDING,
                f"grant:{row.id}",
                frozenset({row.consumer_member, row.service.member}),
                row.valid_until or now,
                {"grant": row.id, "consumer": row.consumer, "service": row.service.name.text, "purpose": row.purpose},
            )
            for row in list_grants_ending(session, now, now + horizon)
        ]
        agreements = [
            _Ending(
                Topic.AGREEMENT_ENDING,
                f"agreement:{row.id}",
                frozenset({row.member, OPERATOR}),
                row.ends_at or now,
                {"member": row.member, "agreement": row.number},
            )
            for row in list_agreements_ending(session, now - horizon, now + horizon)
        ]
    return [*grants, *agreements]
