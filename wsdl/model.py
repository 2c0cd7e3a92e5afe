"""What a WSDL says of one port type that is served over SOAP, as frozen values: more than the bus routes by, and
all that is needed to publish it again."""

from dataclasses import dataclass

from esb.kernel.directory import Operation
from esb.kernel.soap import SoapVersion


@dataclass(frozen=True, slots=True)
class Part:
    """A message part that is an element, by its Clark name."""

    name: str
    element: str


@dataclass(frozen=True, slots=True)
class Header:
    """A header that a binding declares (WSDL 1.1 section 3.7)."""

    message: str
    part: Part


@dataclass(frozen=True, slots=True)
class Direction:
    """An input, output or fault of an operation.

    Attributes:
        name: its name attribute, or the default of WSDL 1.1 section 2.4.5.
        message: local name of its message.
        body: the part that is the Body's child, or the fault's detail; None for an empty Body.
        headers: as the binding declares.
        action: explicit WS-Addressing action, "" when there is none.
    """

    name: str
    message: str
    body: Part | None
    headers: tuple[Header, ...] = ()
    action: str = ""


@dataclass(frozen=True, slots=True)
class OperationModel:
    """An operation: what the bus routes by, and what is published."""

    operation: Operation
    input: Direction
    output: Direction | None
    faults: tuple[Direction, ...]
    documentation: str


@dataclass(frozen=True, slots=True)
class Interface:
    """A port type as it is served.

    Attributes:
        namespace: of the port type; the published WSDL takes it, since default actions are made of it.
        endpoint: address of the first SOAP port, "" when none is declared.
    """

    namespace: str
    port_type: str
    service_name: str
    endpoint: str
    versions: frozenset[SoapVersion]
    operations: tuple[OperationModel, ...]
    documentation: str
