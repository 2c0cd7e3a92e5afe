"""Whom it touches when a service changes, ends or cannot be reached: those who may ask it."""

from collections.abc import Collection

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from esb.kernel.names import ServiceId
from esb.registry.models import GrantRow, GrantStatus, ServiceRow


def consumers_of(
    session: Session, member: str, services: Collection[str] | None, now: float, *, later: bool = False
) -> frozenset[str]:
    """Return the codes of members that hold a grant in force on services of a member.

    Args:
        services: names as text; None for all that the member offers.
        now: Unix seconds.
        later: whether those are meant too whose grant begins later.
    """
    rows = (
        select(GrantRow.consumer_member, ServiceRow.system, ServiceRow.code, ServiceRow.version)
        .join(ServiceRow, ServiceRow.id == GrantRow.service_id)
        .where(
            ServiceRow.member == member,
            GrantRow.status == GrantStatus.APPROVED,
            true() if later else GrantRow.valid_from <= now,
            (GrantRow.valid_until.is_(None)) | (GrantRow.valid_until > now),
        )
        .distinct()
    )
    return frozenset(
        consumer
        for consumer, *parts in session.execute(rows)
        if services is None or ServiceId(member, *parts).text in services
    )
