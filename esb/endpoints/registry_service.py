"""The registry as a service: who takes part, what changed, and the caller's own certificates and grants.

Hosted name ``registry``; register it with ``esb service add SHLUZ/BUS/Registry/v1 --hosted registry``.
"""

from datetime import UTC, datetime
from typing import Any, Final

from esb.adapters.hosted.typed import Boolean, ComplexModel, DateTime, HostedService, Integer, ServiceBase, Unicode
from esb.adapters.hosted.typed import operation as operation_of
from esb.endpoints.bus_view import BusView
from esb.endpoints.told import engine_of, told
from esb.kernel.namespaces import REGISTRY as NAMESPACE
from esb.registry.acts import list_changes
from esb.registry.database import reading
from esb.registry.grants import list_grants_of_member

_MOST: Final = 500
# Kinds of change whose subject is public on the bus: what is offered, by whom.  Others are told to those concerned.
_PUBLIC: Final = frozenset({"member", "system", "service", "contract"})
_Text = Unicode(min_occurs=1, nillable=False)
_Moment = DateTime(min_occurs=1, nillable=False)
_Number = Integer(min_occurs=1, nillable=False)


class MemberInfo(ComplexModel):  # type: ignore[misc]
    """A participant (iştirakçı): its code, its names (adları) and where it stands."""

    __namespace__ = NAMESPACE
    code = _Text
    az = _Text
    en = _Text
    status = _Text


class ChangeInfo(ComplexModel):  # type: ignore[misc]
    """A change of the registry (reyestrdə dəyişiklik): what was done to which thing, and when.  By whom is not told."""

    __namespace__ = NAMESPACE
    number = _Number
    at = _Moment
    act = _Text
    kind = _Text
    key = _Text


class CertificateInfo(ComplexModel):  # type: ignore[misc]
    """A certificate of the caller (sertifikat), and until when it is good (etibarlıdır)."""

    __namespace__ = NAMESPACE
    sha256 = _Text
    use = _Text
    subject = _Text
    issuer = _Text
    since = DateTime(min_occurs=1, nillable=False, sub_name="from")
    until = _Moment
    usable = Boolean(min_occurs=1, nillable=False)
    revoked = Unicode(nillable=False)


class GrantInfo(ComplexModel):  # type: ignore[misc]
    """A grant (icazə) to the caller, or on a service of the caller, requested or approved."""

    __namespace__ = NAMESPACE
    number = _Number
    status = _Text
    consumer = _Text
    service = _Text
    purpose = _Text
    basis = _Text
    until = DateTime(nillable=False)


def list_members(ctx: Any) -> list[MemberInfo]:
    """Every member, by code: its names in both languages and its standing (iştirakçıların siyahısı)."""
    view: BusView = ctx.udc.bus
    members = view.directory().members
    return [
        MemberInfo(code=each.code, az=each.name_az, en=each.name_en, status=each.status.value)
        for _, each in sorted(members.items())
    ]


def registry_changes(ctx: Any, since: int, limit: int | None) -> list[ChangeInfo]:
    """What changed after a number among members, systems, services and contracts, oldest first (dəyişikliklər).

    Whoever follows asks again from the last number that it was told.
    """
    most = min(limit or _MOST, _MOST)
    found: list[ChangeInfo] = []
    with told(), reading(engine_of(ctx.udc.bus)) as session:
        while len(found) < most:
            rows = list_changes(session, since)
            if not rows:
                break
            since = rows[-1].number
            found += [_change(row) for row in rows if row.kind in _PUBLIC]
    return found[:most]


def my_certificates(ctx: Any) -> list[CertificateInfo]:
    """The caller's certificates and when they end, the one that ends first at the head (sertifikatlarım)."""
    view: BusView = ctx.udc.bus
    now = view.now()
    own = [each for each in view.directory().certificates.by_sha256.values() if each.owner == ctx.udc.consumer]
    return [
        CertificateInfo(
            sha256=each.sha256.hex(),
            use=each.use.value,
            subject=each.subject,
            issuer=each.issuer,
            since=_moment(each.not_before),
            until=_moment(each.not_after),
            usable=each.problem is None and each.revoked is None and each.not_before <= now <= each.not_after,
            revoked=each.revoked,
        )
        for each in sorted(own, key=lambda each: (each.not_after, each.sha256))
    ]


def my_grants(ctx: Any) -> list[GrantInfo]:
    """What is granted to the caller or asked for, and what others are granted on its services (icazələrim)."""
    with told(), reading(engine_of(ctx.udc.bus)) as session:
        return [
            GrantInfo(
                number=row.id,
                status=row.status.value,
                consumer=row.consumer,
                service=row.service.name.text,
                purpose=row.purpose,
                basis=row.legal_basis,
                until=None if row.valid_until is None else _moment(row.valid_until),
            )
            for row in list_grants_of_member(session, ctx.udc.consumer)
        ]


def _change(row: Any) -> ChangeInfo:
    return ChangeInfo(number=row.number, at=_moment(row.at), act=row.act, kind=row.kind, key=row.key)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _many(kind: Any) -> Any:
    return kind.customize(max_occurs="unbounded", nillable=False)


class RegistryService(ServiceBase):  # type: ignore[misc]
    """The registry's public part, and what it holds of the caller (reyestr)."""

    list_members = operation_of("listMembers", returns=_many(MemberInfo), answer="member")(list_members)
    registry_changes = operation_of(
        "registryChanges",
        Integer(min_occurs=1, nillable=False, ge=0),
        Integer(nillable=False, ge=1),
        returns=_many(ChangeInfo),
        answer="change",
    )(registry_changes)
    my_certificates = operation_of("myCertificates", returns=_many(CertificateInfo), answer="certificate")(
        my_certificates
    )
    my_grants = operation_of("myGrants", returns=_many(GrantInfo), answer="grant")(my_grants)


REGISTRY = HostedService(RegistryService, NAMESPACE, "Registry")
