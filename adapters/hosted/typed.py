"""What a hosted service is written with: Spyne's types, repaired, and the few words that are ours.

A service is a plain class of operations, each a plain function that is given ``ctx`` and typed values::

    from esb.adapters.hosted.typed import Fault, HostedService, ServiceBase, Unicode, operation

    def greet(ctx, name):
        \"\"\"Greet a person.\"\"\"
        return f"Salam, {name}; {ctx.udc.consumer} asks."

    class Greeter(ServiceBase):
        greet = operation("greet", Unicode(min_occurs=1, nillable=False), returns=Unicode, answer="greeting")(greet)

    GREETER = HostedService(Greeter, "urn:example:greeter:1", "Greeter")

A distribution offers it by an entry point of the group ``shluz.hosted``, ``greeter = package.module:GREETER``, and an
operator registers it: ``esb service add MEMBER/SYSTEM/Greeter/v1 --hosted greeter``.

What is raised as :class:`Fault` reaches the consumer; any other exception is logged, and told as a Server fault without
its text.  The code runs in a thread, may block, and cannot be stopped when it takes longer than the service's timeout:
give every wait in it a limit of its own.  It runs inside the bus, so it is trusted as the bus is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from esb.adapters.hosted.repairs import spyne

Boolean = spyne.Boolean
ByteArray = spyne.ByteArray
ComplexModel = spyne.ComplexModel
Date = spyne.Date
DateTime = spyne.DateTime
Decimal = spyne.Decimal
Enum = spyne.Enum
Fault = spyne.Fault
Integer = spyne.Integer
ServiceBase = spyne.ServiceBase
Unicode = spyne.Unicode


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


def operation(
    name: str, *parameters: Any, returns: Any, answer: str, arguments: dict[str, str] | None = None
) -> Callable[[Callable[..., Any]], Any]:
    """Make a function an operation, document/literal wrapped.

    Args:
        name: of the operation and of the request's element; the answer's is ``{name}Response``.
        parameters: the types of the function's arguments after ``ctx``; each element is called as its argument.
        returns: type of the result; ``answer`` is the element that it stands in.
        arguments: other element names, by argument.
    """
    decorate: Callable[[Callable[..., Any]], Any] = spyne.rpc(
        *parameters,
        _returns=returns,
        _operation_name=name,
        _out_message_name=f"{name}Response",
        _out_variable_name=answer,
        _in_arg_names=arguments or {},
    )
    return decorate
