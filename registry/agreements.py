"""Agreements of members with the operator: on which ground a member takes part, since when and until when."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.kernel.directory import MemberStatus
from esb.registry.acts import Act
from esb.registry.checks import lawful_digest, lawful_moment, lawful_text
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.member_models import AgreementRow
from esb.registry.members import get_member
from esb.registry.models import MemberRow

_LONGEST_NUMBER = 64


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed.

    Attributes:
        number: as it stands on the paper; a member's agreements differ by it.
        signed_at: the day it was signed and is in force from, Unix seconds.
        ends_at: Unix seconds from which it is no more in force; None where it has no end.
        document: SHA-256 (hex) of its text in the archive.
    """

    number: str
    signed_at: float
    ends_at: float | None = None
    document: str | None = None


def add_agreement(act: Act, member: str, agreement: Agreement) -> int:
    """Keep an agreement and return the row's number.  The very same again is no change.

    A prolongation or other terms are an agreement of their own, with their own number and document.
    Raises :class:`~esb.registry.errors.Invalid`, :class:`~esb.registry.errors.NotFound` (the member),
    :class:`~esb.registry.errors.Conflict` when the number stands for another agreement of the member.
    """
    get_member(act.session, member)
    agreement = _lawful(agreement)
    known = act.session.scalar(
        select(AgreementRow).where(AgreementRow.member == member, AgreementRow.number == agreement.number)
    )
    if known is not None:
        if Agreement(known.number, known.signed_at, known.ends_at, known.document) == agreement:
            return known.id
        raise Conflict(
            f"agreement {agreement.number} of {member} is registered with other particulars; "
            "give other terms a number of their own"
        )
    row = AgreementRow(
        member=member,
        number=agreement.number,
        signed_at=agreement.signed_at,
        ends_at=agreement.ends_at,
        document=agreement.document,
        added_at=act.now,
    )
    act.session.add(row)
    act.session.flush()
    facts = {
        "number": row.number,
        "signed_at": row.signed_at,
        "ends_at": row.ends_at,
        "document": row.document,
    }
    act.record("add", "agreement", str(row.id), {"member": member, **facts})
    return row.id


def end_agreement(act: Act, member: str, number: str, reason: str) -> None:
    """Note that an agreement ends now, before its time or without one; again is no change.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Invalid` (no reason is given).
    """
    reason = lawful_text(reason, "reason")
    row = get_agreement(act.session, member, number)
    if row.ended_at is not None:
        return
    row.ended_at = act.now
    act.record("end", "agreement", str(row.id), {"member": member, "number": row.number, "reason": reason})


def get_agreement(session: Session, member: str, number: str) -> AgreementRow:
    """Return an agreement of a member by the number on the paper.  Raises :class:`~esb.registry.errors.NotFound`."""
    rows = select(AgreementRow).where(AgreementRow.member == member, AgreementRow.number == number)
    row = session.scalar(rows)
    if row is None:
        raise NotFound(
            f"member {member[:80]} has no agreement {number[:_LONGEST_NUMBER]!r}; see its list of agreements"
        )
    return row


def list_agreements(session: Session, member: str | None = None) -> list[AgreementRow]:
    """Return the agreements of one member or of all, ended ones too, in the order in which they were signed."""
    rows = select(AgreementRow).order_by(AgreementRow.member, AgreementRow.signed_at, AgreementRow.id)
    return list(session.scalars(rows if member is None else rows.where(AgreementRow.member == member)))


def list_agreements_ending(session: Session, after: float, until: float) -> list[AgreementRow]:
    """Return the agreements whose term ends after ``after`` and not after ``until`` (Unix seconds), the next one first.

    Without those that were ended otherwise, those beside which another is in force when they end, and those of members
    that left.
    """
    rows = (
        select(AgreementRow)
        .join(MemberRow, MemberRow.code == AgreementRow.member)
        .where(MemberRow.status != MemberStatus.LEFT)
        .where(AgreementRow.ends_at > after, AgreementRow.ends_at <= until, AgreementRow.ended_at.is_(None))
        .order_by(AgreementRow.ends_at, AgreementRow.id)
    )
    ending = [(row, row.ends_at) for row in session.scalars(rows) if row.ends_at is not None]
    return [row for row, end in ending if agreement_in_force(session, row.member, end) is None]


def agreement_in_force(session: Session, member: str, now: float) -> AgreementRow | None:
    """Return the agreement under which a member takes part at ``now``, the last signed of several; None without one."""
    standing = [row for row in list_agreements(session, member) if row.in_force(now)]
    return standing[-1] if standing else None


def _lawful(agreement: Agreement) -> Agreement:
    number = lawful_text(agreement.number, "number of the agreement")
    if len(number) > _LONGEST_NUMBER:
        raise Invalid(f"the agreement's number has {len(number)} characters; {_LONGEST_NUMBER} are the most")
    signed_at = lawful_moment(agreement.signed_at, "day of the signature")
    ends_at = None if agreement.ends_at is None else lawful_moment(agreement.ends_at, "end of the agreement")
    if ends_at is not None and ends_at <= signed_at:
        raise Invalid("the agreement ends before it was signed; give an end that is later, or none")
    return Agreement(number, signed_at, ends_at, lawful_digest(agreement.document, "the agreement's document"))
