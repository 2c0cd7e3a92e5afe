"""Every state machine of the registry, from each state by each act, on SQLite and on PostgreSQL.

What an act leads to is written out here and not taken from the code; whatever a table leaves out is forbidden, and
must change nothing.  Applications have a file of their own (test_application_procedure.py), inspections too.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from support.entries import information_resource

from esb.kernel.contract import Contract
from esb.kernel.directory import CertificateUse, MemberStatus, ServiceStatus
from esb.kernel.names import ServiceId
from esb.registry import findings, inspections
from esb.registry.acts import Act, acting, last_change
from esb.registry.agreements import Agreement, add_agreement, end_agreement, get_agreement
from esb.registry.certificates import add_certificate, get_certificate, revoke_certificate
from esb.registry.channels import add_channel, end_channel, get_channel, verify_channel
from esb.registry.contacts import Contact, add_contact, change_contact, end_contact, get_contact
from esb.registry.contracts import put_contract
from esb.registry.database import open_database, reading
from esb.registry.documents import expire_documents, get_document_facts, put_document
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.grants import (
    COURSE,
    Leave,
    approve_grant,
    decline_grant,
    get_grant,
    request_grant,
    revoke_grant,
    withdraw_grant,
)
from esb.registry.hosted_keys import end_hosted_key, host_key, hosted_keys
from esb.registry.interruptions import (
    announce_maintenance,
    cancel_maintenance,
    list_outages,
    tell_outage,
    tell_outage_over,
)
from esb.registry.issued import Issued, enter_issued, get_issued, release_certificate
from esb.registry.member_models import ContactRole
from esb.registry.members import STANDING, add_member, add_system, get_member, set_member_status
from esb.registry.models import GrantStatus, MemberKind, RevocationReason
from esb.registry.notice_models import ChannelKind, DeliveryRow, DeliveryState, MaintenanceRow, Topic
from esb.registry.notices import tell
from esb.registry.outbox import Parcel, claim, delivered, given_up, postponed
from esb.registry.procedure_models import FindingState, Point, Severity
from esb.registry.renewals import RenewalRow, Subject, begin_renewal, end_renewal
from esb.registry.resource_entry import ResourceStatus
from esb.registry.resource_reading import read_entry
from esb.registry.resources import (
    change_resource,
    get_resource,
    register_resource,
    set_resource_status,
    transfer_resource,
)
from esb.registry.services import Terms, add_service, get_service, update_service
from esb.registry.sunsets import cancel_sunset, get_sunset, set_sunset

NOW = 1_795_000_000.0
DAY = 86_400.0
ADDRESS = "https://provider.example/"


class Desk:
    """A registry of two members, with a system and a contract, and fresh names for whatever is made in it."""

    def __init__(self, engine: Engine, contract: Contract) -> None:
        self.engine = engine
        self.now = NOW
        self.count = 0
        for code in ("DIN", "DSMF"):
            self.do(add_member, code, f"{code} az", f"{code} en", MemberKind.STATE)
        self.do(add_system, "DIN", "IAMAS", "IAMAS", "IAMAS")
        self.contract = self.do(put_contract, b"packed", contract)

    def do(self, function: Callable[..., Any], *given: Any, author: str = "officer", **more: Any) -> Any:
        self.now += 1
        with acting(self.engine, author, self.now) as act:
            return function(act, *given, **more)

    def name(self) -> str:
        self.count += 1
        return f"N{self.count}"

    def service(self) -> ServiceId:
        fresh = ServiceId("DIN", "IAMAS", self.name(), "v1")
        self.do(add_service, fresh, self.contract, Terms(ADDRESS))
        return fresh

    def changes(self) -> int:
        """How many changes stand on record."""
        with reading(self.engine) as session:
            newest = last_change(session)
            return 0 if newest is None else newest.number


@dataclass(frozen=True)
class Machine:
    """One state machine.

    Attributes:
        make: how something gets into each state, by lawful acts alone; gives what the acts are told.
        acts: what can be tried on it.
        leads: the state that each lawful act leads to; what is left out is refused.
        state: reads the state.
        idle: lawful acts that change nothing at all.
        unlisted: acts that are no change on record (who holds a delivery is nobody's affair).
        refused: with what, where it is not a :class:`Conflict`; False for an act that answers that it did nothing.
    """

    make: Mapping[str, Callable[[Desk], Any]]
    acts: Mapping[str, Callable[[Desk, Any], Any]]
    leads: Mapping[tuple[str, str], str]
    state: Callable[[Session, Any], str]
    idle: frozenset[tuple[str, str]] = frozenset()
    unlisted: frozenset[str] = frozenset()
    refused: Mapping[tuple[str, str], Any] = field(default_factory=dict)


# Members


def member(desk: Desk, status: MemberStatus) -> str:
    code = desk.name()
    desk.do(add_member, code, code, code, MemberKind.STATE, status=status)
    return code


MEMBERS = Machine(
    make={one.value: lambda desk, one=one: member(desk, one) for one in MemberStatus},
    acts={
        one.value: lambda desk, code, one=one: desk.do(set_member_status, code, one, "decision 7") for one in STANDING
    },
    leads={
        ("applied", "applied"): "applied",
        ("applied", "active"): "active",
        ("applied", "left"): "left",
        ("active", "active"): "active",
        ("active", "suspended"): "suspended",
        ("active", "left"): "left",
        ("suspended", "suspended"): "suspended",
        ("suspended", "active"): "active",
        ("suspended", "left"): "left",
        ("left", "left"): "left",
        ("left", "applied"): "applied",
    },
    state=lambda session, code: get_member(session, code).status.value,
    idle=frozenset((one.value, one.value) for one in MemberStatus),
)


# Grants


def grant(desk: Desk, *steps: str) -> int:
    leave = Leave("pension", "Law 55, article 3", NOW)
    number = int(desk.do(request_grant, "DSMF", desk.service(), leave, author="leyla"))
    for step in steps:
        GRANT_ACTS[step](desk, number)
    return number


GRANT_ACTS: dict[str, Callable[[Desk, int], Any]] = {
    "approve": lambda desk, number: desk.do(approve_grant, number, author="aydin"),
    "decline": lambda desk, number: desk.do(decline_grant, number, "no ground", author="aydin"),
    "withdraw": lambda desk, number: desk.do(withdraw_grant, number, "a mistake", author="leyla"),
    "revoke": lambda desk, number: desk.do(revoke_grant, number, "over"),
}
GRANTS = Machine(
    make={
        "requested": grant,
        "approved": lambda desk: grant(desk, "approve"),
        "declined": lambda desk: grant(desk, "decline"),
        "withdrawn": lambda desk: grant(desk, "withdraw"),
        "revoked": lambda desk: grant(desk, "approve", "revoke"),
    },
    acts=GRANT_ACTS,
    leads={
        ("requested", "approve"): "approved",
        ("requested", "decline"): "declined",
        ("requested", "withdraw"): "withdrawn",
        ("approved", "revoke"): "revoked",
        ("revoked", "revoke"): "revoked",
    },
    state=lambda session, number: get_grant(session, number).status.value,
    idle=frozenset({("revoked", "revoke")}),
)


# The registers


def entry(desk: Desk, *steps: ResourceStatus) -> str:
    code = f"DIN/{desk.name()}"
    desk.do(register_resource, read_entry(information_resource(code=code)), "first")
    for step in steps:
        desk.do(set_resource_status, code, step, "step")
    return code


def _change(desk: Desk, code: str) -> None:
    desk.do(change_resource, read_entry(information_resource(code=code, purpose=f"other {desk.now}")), "changed")


R = ResourceStatus
ENTRIES = Machine(
    make={
        "draft": entry,
        "registered": lambda desk: entry(desk, R.REGISTERED),
        "suspended": lambda desk: entry(desk, R.REGISTERED, R.SUSPENDED),
        "retired": lambda desk: entry(desk, R.REGISTERED, R.RETIRED),
        "archived": lambda desk: entry(desk, R.ARCHIVED),
    },
    acts={
        **{one.value: lambda desk, code, one=one: desk.do(set_resource_status, code, one, "step") for one in R},
        "change": _change,
        "transfer": lambda desk, code: desk.do(transfer_resource, code, "DSMF", "by decree"),
    },
    leads={
        **{(one.value, one.value): one.value for one in R},
        **{(one.value, "change"): one.value for one in R if one is not R.ARCHIVED},
        **{(one.value, "transfer"): one.value for one in (R.DRAFT, R.REGISTERED, R.SUSPENDED)},
        ("draft", "registered"): "registered",
        ("draft", "archived"): "archived",
        ("registered", "suspended"): "suspended",
        ("registered", "retired"): "retired",
        ("suspended", "registered"): "registered",
        ("suspended", "retired"): "retired",
        ("retired", "archived"): "archived",
    },
    state=lambda session, code: get_resource(session, code).status.value,
    idle=frozenset((one.value, one.value) for one in R),
)


# Services and the ends of contract versions


def service(desk: Desk, status: ServiceStatus) -> ServiceId:
    fresh = desk.service()
    desk.do(update_service, fresh, status=status)
    return fresh


SERVICES = Machine(
    make={one.value: lambda desk, one=one: service(desk, one) for one in ServiceStatus},
    acts={one.value: lambda desk, id, one=one: desk.do(update_service, id, status=one) for one in ServiceStatus},
    leads={(before.value, after.value): after.value for before in ServiceStatus for after in ServiceStatus},
    state=lambda session, id: get_service(session, id).status.value,
    idle=frozenset((one.value, one.value) for one in ServiceStatus),
)


def version(desk: Desk, *days: float | None) -> ServiceId:
    fresh = desk.service()
    for one in days:
        if one is None:
            desk.do(cancel_sunset, fresh)
        else:
            desk.do(set_sunset, fresh, NOW + one * DAY)
    return fresh


def _sunset(session: Session, id: ServiceId) -> str:
    found = get_sunset(session, id)
    return "goes on" if found is None else "ends" if found.at == NOW + 50 * DAY else "ends later"


VERSIONS = Machine(
    make={
        "goes on": lambda desk: version(desk, 50, None),
        "ends": lambda desk: version(desk, 50),
        "ends later": lambda desk: version(desk, 90),
    },
    acts={
        "set": lambda desk, id: desk.do(set_sunset, id, NOW + 50 * DAY),
        "put off": lambda desk, id: desk.do(set_sunset, id, NOW + 90 * DAY),
        "take back": lambda desk, id: desk.do(cancel_sunset, id),
    },
    leads={
        ("goes on", "set"): "ends",
        ("goes on", "put off"): "ends later",
        ("ends", "set"): "ends",
        ("ends", "put off"): "ends later",
        ("ends", "take back"): "goes on",
        ("ends later", "set"): "ends",
        ("ends later", "put off"): "ends later",
        ("ends later", "take back"): "goes on",
    },
    state=_sunset,
    idle=frozenset({("ends", "set"), ("ends later", "put off")}),
    refused={("goes on", "take back"): NotFound},
)


# Certificates, renewals, hosted keys


def certificate(desk: Desk, *reasons: RevocationReason) -> str:
    def make(act: Act) -> str:
        digest = add_certificate(act, desk.name().encode(), "DIN", CertificateUse.SIGNING)
        issued = Issued(digest, b"x", "c" * 64, desk.count, "signing", "CN=x", "DIN", "k" * 64, NOW - DAY, NOW + DAY)
        enter_issued(act, issued)
        for reason in reasons:
            revoke_certificate(act, digest, reason)
        return digest

    return str(desk.do(make))


def _revoked(session: Session, digest: str) -> str:
    spoken, issued = get_certificate(session, digest).revoked, get_issued(session, digest).revoked
    assert spoken is issued, "the two registers go together"
    return "good" if spoken is None else spoken.value


HOLD = RevocationReason.CERTIFICATE_HOLD
FINAL = (RevocationReason.KEY_COMPROMISE, RevocationReason.SUPERSEDED)  # all but a hold are alike
CERTIFICATES = Machine(
    make={"good": certificate, **{one.value: lambda desk, one=one: certificate(desk, one) for one in (HOLD, *FINAL)}},
    acts={
        **{one.value: lambda desk, id, one=one: desk.do(revoke_certificate, id, one) for one in RevocationReason},
        "release": lambda desk, id: desk.do(release_certificate, id),
    },
    leads={
        **{("good", one.value): one.value for one in RevocationReason},
        **{(HOLD.value, one.value): one.value for one in RevocationReason},
        **{(one.value, one.value): one.value for one in FINAL},
        (HOLD.value, "release"): "good",
    },
    state=_revoked,
    idle=frozenset((one.value, one.value) for one in RevocationReason),
)


def renewal(desk: Desk, *steps: bool) -> tuple[int, Subject]:
    subject = Subject("member", member(desk, MemberStatus.ACTIVE))
    number = desk.do(lambda act: begin_renewal(act, subject, "a" * 64, "b" * 64, NOW + DAY).id)
    for cut_over in steps:
        _end(desk, (number, subject), cut_over)
    return number, subject


def _end(desk: Desk, of: tuple[int, Subject], cut_over: bool) -> None:
    desk.do(lambda act: end_renewal(act, act.session.get_one(RenewalRow, of[0]), cut_over=cut_over))


def _renewed(session: Session, of: tuple[int, Subject]) -> str:
    row = session.get_one(RenewalRow, of[0])
    return "cut over" if row.cut_over_at is not None else "given up" if row.given_up_at is not None else "open"


RENEWALS = Machine(
    make={
        "open": renewal,
        "cut over": lambda desk: renewal(desk, True),
        "given up": lambda desk: renewal(desk, False),
    },
    acts={
        "begin another": lambda desk, of: desk.do(begin_renewal, of[1], "b" * 64, "c" * 64, NOW + DAY),
        "cut over": lambda desk, of: _end(desk, of, True),
        "give up": lambda desk, of: _end(desk, of, False),
    },
    leads={
        ("open", "cut over"): "cut over",
        ("open", "give up"): "given up",
        ("cut over", "give up"): "given up",  # which puts the certificate before it back
        ("cut over", "begin another"): "cut over",
        ("given up", "begin another"): "given up",
    },
    state=_renewed,
)


def host(desk: Desk, *steps: str) -> str:
    code = member(desk, MemberStatus.ACTIVE)
    for step in steps:
        HOST_ACTS[step](desk, code)
    return code


def _host(desk: Desk, code: str) -> None:
    digest = desk.do(add_certificate, desk.name().encode(), code, CertificateUse.SIGNING)
    desk.do(host_key, code, f"{code}.key", digest)


HOST_ACTS: dict[str, Callable[[Desk, str], Any]] = {
    "host": _host,
    "end": lambda desk, code: desk.do(end_hosted_key, code),
}
HOSTED_KEYS = Machine(
    make={"none": host, "hosted": lambda desk: host(desk, "host"), "ended": lambda desk: host(desk, "host", "end")},
    acts=HOST_ACTS,
    leads={
        ("none", "host"): "hosted",
        ("hosted", "host"): "hosted",
        ("ended", "host"): "hosted",
        ("hosted", "end"): "none",
    },
    state=lambda session, code: "hosted" if code in {one for one, _, _ in hosted_keys(session)} else "none",
    refused={("none", "end"): NotFound, ("ended", "end"): NotFound},
)


# Agreements, contacts, documents


def agreement(desk: Desk, ended: bool = False) -> str:
    number = desk.name()
    desk.do(add_agreement, "DIN", Agreement(number, NOW))
    if ended:
        desk.do(end_agreement, "DIN", number, "by both sides")
    return number


AGREEMENTS = Machine(
    make={"in force": agreement, "ended": lambda desk: agreement(desk, True)},
    acts={
        "the same again": lambda desk, number: desk.do(add_agreement, "DIN", Agreement(number, NOW)),
        "other terms": lambda desk, number: desk.do(add_agreement, "DIN", Agreement(number, NOW, NOW + DAY)),
        "end": lambda desk, number: desk.do(end_agreement, "DIN", number, "by both sides"),
    },
    leads={
        ("in force", "the same again"): "in force",
        ("in force", "end"): "ended",
        ("ended", "the same again"): "ended",
        ("ended", "end"): "ended",
    },
    state=lambda session, number: "in force" if get_agreement(session, "DIN", number).in_force(NOW + 1e9) else "ended",
    idle=frozenset({("in force", "the same again"), ("ended", "the same again"), ("ended", "end")}),
)


def contact(desk: Desk, ended: bool = False) -> int:
    name = desk.name()
    given = Contact(name, "IT", f"{name}@din.example", "+994 12 555 00 00", frozenset({ContactRole.TECHNICAL}))
    number = int(desk.do(add_contact, "DIN", given))
    if ended:
        desk.do(end_contact, number, "left")
    return number


CONTACTS = Machine(
    make={"current": contact, "ended": lambda desk: contact(desk, True)},
    acts={
        "change": lambda desk, number: desk.do(change_contact, number, "promoted", office="Head of IT"),
        "change nothing": lambda desk, number: desk.do(change_contact, number, "none", office="IT"),
        "end": lambda desk, number: desk.do(end_contact, number, "left"),
    },
    leads={
        ("current", "change"): "ended",  # another takes its place: no row is overwritten
        ("current", "change nothing"): "current",
        ("current", "end"): "ended",
        ("ended", "end"): "ended",
    },
    state=lambda session, number: "current" if get_contact(session, number).ended_at is None else "ended",
    idle=frozenset({("current", "change nothing"), ("ended", "end")}),
)


def document(desk: Desk, until: float | None, gone: bool = False) -> tuple[bytes, str]:
    content = desk.name().encode()
    digest = desk.do(put_document, content, "a.pdf", "application/pdf", keep_until=until and desk.now + until)
    if gone:
        desk.now += DAY
        desk.do(expire_documents)
    return content, str(digest)


def _put(desk: Desk, of: tuple[bytes, str]) -> None:
    desk.do(put_document, of[0], "a.pdf", "application/pdf")


def _due(desk: Desk) -> tuple[bytes, str]:
    made = document(desk, 60)
    desk.now += DAY
    return made


DOCUMENTS = Machine(
    make={
        "kept for good": lambda desk: document(desk, None),
        "kept": lambda desk: document(desk, 9e8),
        "due": _due,
        "gone": lambda desk: document(desk, 60, True),
    },
    acts={"put again": _put, "expire": lambda desk, of: desk.do(expire_documents)},
    leads={
        ("kept for good", "put again"): "there",
        ("kept for good", "expire"): "there",
        ("kept", "put again"): "there",
        ("kept", "expire"): "there",
        ("due", "put again"): "there",
        ("due", "expire"): "gone",
        ("gone", "put again"): "there",
        ("gone", "expire"): "gone",
    },
    state=lambda session, of: "there" if get_document_facts(session, of[1]).expired_at is None else "gone",
    idle=frozenset(
        {("kept for good", "put again"), ("kept for good", "expire"), ("kept", "expire"), ("gone", "expire")}
    ),
)


# Notices


def channel(desk: Desk, *steps: str) -> tuple[int, str]:
    address = f"{desk.name()}@din.example"
    number = int(desk.do(add_channel, "DIN", ChannelKind.MAIL, address, "code"))
    for step in steps:
        CHANNEL_ACTS[step](desk, (number, address))
    return number, address


CHANNEL_ACTS: dict[str, Callable[[Desk, tuple[int, str]], Any]] = {
    "add again": lambda desk, of: desk.do(add_channel, "DIN", ChannelKind.MAIL, of[1], "other"),
    "verify": lambda desk, of: desk.do(verify_channel, of[0], "code"),
    "guess": lambda desk, of: desk.do(verify_channel, of[0], "guess"),
    "end": lambda desk, of: desk.do(end_channel, of[0]),
}


def _channel(session: Session, of: tuple[int, str]) -> str:
    row = get_channel(session, of[0])
    return "ended" if row.ended_at is not None else "waits for its code" if row.verified_at is None else "verified"


CHANNELS = Machine(
    make={
        "waits for its code": channel,
        "verified": lambda desk: channel(desk, "verify"),
        "ended": lambda desk: channel(desk, "end"),
    },
    acts=CHANNEL_ACTS,
    leads={
        ("waits for its code", "verify"): "verified",
        ("waits for its code", "end"): "ended",
        ("verified", "verify"): "verified",
        ("verified", "guess"): "verified",
        ("verified", "end"): "ended",
        ("ended", "add again"): "ended",
        ("ended", "end"): "ended",
    },
    state=_channel,
    idle=frozenset({("verified", "verify"), ("verified", "guess"), ("ended", "end")}),
    refused={("waits for its code", "guess"): Invalid},
)


@dataclass(frozen=True)
class Letter:
    channel: int
    parcel: Parcel
    holder: str


def letter(desk: Desk, *steps: str) -> Letter:
    """A delivery that one holder has claimed, and what becomes of it."""
    recipient = member(desk, MemberStatus.ACTIVE)
    number = desk.do(add_channel, recipient, ChannelKind.MAIL, "duty@din.example", "code")
    desk.do(verify_channel, number, "code")
    for parcel in claim(desk.engine, "setting up", desk.now, 1e9):
        delivered(desk.engine, parcel, "setting up", desk.now)
    desk.do(tell, Topic.OPERATOR_MESSAGE, "operator:message", recipient, {"text": "Salam"})
    [parcel] = claim(desk.engine, "first", desk.now, 60)
    made = Letter(number, parcel, "first")
    for step in steps:
        LETTER_ACTS[step](desk, made)
    return made


def _claim(desk: Desk, of: Letter) -> bool:
    return any(one.id == of.parcel.id for one in claim(desk.engine, "second", desk.now, 60))


def _late(desk: Desk, of: Letter) -> bool:
    desk.now += 61
    return _claim(desk, of)


LETTER_ACTS: dict[str, Callable[[Desk, Letter], Any]] = {
    "claim": _claim,
    "claim when its time is over": _late,
    "delivered": lambda desk, of: delivered(desk.engine, of.parcel, "first", desk.now),
    "postponed": lambda desk, of: postponed(desk.engine, of.parcel, "first", desk.now + 30, "busy"),
    "given up": lambda desk, of: given_up(desk.engine, of.parcel, "first", desk.now, "no such mailbox"),
    "end channel": lambda desk, of: desk.do(end_channel, of.channel),
}


def _letter(session: Session, of: Letter) -> str:
    row = session.get_one(DeliveryRow, of.parcel.id)
    waits = "waits" if row.holder is None else f"held by {row.holder}"
    return waits if row.state is DeliveryState.WAITING else row.state.value


DELIVERY_STATES = ("held by first", "waits", "held by second", "delivered", "given-up", "dropped")
DELIVERIES = Machine(
    make={
        "held by first": letter,
        "waits": lambda desk: letter(desk, "postponed"),
        "held by second": lambda desk: letter(desk, "claim when its time is over"),
        "delivered": lambda desk: letter(desk, "delivered"),
        "given-up": lambda desk: letter(desk, "given up"),
        "dropped": lambda desk: letter(desk, "end channel"),
    },
    acts=LETTER_ACTS,
    leads={
        ("held by first", "claim when its time is over"): "held by second",
        ("held by first", "delivered"): "delivered",
        ("held by first", "postponed"): "waits",
        ("held by first", "given up"): "given-up",
        ("waits", "claim when its time is over"): "held by second",
        ("held by second", "claim when its time is over"): "held by second",
        **{(one, "end channel"): "dropped" for one in ("held by first", "waits", "held by second", "dropped")},
        **{(one, "end channel"): one for one in ("delivered", "given-up")},
    },
    state=_letter,
    idle=frozenset({("dropped", "end channel")}),
    unlisted=frozenset({"claim", "claim when its time is over", "delivered", "postponed", "given up"}),
    refused=dict.fromkeys(product(DELIVERY_STATES, LETTER_ACTS), False),
)


def maintenance(desk: Desk, starts: float, *, cancelled: bool = False, over: bool = False) -> int:
    given = ("DIN", None, desk.now + starts * DAY, desk.now + starts * DAY + 60, "new disks")
    number = int(desk.do(announce_maintenance, *given).number)
    if cancelled:
        desk.do(cancel_maintenance, number, "moved")
    if over:
        desk.now += 3 * DAY
    return number


MAINTENANCE = Machine(
    make={
        "announced": lambda desk: maintenance(desk, 3),
        "under way": lambda desk: maintenance(desk, 0),
        "over": lambda desk: maintenance(desk, 1, over=True),
        "taken back": lambda desk: maintenance(desk, 3, cancelled=True),
    },
    acts={"take back": lambda desk, number: desk.do(cancel_maintenance, number, "moved")},
    leads={("announced", "take back"): "taken back", ("under way", "take back"): "taken back"},
    state=lambda session, number: (
        "stands" if session.get_one(MaintenanceRow, number).cancelled_at is None else "taken back"
    ),
)


def outage(desk: Desk, *steps: str) -> str:
    about = f"service:{desk.service()}"
    for step in steps:
        OUTAGE_ACTS[step](desk, about)
    return about


OUTAGE_ACTS: dict[str, Callable[[Desk, str], Any]] = {
    "begin": lambda desk, about: desk.do(tell_outage, about, "power is out"),
    "end": lambda desk, about: desk.do(tell_outage_over, about),
}
OUTAGES = Machine(
    make={
        "none": outage,
        "lasts": lambda desk: outage(desk, "begin"),
        "over": lambda desk: outage(desk, "begin", "end"),
    },
    acts=OUTAGE_ACTS,
    leads={("none", "begin"): "lasts", ("lasts", "end"): "none", ("over", "begin"): "lasts"},
    state=lambda session, about: "lasts" if about in {row.about for row in list_outages(session)} else "none",
)


# Findings


def finding(desk: Desk, *steps: str) -> int:
    inspection = desk.do(inspections.plan_inspection, "DIN", "plan", desk.now + DAY)
    desk.do(inspections.start_inspection, inspection)
    given = (inspection, Point.FIN, Severity.MAJOR, "FIN is not checked", "IT", desk.now + DAY)
    number = int(desk.do(findings.add_finding, *given))
    for step in steps:
        FINDING_ACTS[step](desk, number)
    return number


def _expire(desk: Desk, number: int) -> None:
    desk.now += 2 * DAY
    desk.do(lambda act: findings.expire_finding(act, findings.get_finding(act.session, number)))


FINDING_ACTS: dict[str, Callable[[Desk, int], Any]] = {
    "mend": lambda desk, number: desk.do(findings.mend_finding, number, "checked now", author="aysel"),
    "confirm": lambda desk, number: desk.do(findings.confirm_finding, number, "seen", author="kamran"),
    "confirm oneself": lambda desk, number: desk.do(findings.confirm_finding, number, "seen", author="AYSEL "),
    "reopen": lambda desk, number: desk.do(findings.reopen_finding, number, "not yet", author="kamran"),
    "expire": _expire,
}
FINDINGS = Machine(
    make={
        "open": finding,
        "mended": lambda desk: finding(desk, "mend"),
        "confirmed": lambda desk: finding(desk, "mend", "confirm"),
        "overdue": lambda desk: finding(desk, "expire"),
    },
    acts=FINDING_ACTS,
    leads={
        ("open", "mend"): "mended",
        ("open", "expire"): "overdue",
        ("overdue", "mend"): "mended",
        ("mended", "confirm"): "confirmed",
        ("mended", "reopen"): "open",
    },
    state=lambda session, number: findings.get_finding(session, number).state.value,
)

MACHINES = {
    "member": MEMBERS,
    "grant": GRANTS,
    "register-entry": ENTRIES,
    "service": SERVICES,
    "contract-version": VERSIONS,
    "certificate": CERTIFICATES,
    "renewal": RENEWALS,
    "hosted-key": HOSTED_KEYS,
    "agreement": AGREEMENTS,
    "contact": CONTACTS,
    "document": DOCUMENTS,
    "channel": CHANNELS,
    "delivery": DELIVERIES,
    "maintenance": MAINTENANCE,
    "outage": OUTAGES,
    "finding": FINDINGS,
}


@pytest.fixture
def desk(database_url: str, make_contract: Callable[..., Contract]) -> Iterator[Desk]:
    engine = open_database(database_url)
    yield Desk(engine, make_contract("Ask"))
    engine.dispose()


@pytest.mark.parametrize("name", MACHINES)
def test_every_act_leads_where_it_may_or_is_refused_and_changes_nothing(desk: Desk, name: str) -> None:
    machine = MACHINES[name]
    assert machine.leads.keys() <= {(state, act) for state in machine.make for act in machine.acts}
    for state, make in machine.make.items():
        for act, attempt in machine.acts.items():
            of, where = make(desk), f"{act} from {state}"
            with reading(desk.engine) as session:
                after = machine.state(session, of)
            changes = desk.changes()
            if (state, act) in machine.leads:
                after = machine.leads[state, act]
                assert attempt(desk, of) is not False, where
                if act not in machine.unlisted:
                    assert (desk.changes() == changes) is ((state, act) in machine.idle), where
            else:
                refused = machine.refused.get((state, act), Conflict)
                if refused is False:
                    assert attempt(desk, of) is False, where
                else:
                    with pytest.raises(refused):
                        attempt(desk, of)
                assert desk.changes() == changes, where
            with reading(desk.engine) as session:
                assert machine.state(session, of) == after, where


def test_the_tables_know_every_state() -> None:
    """A state that the code gets one day fails here until somebody has written down what may be done in it."""
    assert MEMBERS.make.keys() == {one.value for one in MemberStatus} == {one.value for one in STANDING}
    assert GRANTS.make.keys() == {one.value for one in GrantStatus} == {one.value for one in COURSE}
    assert ENTRIES.make.keys() == {one.value for one in ResourceStatus}
    assert SERVICES.make.keys() == {one.value for one in ServiceStatus}
    assert CERTIFICATES.acts.keys() == {"release", *(one.value for one in RevocationReason)}
    assert FINDINGS.make.keys() == {one.value for one in FindingState}
    assert {one.value for one in DeliveryState} - {"waiting"} <= DELIVERIES.make.keys()
