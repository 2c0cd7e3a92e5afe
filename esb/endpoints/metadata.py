"""The bus's metadata as a service: what is offered, by whom, under which contract, and what the caller may ask.

Hosted name ``metadata``; register it with ``esb service add SHLUZ/BUS/Metadata/v1 --hosted metadata``.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from esb.adapters.hosted.typed import (
    ByteArray,
    ComplexModel,
    DateTime,
    Fault,
    HostedService,
    Integer,
    ServiceBase,
    Unicode,
    operation,
)
from esb.endpoints.bus_view import BusView
from esb.kernel.directory import Directory, Grant, MemberStatus, Service, ServiceStatus
from esb.kernel.names import SERVICES_ROOT
from esb.kernel.namespaces import META
from esb.wsdl.bundle import bundle_zip

_Text = Unicode(min_occurs=1, nillable=False)
_Optional = Unicode(nillable=False)


def _name() -> Any:
    # A fresh type each time: Spyne names a type with facets after the element that it meets it in first.
    return Unicode(min_occurs=1, nillable=False, min_len=1, max_len=320)


class Owner(ComplexModel):  # type: ignore[misc]
    """The member that offers a service."""

    __namespace__ = META
    code = _Text
    az = _Text
    en = _Text


class ServiceInfo(ComplexModel):  # type: ignore[misc]
    """A service on the bus; ``status`` is active, suspended, or, once its sunset has passed, retired."""

    __namespace__ = META
    name = _Text
    status = _Text
    owner = Owner.customize(min_occurs=1, nillable=False)
    address = _Text
    wsdl = _Text


class Ending(ComplexModel):  # type: ignore[misc]
    """When a service ends, or has ended, since when that is known, and which service takes its place, if any does."""

    __namespace__ = META
    service = _Text
    sunset = DateTime(min_occurs=1, nillable=False)
    decided = DateTime(nillable=False)
    successor = _Optional


class Method(ComplexModel):  # type: ignore[misc]
    """An operation; ``input`` and ``output`` are ``{namespace}local`` of the Body's element, ``output`` absent for a
    one-way operation."""

    __namespace__ = META
    name = _Text
    action = _Text
    input = _Text
    output = _Optional


class Allowed(ComplexModel):  # type: ignore[misc]
    """What one grant lets its client ask now."""

    __namespace__ = META
    service = _Text
    client = _Text
    method = Unicode(min_occurs=1, max_occurs="unbounded", nillable=False)
    purpose = _Text
    basis = _Text
    until = DateTime(nillable=False)
    per_second = Integer(nillable=False, sub_name="perSecond")
    per_day = Integer(nillable=False, sub_name="perDay")
    required = Unicode(max_occurs="unbounded", nillable=False)


def list_services(ctx: Any) -> list[ServiceInfo]:
    """Every service that is not retired, by name, whether or not the caller may ask it.

    One whose sunset has passed is listed, as retired: see :func:`list_endings` for its successor.
    """
    view: BusView = ctx.udc.bus
    directory = view.directory()
    now = view.now()
    return [_service_info(service, directory, view.address, now) for service in _offered(directory)]


def list_endings(ctx: Any) -> list[Ending]:
    """Every service whose end is decided, by name, with its successor; also those whose end has come.

    An operation of its own, because an element more in the answer of listServices would break consumers that hold
    answers to the contract that they know (:func:`esb.wsdl.compare.compare`).
    """
    return [
        Ending(
            service=service.id.text,
            sunset=_moment(service.sunset),
            decided=None if service.deprecated is None else _moment(service.deprecated),
            successor=service.successor or None,
        )
        for service in _offered(ctx.udc.bus.directory())
        if service.sunset is not None
    ]


def list_methods(ctx: Any, service: str) -> list[Method]:
    """The operations of a service."""
    found = _named(ctx.udc.bus, service)
    return [
        Method(name=each.name, action=each.soap_action, input=each.input, output=each.output)
        for each in sorted(found.operations.values(), key=lambda each: each.name)
    ]


def allowed_methods(ctx: Any) -> list[Allowed]:
    """What the caller and its subsystems may ask now, a grant each.  A grant's quota may be used up all the same."""
    view: BusView = ctx.udc.bus
    directory = view.directory()
    now = view.now()
    found = []
    for (client, name), grants in sorted(directory.grants.items()):
        if client.partition("/")[0] != ctx.udc.consumer:
            continue
        service = directory.services.get(SERVICES_ROOT + name)
        if service is not None and _status(service, directory, now) is ServiceStatus.ACTIVE:
            found += [_allowed(grant, service) for grant in grants if _in_force(grant, now)]
    return [each for each in found if each.method]


