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
from typing import Any

from esb.adapters.hosted.repairs import spyne
from esb.adapters.hosted.service import Asked, HostedService

__all__ = [
    "Asked",
    "Boolean",
    "ByteArray",
    "ComplexModel",
    "Date",
    "DateTime",
    "Decimal",
    "Enum",
    "Fault",
    "HostedService",
    "Integer",
    "ServiceBase",
    "Unicode",
    "operation",
]

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
