"""Choosing what a WSDL offers over SOAP and HTTP: one port type, by its ports and bindings."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from esb.kernel.namespaces import SOAP_OVER_HTTP, WSDL_SOAP11, WSDL_SOAP12
from esb.kernel.soap import SoapVersion
from esb.kernel.xml import Element
from esb.wsdl.definitions import Definitions, local, namespace_of, qname, wsdl
from esb.wsdl.model import Interface, OperationModel
from esb.wsdl.operations import Binding, documentation, read_operation
from esb.wsdl.refuse import ContractRefused, place, shown

_VERSIONS: Final = {WSDL_SOAP11: SoapVersion.V11, WSDL_SOAP12: SoapVersion.V12}
# SOAP 1.2 bindings name the transport by SOAP 1.1's URI (WSDL 1.1 Binding Extension for SOAP 1.2) or by SOAP 1.2's own.
_HTTP: Final = frozenset({SOAP_OVER_HTTP, "http://www.w3.org/2003/05/soap/bindings/HTTP/"})


@dataclass(frozen=True, slots=True)
class _Port:
    """A SOAP port, or a SOAP binding that no port uses."""

    service: str
    address: str
    binding: str
    version: SoapVersion
    port_type: str


def read_interface(definitions: Definitions, main: str, port_type: str = "") -> Interface:
    """Read the port type that the contract's SOAP ports serve.

    Args:
        definitions: the whole set; see :func:`esb.wsdl.definitions.gather`.
        main: name of the main document, for messages.
        port_type: local or Clark name of the one to serve where there are several, else "".

    Raises:
        ContractRefused: no SOAP port, several port types and none named, or operations that cannot be served.
    """
    ports = [port for port in _ports(definitions) if port_type in ("", local(port.port_type), port.port_type)]
    if not ports:
        named = f" for the port type {shown(port_type)}" if port_type else ""
        raise ContractRefused(
            [
                *definitions.problems,
                f"{main}: there is no SOAP binding{named}: give a WSDL with a soap:binding over HTTP",
            ]
        )
    served = list(dict.fromkeys(port.port_type for port in ports))
    if len(served) > 1:
        raise ContractRefused(
            [
                f"{main}: SOAP ports serve several port types "
                f"({', '.join(local(name) for name in served)}): name the one to serve"
            ]
        )
    return _interface(definitions, ports, served[0])


def _ports(definitions: Definitions) -> list[_Port]:
    bindings = {
        name: (element, version)
        for name, element in definitions.all("binding")
        if (version := _version(element)) is not None
    }
    ports = []
    for service, element in definitions.all("service"):
        document = definitions.document("service", service)
        for port in element.iterchildren(wsdl("port")):
            address = next((child for name in _VERSIONS for child in port.iterchildren(f"{{{name}}}address")), None)
            named = qname(port, port.get("binding") or "") or ""
            if ("binding", named) in definitions.components and named not in bindings:
                continue  # a port of another kind: HTTP GET and POST, JMS …
            binding = definitions.find("binding", port, "binding", document)
            if binding in bindings:
                ports.append((service, (address.get("location") or "") if address is not None else "", binding))
    if not ports:
        # Interface specifications (ONVIF's among them) bind, and leave the service to who implements them.
        ports = [("", "", name) for name in bindings]
    found = []
    for service, location, binding in ports:
        element, version = bindings[binding]
        target = definitions.find("portType", element, "type", definitions.document("binding", binding))
        if target is not None:
            found.append(_Port(service, location.strip(), binding, version, target))
    return found


def _version(binding: Element) -> SoapVersion | None:
    return next((v for name, v in _VERSIONS.items() if binding.find(f"{{{name}}}binding") is not None), None)


def _interface(definitions: Definitions, ports: list[_Port], port_type: str) -> Interface:
    # Every binding is read apart; one that can be served carries the contract, whatever else stands beside it.
    before = list(definitions.problems)
    problems: list[str] = []
    good: list[tuple[_Port, list[OperationModel]]] = []
    for port in ports:
        definitions.problems = []
        operations = _operations(definitions, port, port_type)
        problems += definitions.problems
        if not definitions.problems:
            good.append((port, operations))
    definitions.problems = before
    if before or not good:
        raise ContractRefused(before + problems)
    # The published port is SOAP 1.1, so a provider's own SOAP 1.1 binding says best what its soapActions are.
    good.sort(key=lambda pair: pair[0].version is not SoapVersion.V11)
    operations = [_with_all_actions(model, good) for model in good[0][1]]
    ambiguous = _ambiguous(operations, definitions, port_type)
    if ambiguous:
        raise ContractRefused(ambiguous)
    first = next((port for port in ports if any(port is taken for taken, _ in good)), ports[0])
    element = definitions.components["portType", port_type]
    return Interface(
        namespace=namespace_of(port_type),
        port_type=local(port_type),
        service_name=local(first.service) or local(port_type),
        endpoint=first.address,
        versions=frozenset(port.version for port, _ in good),
        operations=tuple(operations),
        documentation=documentation(element),
    )


def _operations(definitions: Definitions, port: _Port, port_type: str) -> list[OperationModel]:
    document = definitions.document("binding", port.binding)
    element = definitions.components["binding", port.binding]
    soap = next(name for name, version in _VERSIONS.items() if version is port.version)
    extension = element.find(f"{{{soap}}}binding")
    if extension is not None and extension.get("transport", SOAP_OVER_HTTP) not in _HTTP:
        definitions.problems.append(
            f"{place(document, extension)}: the transport {shown(extension.get('transport') or '')} is not HTTP: "
            "add a binding over http://schemas.xmlsoap.org/soap/http"
        )
        return []
    style = (extension.get("style") if extension is not None else None) or "document"
    binding = Binding(element, document, soap, style)
    abstract = definitions.components["portType", port_type]
    declared: dict[str, list[Element]] = {}
    for operation in abstract.iterchildren(wsdl("operation")):
        declared.setdefault((operation.get("name") or "").strip(), []).append(operation)
    models = []
    for name, bound in _bound(element):
        found = declared.get(name, [])
        if len(found) != 1:
            definitions.problems.append(
                f"{place(document, bound)}: operation {shown(name)} "
                + ("is declared more than once: " if found else "is not in the port type: ")
                + "give each operation its own name (WS-I Basic Profile R2304)"
            )
            continue
        model = read_operation(definitions, binding, bound, found[0], port_type)
        if model is not None:
            models.append(model)
    if not models and not definitions.problems:
        definitions.problems.append(f"{place(document, element)}: the binding has no operations")
    return models


def _bound(binding: Element) -> Iterator[tuple[str, Element]]:
    for operation in binding.iterchildren(wsdl("operation")):
        yield (operation.get("name") or "").strip(), operation


def _with_all_actions(model: OperationModel, good: list[tuple[_Port, list[OperationModel]]]) -> OperationModel:
    actions = frozenset().union(
        *(
            other.operation.actions
            for _, models in good
            for other in models
            if other.operation.name == model.operation.name
        )
    )
    return replace(model, operation=replace(model.operation, actions=actions))


def _ambiguous(models: list[OperationModel], definitions: Definitions, port_type: str) -> list[str]:
    seen: dict[str, str] = {}
    problems = []
    document = definitions.document("portType", port_type)
    for model in models:
        own = model.operation
        if own.input in seen:
            what = shown(own.input) if own.input else "an empty Body"
            problems.append(
                f"{document}: operations {shown(seen[own.input])} and {shown(own.name)} both take {what}, so a request "
                "does not say which it means (WS-I Basic Profile R2710): give each its own input element"
            )
        seen.setdefault(own.input, own.name)
    return problems
