"""Reading one bound operation: which element stands in the Body, which in headers, and what the bus cannot serve."""

from dataclasses import dataclass

from esb.kernel.directory import Operation
from esb.kernel.xml import Element
from esb.wsdl.actions import default_action, explicit_action
from esb.wsdl.definitions import Definitions, local, namespace_of, qname, wsdl
from esb.wsdl.model import Direction, Header, OperationModel, Part
from esb.wsdl.refuse import place, shown

_MIME_MULTIPART = "{http://schemas.xmlsoap.org/wsdl/mime/}multipartRelated"


@dataclass(frozen=True, slots=True)
class Binding:
    """A SOAP binding: its element, where it stands, the namespace of its SOAP extension, and its default style."""

    element: Element
    document: str
    soap: str
    style: str


def read_operation(
    definitions: Definitions, binding: Binding, bound: Element, abstract: Element, port_type: str
) -> OperationModel | None:
    """Read one operation.

    Args:
        bound: the binding's ``wsdl:operation``.
        abstract: the port type's.
        port_type: Clark name of the port type.

    Returns:
        None when the operation cannot be served; the reasons are then in ``definitions.problems``.
    """
    reader = _Reader(definitions, binding, bound, abstract, port_type)
    before = len(definitions.problems)
    model = reader.read()
    return model if len(definitions.problems) == before else None


