"""WS-Addressing actions of an operation, explicit and by default (WS-Addressing Metadata 1.0, section 4.4)."""

from typing import Final

from esb.kernel.namespaces import WSAM, WSAW
from esb.kernel.xml import Element

# The attribute's namespaces: the Recommendation's, its Candidate's, and the two that older stacks wrote.
_ATTRIBUTES: Final = tuple(
    f"{{{namespace}}}Action"
    for namespace in (
        WSAM,
        WSAW,
        "http://www.w3.org/2005/08/addressing",
        "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    )
)


def explicit_action(element: Element | None) -> str:
    """The Action attribute of a port type's input, output or fault, "" when it has none."""
    if element is None:
        return ""
    return next((value.strip() for name in _ATTRIBUTES if (value := element.get(name))), "")


def default_action(namespace: str, port_type: str, direction: str) -> str:
    """The default action pattern of section 4.4.4: namespace, port type and message name, joined by ``/`` or ``:``.

    >>> default_action("http://example.com/bank", "Account", "OpenRequest")
    'http://example.com/bank/Account/OpenRequest'
    """
    delimiter = ":" if namespace.lower().startswith("urn:") else "/"
    return delimiter.join((namespace.removesuffix(delimiter), port_type, direction))
