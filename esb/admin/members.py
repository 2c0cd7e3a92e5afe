"""Acts on members: to apply, to join, to be suspended and let in again, to leave; and what each brings with it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from esb.admin.papers import Paper, filed
from esb.kernel.directory import MemberStatus
from esb.kernel.faults import EsbError
from esb.registry.acts import Act, acting
from esb.registry.agreements import Agreement, add_agreement, agreement_in_force
from esb.registry.certificates import list_certificates, revoke_certificate
from esb.registry.contacts import Contact, add_contact
from esb.registry.errors import NotFound
from esb.registry.grants import list_grants_of_member, revoke_grant
from esb.registry.members import add_member, change_member, get_member, set_member_status
from esb.registry.models import GrantStatus, MemberKind, RevocationReason
from esb.registry.notices import Topic, tell


class NoAgreement(EsbError):
    """A member has no agreement with the operator in force, and the settings demand one."""


@dataclass(frozen=True, slots=True)
class Particulars:
    """Who a member is.  ``voen`` is the taxpayer's number, ten digits."""

    code: str
    name_az: str
    name_en: str
    kind: MemberKind
    voen: str | None = None


def join(
    engine: Engine,
    who: Particulars,
    *,
    agreement: Agreement | None = None,
    paper: Paper | None = None,
    agreement_required: bool,
    author: str,
    now: float,
) -> None:
    """Register a member that takes part from now on: the operator's own act, without an application.

    Args:
        paper: the agreement's text, which is archived.
        agreement_required: ``members.agreement_required`` of the settings.

    Raises:
        NoAgreement: one is demanded, and none is given that is in force.
        NotFound, Conflict, Invalid: from the registry.
    """
    with acting(engine, author, now) as act:
        add_member(act, who.code, who.name_az, who.name_en, who.kind, voen=who.voen)
        if agreement is not None:
            add_agreement(act, who.code, replace(agreement, document=filed(act, paper)))
        _check_agreement(act, who.code, agreement_required)


def apply(
    engine: Engine, who: Particulars, *, contacts: Iterable[Contact] = (), reason: str, author: str, now: float
) -> None:
    """Register that somebody applies for taking part; who left before may apply anew, under the same code.

    Raises:
        Conflict, Invalid: from the registry.
    """
    with acting(engine, author, now) as act:
        try:
            known = get_member(act.session, who.code)
        except NotFound:
            add_member(act, who.code, who.name_az, who.name_en, who.kind, voen=who.voen, status=MemberStatus.APPLIED)
        else:
            if known.status is not MemberStatus.APPLIED:
                set_member_status(act, who.code, MemberStatus.APPLIED, reason)
            change_member(act, who.code, reason, name_az=who.name_az, name_en=who.name_en, kind=who.kind, voen=who.voen)
        for contact in contacts:
            add_contact(act, who.code, contact)


def set_standing(
    engine: Engine,
    code: str,
    status: MemberStatus,
    reason: str,
    *,
    agreement_required: bool,
    author: str,
    now: float,
) -> bool:
    """Let a member in, suspend it, or note that it left; return whether that changed anything.

    Who leaves loses what it was granted, what was granted on its services, and its certificates: nothing of it comes
    back by itself should it ever apply anew.  The member is told, and so are those who ask its services.

    Args:
        agreement_required: ``members.agreement_required`` of the settings.

    Raises:
        NoAgreement: the member would be active without an agreement in force.
        NotFound, Conflict, Invalid: from the registry.
    """
    with acting(engine, author, now) as act:
        before = get_member(act.session, code).status
        set_member_status(act, code, status, reason)
        if before is status:
            return False
        if status is MemberStatus.ACTIVE:
            _check_agreement(act, code, agreement_required)
        grants = [row for row in list_grants_of_member(act.session, code) if row.status is GrantStatus.APPROVED]
        askers = {row.consumer_member for row in grants if row.service.member == code}
        if status is MemberStatus.LEFT:
            for row in grants:
                revoke_grant(act, row.id, f"member {code} left: {reason}"[:4_000])
            _revoke_certificates(act, code)
        facts = {"member": code, "before": before.value, "status": status.value, "reason": reason}
        tell(act, Topic.MEMBER_STATUS, f"member:{code}", {code, *askers}, facts)
        return True


def _check_agreement(act: Act, code: str, required: bool) -> None:
    if required and agreement_in_force(act.session, code, act.now) is None:
        raise NoAgreement(
            f"member {code} has no agreement in force, and members.agreement_required is on. Register it first: "
            f"esb member agreement add {code} NUMBER --signed YYYY-MM-DD --document FILE"
        )


def _revoke_certificates(act: Act, code: str) -> None:
    for row in list_certificates(act.session, code):
        if row.revoked in (None, RevocationReason.CERTIFICATE_HOLD):
            revoke_certificate(act, row.sha256, RevocationReason.CESSATION_OF_OPERATION)