class _Reader:
    def __init__(
        self, definitions: Definitions, binding: Binding, bound: Element, abstract: Element, port_type: str
    ) -> None:
        self.definitions = definitions
        self.binding = binding
        self.bound = bound
        self.abstract = abstract
        self.port_type = port_type
        self.name = (abstract.get("name") or "").strip()
        self.abstract_document = definitions.document("portType", port_type)

    def problem(self, element: Element, text: str, document: str = "") -> None:
        self.definitions.problems.append(
            f"{place(document or self.binding.document, element)}: operation {shown(self.name)}: {text}"
        )

    def read(self) -> OperationModel | None:
        soap = self.bound.find(f"{{{self.binding.soap}}}operation")
        style = (soap.get("style") if soap is not None else None) or self.binding.style
        if style != "document":
            self.problem(
                soap if soap is not None else self.bound,
                f"has style {shown(style)}; the bus serves document/literal only: "
                "regenerate the provider's WSDL as document/literal (wrapped)",
            )
            return None
        order = [child.tag for child in self.abstract if child.tag in (wsdl("input"), wsdl("output"))]
        if order not in ([wsdl("input")], [wsdl("input"), wsdl("output")]):
            self.problem(
                self.abstract,
                "is not one-way or request-response (solicit-response and notification have no SOAP HTTP binding): "
                "declare an input, then at most one output",
                self.abstract_document,
            )
            return None
        one_way = len(order) == 1
        request = self._direction("input", self.name if one_way else f"{self.name}Request")
        response = None if one_way else self._direction("output", f"{self.name}Response")
        faults = self._faults()
        if request is None or (response is None and not one_way):
            return None
        action = (soap.get("soapAction") if soap is not None else None) or ""
        operation = Operation(
            name=self.name,
            input=request.body.element if request.body else "",
            output=None if response is None else (response.body.element if response.body else ""),
            soap_action=action,
            actions=frozenset(filter(None, (action, self._action(request)))),
            output_action="" if response is None else self._action(response),
        )
        return OperationModel(operation, request, response, faults, documentation(self.abstract))

    def _action(self, direction: Direction) -> str:
        return direction.action or default_action(namespace_of(self.port_type), local(self.port_type), direction.name)

    def _direction(self, kind: str, default_name: str) -> Direction | None:
        abstract = self.abstract.find(wsdl(kind))
        bound = self.bound.find(wsdl(kind))
        if abstract is None:
            return None
        message = self.definitions.find("message", abstract, "message", self.abstract_document)
        if message is None:
            return None
        if bound is None:
            self.problem(self.bound, f"the binding says nothing of its {kind}: add wsdl:{kind} with soap:body")
            return None
        if bound.find(_MIME_MULTIPART) is not None:
            self.problem(bound, f"its {kind} is a MIME attachment: put the content into the Body as base64Binary")
            return None
        body = bound.find(f"{{{self.binding.soap}}}body")
        if body is None:
            self.problem(bound, f"its {kind} has no soap:body: add it with use='literal'")
            return None
        if not self._literal(body):
            return None
        headers = self._headers(bound)
        part = self._body_part(body, message, [h for h in headers if h.message == local(message)])
        if part is _WRONG:
            return None
        return Direction(
            (abstract.get("name") or "").strip() or default_name,
            local(message),
            part,
            headers,
            explicit_action(abstract),
        )

    def _literal(self, element: Element) -> bool:
        use = element.get("use", "literal")
        if use == "literal" and not element.get("encodingStyle", "").strip():
            return True
        self.problem(
            element,
            f"has use {shown(use)}; the bus serves use='literal' without encodingStyle only: "
            "regenerate the provider's WSDL as document/literal (wrapped)",
        )
        return False

    def _body_part(self, body: Element, message: str, in_headers: list[Header]) -> Part | None:
        element = self.definitions.components["message", message]
        parts = {(part.get("name") or "").strip(): part for part in element.iterchildren(wsdl("part"))}
        listed = body.get("parts")
        if listed is None:
            # Stacks that put a header's part into the same message mean the rest to be the Body.
            taken = {header.part.name for header in in_headers}
            wanted = [name for name in parts if name not in taken]
        else:
            wanted = listed.split()
            unknown = [name for name in wanted if name not in parts]
            if unknown:
                self.problem(
                    body, f"parts names {shown(unknown[0])}, which its message does not have: correct the name"
                )
                return _WRONG
        if not wanted:
            return None
        if len(wanted) > 1:
            self.problem(
                body,
                f"its Body has {len(wanted)} parts; document/literal allows one (WS-I Basic Profile R2201): "
                "wrap them in one element, or name one in parts",
            )
            return _WRONG
        return self._part(parts[wanted[0]], message)

    def _part(self, part: Element, message: str) -> Part:
        document = self.definitions.document("message", message)
        name = (part.get("name") or "").strip()
        if part.get("element") is None:
            self.problem(
                part,
                f"part {shown(name)} has {'type' if part.get('type') else 'no element'}; "
                "document/literal needs element= (WS-I Basic Profile R2204): declare a global element and name it",
                document,
            )
            return _WRONG
        element = qname(part, part.get("element") or "")
        if element is None or element not in self.definitions.elements:
            self.problem(
                part,
                f"part {shown(name)}: element={shown(part.get('element') or '')} is declared in no schema of this "
                "contract: add the schema, or correct the name or its prefix",
                document,
            )
            return _WRONG
        return Part(name, element)

    def _headers(self, bound: Element) -> tuple[Header, ...]:
        headers: list[Header] = []
        for element in bound.iterchildren(f"{{{self.binding.soap}}}header"):
            message = self.definitions.find("message", element, "message", self.binding.document)
            if message is None or not self._literal(element):
                continue
            wanted = (element.get("part") or "").strip()
            parts = self.definitions.components["message", message].iterchildren(wsdl("part"))
            part = next((part for part in parts if (part.get("name") or "").strip() == wanted), None)
            if part is None:
                self.problem(element, f"soap:header names part {shown(wanted)}, which its message does not have")
                continue
            headers.append(Header(local(message), self._part(part, message)))
        return tuple(headers)

    def _faults(self) -> tuple[Direction, ...]:
        bound = {(element.get("name") or "").strip(): element for element in self.bound.iterchildren(wsdl("fault"))}
        faults: list[Direction] = []
        for element in self.abstract.iterchildren(wsdl("fault")):
            name = (element.get("name") or "").strip()
            message = self.definitions.find("message", element, "message", self.abstract_document)
            if message is None:
                continue
            soap = bound[name].find(f"{{{self.binding.soap}}}fault") if name in bound else None
            if soap is not None and not self._literal(soap):
                continue
            parts = list(self.definitions.components["message", message].iterchildren(wsdl("part")))
            if len(parts) != 1:
                self.problem(
                    element,
                    f"fault {shown(name)} has {len(parts)} parts; a fault's message has one (WSDL 1.1 section 3.6)",
                    self.abstract_document,
                )
                continue
            part = self._part(parts[0], message)
            faults.append(Direction(name, local(message), part, (), explicit_action(element)))
        return tuple(faults)


# Stands for a part that is wrong and told of; what is built with it is never given out.
_WRONG = Part("", "")


def documentation(element: Element) -> str:
    """The text of an element's wsdl:documentation, "" when it has none."""
    found = element.find(wsdl("documentation"))
    return " ".join("".join(str(text) for text in found.itertext()).split()) if found is not None else ""
