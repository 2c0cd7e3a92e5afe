"""Publishing a contract as the bus serves it: one WSDL 1.1 file, schemas inline, one SOAP port (protocol: Names)."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lxml import etree

from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.kernel.namespaces import EXCHANGE, SOAP_OVER_HTTP, WSAM, WSDL, WSDL_SOAP11, WSDL_SOAP12, XML
from esb.kernel.soap import SoapVersion
from esb.kernel.xml import Element
from esb.wsdl.definitions import local, namespace_of, wsdl
from esb.wsdl.documents import SCHEMA, open_document, references
from esb.wsdl.flatten import serialize
from esb.wsdl.inline import merge
from esb.wsdl.known import SOAP_ENCODING
from esb.wsdl.model import Direction, Interface, OperationModel, Part
from esb.wsdl.own_fault import FAULT_SCHEMA, declare_fault
from esb.wsdl.policy import add_policy, refer_to_policy
from esb.wsdl.read import interface_of
from esb.wsdl.render import as_text

_SOAP: Final = {SoapVersion.V11: WSDL_SOAP11, SoapVersion.V12: WSDL_SOAP12}
_APART: Final = frozenset({XML, SOAP_ENCODING})
_SUFFIX: Final = {SoapVersion.V11: "Soap11", SoapVersion.V12: "Soap12"}
_ALGORITHM_NOTE: Final = (
    "Sign with RSA-SHA256 or ECDSA-SHA256: the policy's suite leaves SHA-1 as some stacks' default, which is refused "
    "(Apache CXF: set ws-security.asymmetric.signature.algorithm to http://www.w3.org/2001/04/xmldsig-more#rsa-sha256)."
)


def publish_wsdl(
    contract: Contract,
    service: ServiceId,
    address: str,
    version: SoapVersion = SoapVersion.V11,
    policy: bool = False,
    *,
    apart: str | None = None,
) -> bytes:
    """The WSDL that consumers import.  The same arguments give the same bytes; keep them, it is not cheap to make.

    Everything is in the one file but the schemas of two namespaces, where a contract uses them: ``xml:`` and SOAP
    encoding.  zeep never looks for these among inline schemas but fetches them from where an import says, and from
    the web when it says nothing; so the import names the bus.

    Args:
        address: the resource's public URL, from configuration (never from a request).
        version: the SOAP version of its one port.
        policy: with WS-SecurityPolicy, and with the bus's own fault unless the contract has its schema already.
        apart: what stands before a schema document's name in its location; None for ``{address}?xsd=``.
    """
    interface = interface_of(contract)
    every = merge(contract)
    own_fault = policy and all(merged.namespace != EXCHANGE for merged in every)
    writer = _Writer(interface, service, address, version, policy, own_fault)
    skeleton = etree.tostring(writer.definitions(), encoding="unicode", pretty_print=True)
    before = f"{address}?xsd=" if apart is None else apart
    located = {m.namespace: before + m.documents[0] for m in every if m.namespace in _APART and len(m.documents) == 1}
    schemas = [as_text(merged, located) for merged in every if merged.namespace not in located]
    if own_fault:
        schemas.append(FAULT_SCHEMA)
    types = "<wsdl:types>\n" + "\n".join(schemas) + "\n</wsdl:types>"
    text = '<?xml version="1.0" encoding="UTF-8"?>\n' + skeleton.replace("<wsdl:types/>", types, 1)
    return text.encode()


def published_documents(contract: Contract) -> Mapping[str, bytes]:
    """The schema documents by name, as the provider wrote them, referring to one another as ``?xsd=NAME``.

    The provider's WSDLs are not among them: they name the address behind the bus.
    """
    published = {}
    for name, data in contract.documents.items():
        root = open_document(data, name)
        if root.tag != SCHEMA:
            continue
        for reference in references(root):
            if reference.location:
                reference.element.set(reference.attribute, f"?xsd={reference.location}")
        published[name] = serialize(root)
    return MappingProxyType(published)


def ncname(text: str) -> str:
    """A name that may stand in a WSDL's name attributes, near to ``text``."""
    safe = re.sub(r"[^\w.-]", "_", text) or "_"
    return safe if re.match(r"[^\W\d]", safe) else f"_{safe}"


