"""Deferrals: by which rule a person is told later of what was asked about him or her under a grant.

The law defers that for some grounds: operative search, a criminal investigation.  One officer requests a deferral and
another approves it.  Of a grant's approved deferrals the last one counts, for every question under the grant, earlier
ones too; a deferral is ended by another that tells everything.  A grant that replaced another has the other's deferral
until it has one of its own.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.kernel.clock import utc_text
from esb.registry.acts import Act, same_officer
from esb.registry.checks import lawful_moment, lawful_text
from esb.registry.errors import Conflict, Forbidden, Invalid, NotFound
from esb.registry.grants import get_grant
from esb.registry.models import GrantRow
from esb.registry.subject_models import DeferralRow, DeferralStatus, Telling

MOST_DAYS: Final = 36_525
_DAY_US: Final = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Deferral:
    """A rule.

    Attributes:
        telling: what the person is told meanwhile.
        until: Unix seconds from which on everything is told; None where ``days`` says it.
        days: how many days after a question it is told; None where ``until`` says it, or nothing is deferred.
    """

    telling: Telling
    until: float | None = None
    days: int | None = None

    def ends(self, asked: int) -> int | None:
        """From when on a question is told; None where it is not deferred.

        Args:
            asked: when it was asked, microseconds since the Unix epoch, as what is returned.
        """
        if self.telling is Telling.WHOLE:
            return None
        return int((self.until or 0.0) * 1_000_000) if self.days is None else asked + self.days * _DAY_US

    def defers(self, asked: int, now: float) -> bool:
        """Whether a question is not told yet at ``now`` (Unix seconds)."""
        ends = self.ends(asked)
        return ends is not None and int(now * 1_000_000) < ends


def request_deferral(act: Act, grant: int, deferral: Deferral, legal_basis: str) -> int:
    """Ask that questions under a grant are told later, or that they are not deferred any more; return the number.

    Nothing changes before another officer approves it.

    Raises:
        NotFound: there is no such grant.
        Invalid: the rule is none, its time is over, or no legal basis is given.
        Conflict: another one waits for its decision, or nothing is deferred that could be told.
    """
    get_grant(act.session, grant)
    _check(deferral, act.now)
    waiting = _rows(act.session, grant, DeferralStatus.REQUESTED)
    if waiting:
        raise Conflict(f"deferral {waiting[0].id} of grant {grant} waits for its decision; have it decided first")
    if deferral.telling is Telling.WHOLE and deferral_of(act.session, grant) is None:
        raise Conflict(f"nothing is deferred under grant {grant}; there is nothing to end")
    row = DeferralRow(
        grant_id=grant,
        telling=deferral.telling,
        until=None if deferral.until is None else lawful_moment(deferral.until, "end of the deferral"),
        days=deferral.days,
        legal_basis=lawful_text(legal_basis, "legal basis"),
        status=DeferralStatus.REQUESTED,
        requested_by=act.author,
        requested_at=act.now,
    )
    act.session.add(row)
    act.session.flush()
    act.record("request", "deferral", str(row.id), _facts(row))
    return row.id


def decide_deferral(act: Act, number: int, status: DeferralStatus, reason: str = "") -> DeferralRow:
    """Approve or decline a deferral as the second officer, or withdraw it as the one who requested it.

    Raises:
        NotFound: there is no such deferral.
        Forbidden: the wrong one of the two.
        Conflict: it is decided already.
        Invalid: its time is over; or a refusal without a reason.
    """
    row = get_deferral(act.session, number)
    if row.status is not DeferralStatus.REQUESTED:
        raise Conflict(f"deferral {number} is {row.status.value} already")
    own = same_officer(row.requested_by, act.author)
    if status is DeferralStatus.WITHDRAWN and not own:
        raise Forbidden(
            f"deferral {number} was requested by {row.requested_by}; whoever else is against it declines it"
        )
    if status is not DeferralStatus.WITHDRAWN and own:
        raise Forbidden(f"deferral {number} was requested by {row.requested_by}; another officer has to decide on it")
    detail: dict[str, Any] = {"grant": row.grant_id, "requested_by": row.requested_by}
    if status is DeferralStatus.APPROVED:
        _check(rule_of(row), act.now)
    else:
        detail["reason"] = lawful_text(reason, "reason")
    row.status, row.decided_by, row.decided_at = status, act.author, act.now
    words = {DeferralStatus.APPROVED: "approve", DeferralStatus.DECLINED: "decline"}
    act.record(words.get(status, "withdraw"), "deferral", str(number), detail)
    return row


def get_deferral(session: Session, number: int) -> DeferralRow:
    """Return a deferral, whatever became of it.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = session.get(DeferralRow, number)
    if row is None:
        raise NotFound(f"there is no deferral {number}; see esb grant deferral list")
    return row