def get_contract(ctx: Any, service: str) -> list[bytes]:
    """A service's WSDLs and schemas as one closed zip."""
    view: BusView = ctx.udc.bus
    found = _named(view, service)
    return [bundle_zip(view.contract(found.contract), found.id, view.address + found.id.path)]


def _offered(directory: Directory) -> Iterator[Service]:
    for _, service in sorted(directory.services.items()):
        if service.status is not ServiceStatus.RETIRED:
            yield service


def _named(view: BusView, name: str) -> Service:
    service = view.directory().services.get(SERVICES_ROOT + name.strip())
    if service is None or service.status is ServiceStatus.RETIRED:
        raise Fault("Client.NoSuchResource", "No service of this name is registered: see listServices.")
    return service


def _status(service: Service, directory: Directory, now: float) -> ServiceStatus:
    """A service whose owner is not active is not served (RTE-03), nor is one whose sunset has passed (RTE-04)."""
    if service.sunset is not None and now >= service.sunset:
        return ServiceStatus.RETIRED
    owner = directory.members.get(service.id.member)
    if owner is None or owner.status is not MemberStatus.ACTIVE:
        return ServiceStatus.SUSPENDED
    return service.status


def _service_info(service: Service, directory: Directory, base: str, now: float) -> ServiceInfo:
    owner = directory.members.get(service.id.member)
    address = base + service.id.path
    return ServiceInfo(
        name=service.id.text,
        status=_status(service, directory, now).value,
        owner=Owner(
            code=service.id.member,
            az=service.id.member if owner is None else owner.name_az,
            en=service.id.member if owner is None else owner.name_en,
        ),
        address=address,
        wsdl=f"{address}?wsdl",
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _in_force(grant: Grant, now: float) -> bool:
    return grant.valid_from <= now and (grant.valid_until is None or now < grant.valid_until)


def _allowed(grant: Grant, service: Service) -> Allowed:
    offered = {each.name for each in service.operations.values()}
    return Allowed(
        service=service.id.text,
        client=grant.consumer,
        method=sorted(offered if grant.operations is None else offered & grant.operations),
        purpose=grant.purpose,
        basis=grant.legal_basis,
        until=None if grant.valid_until is None else _moment(grant.valid_until),
        per_second=grant.per_second,
        per_day=grant.per_day,
        required=sorted(grant.required_fields),
    )


class MetadataService(ServiceBase):  # type: ignore[misc]
    """What is offered on the bus, by whom, under which contract, and what the caller may ask."""

    list_services = operation(
        "listServices", returns=ServiceInfo.customize(max_occurs="unbounded", nillable=False), answer="service"
    )(list_services)
    list_endings = operation(
        "listEndings", returns=Ending.customize(max_occurs="unbounded", nillable=False), answer="ending"
    )(list_endings)
    list_methods = operation(
        "listMethods", _name(), returns=Method.customize(max_occurs="unbounded", nillable=False), answer="method"
    )(list_methods)
    allowed_methods = operation(
        "allowedMethods", returns=Allowed.customize(max_occurs="unbounded", nillable=False), answer="allowed"
    )(allowed_methods)
    get_contract = operation("getContract", _name(), returns=ByteArray(min_occurs=1, nillable=False), answer="bundle")(
        get_contract
    )


METADATA = HostedService(MetadataService, META, "Metadata")