class _Writer:
    """Builds the WSDL around an empty types element."""

    def __init__(
        self,
        interface: Interface,
        service: ServiceId,
        address: str,
        version: SoapVersion,
        policy: bool,
        own_fault: bool,
    ) -> None:
        self.interface = interface
        self.service = service
        self.address = address
        self.version = version
        self.policy = policy
        self.own_fault = own_fault
        self.soap = _SOAP[version]
        self.prefixes = self._prefixes()
        self.messages: dict[str, dict[str, str]] = {}

    def definitions(self) -> Element:
        """The root; its types element is empty."""
        interface = self.interface
        nsmap = {"wsdl": WSDL, "soap" if self.version is SoapVersion.V11 else "soap12": self.soap}
        if any(_explicit(model) for model in interface.operations):
            nsmap["wsam"] = WSAM
        root = etree.Element(wsdl("definitions"), nsmap=nsmap | {prefix: uri for uri, prefix in self.prefixes.items()})
        root.set("name", ncname(self.service.text.replace("/", ".")))
        root.set("targetNamespace", interface.namespace)
        self._document(root, f"Resource {self.service.text}. {interface.documentation}".strip())
        if self.policy:
            add_policy(root)
        etree.SubElement(root, wsdl("types"))
        port_type, binding = self._port_type(), self._binding()
        for name, parts in self.messages.items():
            message = _sub(root, "message", name)
            for part, element in parts.items():
                _sub(message, "part", part).set("element", self._qname(element))
        root.append(port_type)
        root.append(binding)
        root.append(self._service())
        if self.own_fault:
            declare_fault(root, self.soap)
        return root

    def _prefixes(self) -> dict[str, str]:
        found = {self.interface.namespace: "tns"} if self.interface.namespace else {}
        for model in self.interface.operations:
            for direction in (model.input, model.output, *model.faults):
                if direction is None:
                    continue
                for part in (direction.body, *(header.part for header in direction.headers)):
                    if part is not None and namespace_of(part.element):
                        found.setdefault(namespace_of(part.element), f"ns{len(found)}")
        return found

    def _qname(self, name: str) -> str:
        namespace = namespace_of(name)
        return f"{self.prefixes[namespace]}:{local(name)}" if namespace else local(name)

    def _own(self, name: str) -> str:
        return f"tns:{name}" if self.interface.namespace else name

    def _document(self, parent: Element, text: str) -> None:
        if text:
            if self.policy and parent.tag == wsdl("definitions"):
                text = f"{text} {_ALGORITHM_NOTE}"
            etree.SubElement(parent, wsdl("documentation")).text = text

    def _message(self, message: str, parts: list[Part]) -> str:
        """The published name of a message that has (at least) these parts."""
        name, number = ncname(message), 1
        while True:
            held = self.messages.setdefault(name, {})
            if all(held.get(part.name, part.element) == part.element for part in parts):
                held.update((part.name, part.element) for part in parts)
                return name
            number += 1
            name = f"{ncname(message)}-{number}"

    def _of(self, direction: Direction) -> str:
        own = [header.part for header in direction.headers if header.message == direction.message]
        return self._message(direction.message, ([direction.body] if direction.body else []) + own)

    def _port_type(self) -> Element:
        port_type = etree.Element(wsdl("portType"))
        port_type.set("name", ncname(self.interface.port_type))
        for model in self.interface.operations:
            operation = _sub(port_type, "operation", model.operation.name)
            self._document(operation, model.documentation)
            one_way = model.output is None
            name = model.operation.name
            self._side(operation, "input", model.input, name if one_way else f"{name}Request")
            if model.output is not None:
                self._side(operation, "output", model.output, f"{name}Response")
            for fault in model.faults:
                self._side(operation, "fault", fault, "")
        return port_type

    def _side(self, operation: Element, kind: str, direction: Direction, default: str) -> None:
        side = etree.SubElement(operation, wsdl(kind))
        if direction.name != default:
            side.set("name", direction.name)
        side.set("message", self._own(self._of(direction)))
        if direction.action:
            side.set(f"{{{WSAM}}}Action", direction.action)

    def _binding(self) -> Element:
        binding = etree.Element(wsdl("binding"))
        binding.set("name", self._binding_name())
        binding.set("type", self._own(ncname(self.interface.port_type)))
        if self.policy:
            refer_to_policy(binding)
        soap = etree.SubElement(binding, self._soap("binding"))
        soap.set("style", "document")
        soap.set("transport", SOAP_OVER_HTTP)
        for model in self.interface.operations:
            operation = _sub(binding, "operation", model.operation.name)
            action = etree.SubElement(operation, self._soap("operation"))
            action.set("soapAction", model.operation.soap_action)
            if self.version is SoapVersion.V12 and not model.operation.soap_action:
                action.set("soapActionRequired", "false")
            action.set("style", "document")
            self._bound(operation, "input", model.input)
            if model.output is not None:
                self._bound(operation, "output", model.output)
            for fault in model.faults:
                soap_fault = etree.SubElement(_sub(operation, "fault", fault.name), self._soap("fault"))
                soap_fault.set("name", fault.name)
                soap_fault.set("use", "literal")
        return binding

    def _bound(self, operation: Element, kind: str, direction: Direction) -> None:
        side = etree.SubElement(operation, wsdl(kind))
        body = etree.SubElement(side, self._soap("body"))
        message = self._of(direction)
        if len(self.messages[message]) > (1 if direction.body else 0):
            body.set("parts", direction.body.name if direction.body else "")
        body.set("use", "literal")
        for header in direction.headers:
            element = etree.SubElement(side, self._soap("header"))
            element.set("message", self._own(self._message(header.message, [header.part])))
            element.set("part", header.part.name)
            element.set("use", "literal")

    def _service(self) -> Element:
        service = etree.Element(wsdl("service"))
        service.set("name", ncname(self.interface.service_name))
        port = _sub(service, "port", ncname(self.interface.service_name) + _SUFFIX[self.version])
        port.set("binding", self._own(self._binding_name()))
        etree.SubElement(port, self._soap("address")).set("location", self.address)
        return service

    def _binding_name(self) -> str:
        return ncname(self.interface.port_type) + _SUFFIX[self.version]

    def _soap(self, name: str) -> str:
        return f"{{{self.soap}}}{name}"


def _sub(parent: Element, kind: str, name: str) -> Element:
    element = etree.SubElement(parent, wsdl(kind))
    element.set("name", name)
    return element


def _explicit(model: OperationModel) -> bool:
    return any(side is not None and side.action for side in (model.input, model.output, *model.faults))
