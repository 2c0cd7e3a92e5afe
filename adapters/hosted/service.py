"""A hosted service and who asks it, as plain values: known to a bus before Spyne is loaded, which it is with the first
service that the bus really hosts."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, as ``ctx.udc`` of every hosted operation.  All of it is verified, and on record already.

    Attributes:
        exchange: the exchange id.
        consumer: code of the member that signed the request.
        client: the MEMBER or MEMBER/SYSTEM of its grant.
        service: the resource's name, MEMBER/SYSTEM/SERVICE/vN.
        operation: name of the operation.
        bus: what the bus shows of itself to the services that it hosts.
        officer: the person behind the request, as its signed exch:Exchange names him or her; "" where it names none.
    """

    exchange: str
    consumer: str
    client: str
    service: str
    operation: str
    bus: Any
    officer: str = ""


@dataclass(frozen=True, slots=True)
class HostedService:
    """A typed service.

    Attributes:
        service: its Spyne class.
        namespace: target namespace of its WSDL and of every type that names none.
        name: of the WSDL's port type and service.
    """

    service: type[Any]
    namespace: str
    name: str
