"""Acts on grants: two officers, or one where the settings let one; and who is told of what became of it."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Engine

from esb.admin.papers import Paper, filed
from esb.kernel.faults import EsbError
from esb.kernel.names import ServiceId
from esb.registry.acts import Act, acting
from esb.registry.grants import (
    Leave,
    add_grant,
    approve_grant,
    decline_grant,
    get_grant,
    request_grant,
    revoke_grant,
    withdraw_grant,
)
from esb.registry.notices import Topic, tell


class TwoOfficersWanted(EsbError):
    """One officer would give a grant alone, which the settings forbid."""


def give(
    engine: Engine,
    consumer: str,
    service: ServiceId,
    leave: Leave,
    *,
    paper: Paper | None = None,
    two_officers: bool,
    author: str,
    now: float,
) -> int:
    """Give a grant in one act, by one officer; return its number.

    Args:
        paper: what the legal ground stands on, which is archived.
        two_officers: ``grants.two_officers`` of the settings.

    Raises:
        TwoOfficersWanted: the settings demand two.
        NotFound, Conflict, Invalid: from the registry.
    """
    if two_officers:
        raise TwoOfficersWanted(
            "Two officers are wanted for a grant (grants.two_officers): request it with `esb grant request`, which "
            "takes the same options, and another officer approves it with `esb grant approve NUMBER`."
        )
    with acting(engine, author, now) as act:
        number = add_grant(act, consumer, service, _with_paper(act, leave, paper))
        _told(act, number, "given", once=f"grant:{number}:given")
        return number


def request(
    engine: Engine,
    consumer: str,
    service: ServiceId,
    leave: Leave,
    *,
    paper: Paper | None = None,
    replaces: int | None = None,
    author: str,
    now: float,
) -> int:
    """Request a grant, which another officer decides upon; return its number.

    Args:
        paper: what the legal ground stands on, which is archived.
        replaces: the grant that ends when this one is approved.

    Raises:
        NotFound, Conflict, Invalid: from the registry.
    """
    with acting(engine, author, now) as act:
        return request_grant(act, consumer, service, _with_paper(act, leave, paper), replaces=replaces)


def approve(engine: Engine, grant: int, *, note: str | None = None, author: str, now: float) -> None:
    """Put a requested grant in force; consumer and provider are told.

    Raises:
        Forbidden: the author requested it.
        NotFound, Conflict, Invalid: from the registry.
    """
    with acting(engine, author, now) as act:
        approve_grant(act, grant, note)
        _told(act, grant, "approved")


def decline(engine: Engine, grant: int, reason: str, *, author: str, now: float) -> None:
    """Refuse a requested grant; the consumer is told why.

    Raises:
        Forbidden: the author requested it.
        NotFound, Conflict, Invalid: from the registry.
    """
    with acting(engine, author, now) as act:
        decline_grant(act, grant, reason)
        _told(act, grant, "declined", reason, provider=False)


def withdraw(engine: Engine, grant: int, reason: str, *, author: str, now: float) -> None:
    """Take a request back.

    Raises:
        Forbidden: somebody else requested it.
        NotFound, Conflict, Invalid: from the registry.
    """
    with acting(engine, author, now) as act:
        withdraw_grant(act, grant, reason)


def revoke(engine: Engine, grant: int, reason: str, *, author: str, now: float) -> None:
    """Take a grant back from now on; consumer and provider are told.

    Raises:
        NotFound, Conflict, Invalid: from the registry.
    """
    with acting(engine, author, now) as act:
        revoke_grant(act, grant, reason)
        _told(act, grant, "revoked", reason, once=f"grant:{grant}:revoked")


def _with_paper(act: Act, leave: Leave, paper: Paper | None) -> Leave:
    return leave if paper is None else replace(leave, document=filed(act, paper))


def _told(
    act: Act, grant: int, change: str, reason: str = "", *, provider: bool = True, once: str | None = None
) -> None:
    row = get_grant(act.session, grant)
    to = {row.consumer_member, row.service.member} if provider else {row.consumer_member}
    facts: dict[str, Any] = {
        "grant": grant,
        "consumer": row.consumer,
        "service": row.service.name.text,
        "change": change,
    }
    if reason:
        facts["reason"] = reason
    if row.replaces is not None:
        facts["replaces"] = row.replaces
    tell(act, Topic.GRANT_CHANGED, f"grant:{grant}", to, facts, once=once)