def list_deferrals(session: Session, grant: int | None = None) -> list[DeferralRow]:
    """Return the deferrals of a grant or of all, by number."""
    rows = select(DeferralRow).order_by(DeferralRow.id)
    return list(session.scalars(rows if grant is None else rows.where(DeferralRow.grant_id == grant)))


def deferral_of(session: Session, grant: int) -> DeferralRow | None:
    """Return the deferral in force for a grant, its own or that of the grant it replaced; None where there is none."""
    return _in_force(session, [grant]).get(grant)


@dataclass(frozen=True, slots=True)
class Deferrals:
    """The rules that hold for some grants.

    Attributes:
        by_grant: of each grant for which one holds.
        by_parties: by consumer's member and service, for questions that were refused before a grant was found: a
            refusal would give away what the grant's deferral hides.
    """

    by_grant: Mapping[int, Deferral]
    by_parties: Mapping[tuple[str, str], tuple[Deferral, ...]]

    def hide(self, now: float) -> bool:
        """Whether anything at all may be hidden at ``now`` (Unix seconds)."""
        rules = self.by_grant.values()
        return any(rule.telling is Telling.HIDDEN and (rule.until is None or rule.until > now) for rule in rules)

    def of(self, grant: int | None, member: str, service: str) -> tuple[Deferral, ...]:
        """The rules that hold for a question; the one that defers it longest counts."""
        if grant is None:
            return self.by_parties.get((member, service), ())
        rule = self.by_grant.get(grant)
        return () if rule is None else (rule,)


def all_deferrals(session: Session) -> Deferrals:
    """Read every rule in force.  There are few: only some grants have one, and those that replaced such a grant."""
    deferred = set(
        session.scalars(select(DeferralRow.grant_id).where(DeferralRow.status == DeferralStatus.APPROVED).distinct())
    )
    waiting = deferred
    while waiting:  # those that replaced one, and so on
        after = set(session.scalars(select(GrantRow.id).where(GrantRow.replaces.in_(waiting)))) - deferred
        deferred |= after
        waiting = after
    rules = {grant: rule_of(row) for grant, row in _in_force(session, deferred).items()}
    parties: dict[tuple[str, str], tuple[Deferral, ...]] = {}
    for grant in session.scalars(select(GrantRow).where(GrantRow.id.in_(rules))):
        key = grant.consumer_member, grant.service.name.text
        parties[key] = (*parties.get(key, ()), rules[grant.id])
    return Deferrals(rules, parties)


def rule_of(row: DeferralRow) -> Deferral:
    """The rule that a row holds."""
    return Deferral(row.telling, row.until, row.days)


def _in_force(session: Session, grants: Collection[int]) -> dict[int, DeferralRow]:
    found: dict[int, DeferralRow] = {}
    for grant in grants:
        at: int | None = grant
        while at is not None:
            rows = _rows(session, at, DeferralStatus.APPROVED)
            if rows:
                found[grant] = rows[-1]
                break
            at = session.scalar(select(GrantRow.replaces).where(GrantRow.id == at))
    return found


def _rows(session: Session, grant: int, status: DeferralStatus) -> list[DeferralRow]:
    # Approved in the order of their numbers: of a grant only one waits at a time.
    rows = select(DeferralRow).where(DeferralRow.grant_id == grant, DeferralRow.status == status)
    return list(session.scalars(rows.order_by(DeferralRow.id)))


def _check(deferral: Deferral, now: float) -> None:
    if deferral.telling is Telling.WHOLE:
        if deferral.until is not None or deferral.days is not None:
            raise Invalid("what is told whole has no end of a deferral")
        return
    if (deferral.until is None) == (deferral.days is None):
        raise Invalid("a deferral ends on a date, or so many days after each question: give one of the two")
    if deferral.days is not None and not 0 < deferral.days <= MOST_DAYS:
        raise Invalid(f"a question is deferred by 1 to {MOST_DAYS} days")
    if deferral.until is not None and deferral.until <= now:
        raise Invalid(f"the deferral would have ended already on {utc_text(deferral.until)}; give a later date")


def _facts(row: DeferralRow) -> dict[str, Any]:
    return {
        "grant": row.grant_id,
        "telling": row.telling.value,
        "until": None if row.until is None else utc_text(row.until),
        "days": row.days,
        "legal_basis": row.legal_basis,
    }
