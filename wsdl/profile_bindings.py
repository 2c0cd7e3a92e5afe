"""WS-I Basic Profile: messages, port types and their SOAP bindings (sections 4.4 to 4.7)."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from esb.kernel.namespaces import SOAP_OVER_HTTP, WSDL_SOAP11, WSDL_SOAP12
from esb.kernel.xml import Element
from esb.wsdl.definitions import Definitions, qname, wsdl
from esb.wsdl.profile import Breach, Description, breach
from esb.wsdl.refuse import shown

_SOAP: Final = (WSDL_SOAP11, WSDL_SOAP12)


def judge_messages(description: Description) -> Iterator[Breach]:
    """Breaches of R2206 and R2306."""
    definitions = description.definitions
    for name, message in definitions.all("message"):
        document = definitions.document("message", name)
        for part in message.iterchildren(wsdl("part")):
            element = part.get("element")
            if element is not None and part.get("type") is not None:
                yield breach(
                    "R2306", document, part, f"part {_name(part)} has both type and element", "leave the type out"
                )
            if element is not None and qname(part, element) not in definitions.elements:
                yield breach(
                    "R2206",
                    document,
                    part,
                    f"part {_name(part)} refers to {shown(element)}, which no schema declares globally",
                    "declare the element at the top of its schema, or correct the name",
                )


def judge_port_types(description: Description) -> Iterator[Breach]:
    """Breaches of R2303 and R2304."""
    definitions = description.definitions
    for name, port_type in definitions.all("portType"):
        document = definitions.document("portType", name)
        operations = list(port_type.iterchildren(wsdl("operation")))
        counted = Counter(operation.get("name") for operation in operations)
        for operation in operations:
            first = next((child.tag for child in operation if child.tag in (wsdl("input"), wsdl("output"))), None)
            if first != wsdl("input"):
                yield breach(
                    "R2303",
                    document,
                    operation,
                    f"operation {_name(operation)} begins with its output",
                    "declare an input, then at most one output",
                )
            if counted.pop(operation.get("name"), 1) > 1:
                yield breach(
                    "R2304",
                    document,
                    operation,
                    f"several operations are named {_name(operation)}",
                    "give each its own name",
                )


def judge_bindings(description: Description) -> Iterator[Breach]:
    """Breaches of the statements about bindings and ports, R2201 to R2205, R2209, R2210, R2401 and R27xx."""
    definitions = description.definitions
    soap = False
    for name, element in definitions.all("binding"):
        space = next((space for space in _SOAP if element.find(f"{{{space}}}binding") is not None), None)
        if space is not None:
            soap = True
            yield from _Binding(definitions, definitions.document("binding", name), element, space).judge()
    if not soap:
        for name, root in description.wsdls():
            yield breach("R2401", name, root, "there is no SOAP binding", "add a soap:binding over HTTP")
            break
    addresses: dict[str, str] = {}
    for name, service in definitions.all("service"):
        for port in service.iterchildren(wsdl("port")):
            for space in _SOAP[:1]:
                for address in port.iterchildren(f"{{{space}}}address"):
                    location = address.get("location") or ""
                    if location in addresses:
                        yield breach(
                            "R2711",
                            definitions.document("service", name),
                            address,
                            f"ports {shown(addresses[location])} and {_name(port)} have one address",
                            "give each port its own",
                        )
                    addresses.setdefault(location, port.get("name") or "")


class _Binding:
    def __init__(self, definitions: Definitions, document: str, element: Element, space: str) -> None:
        self.definitions = definitions
        self.document = document
        self.element = element
        self.space = space
        self.port_type = qname(element, element.get("type") or "") or ""

    def told(self, statement: str, element: Element, found: str, mend: str) -> Breach:
        return breach(statement, self.document, element, found, mend)

    def soap(self, local: str) -> str:
        return f"{{{self.space}}}{local}"

    def judge(self) -> Iterator[Breach]:
        extension = self.element.find(self.soap("binding"))
        assert extension is not None
        transport = extension.get("transport")
        if transport is None:
            yield self.told("R2701", extension, "soap:binding has no transport", f'add transport="{SOAP_OVER_HTTP}"')
        elif transport != SOAP_OVER_HTTP:
            yield self.told(
                "R2702", extension, f"the transport is {shown(transport)}", f'write transport="{SOAP_OVER_HTTP}"'
            )
        abstract = self.definitions.components.get(("portType", self.port_type))
        declared = (
            {} if abstract is None else {one.get("name"): one for one in abstract.iterchildren(wsdl("operation"))}
        )
        bound = list(self.element.iterchildren(wsdl("operation")))
        if abstract is not None and {one.get("name") for one in bound} != set(declared):
            odd = sorted(str(name) for name in {one.get("name") for one in bound} ^ set(declared))
            yield self.told(
                "R2718",
                self.element,
                f"binding and port type differ in {shown(', '.join(odd))}",
                "bind every operation of the port type, and no other",
            )
        default = extension.get("style") or "document"
        styles = set()
        for operation in bound:
            own = operation.find(self.soap("operation"))
            style = (own.get("style") if own is not None else None) or default
            styles.add(style)
            yield from self.operation(operation, declared.get(operation.get("name")), style)
        if len(styles) > 1 or styles - {"document", "rpc"}:
            yield self.told(
                "R2705",
                self.element,
                f"its operations have the styles {', '.join(sorted(map(shown, styles)))}",
                "make all of them document-literal",
            )
        yield from self.signatures(bound, declared, default)

    def operation(self, bound: Element, abstract: Element | None, style: str) -> Iterator[Breach]:
        document = style == "document"
        for local in ("body", "fault", "header", "headerfault"):
            for element in bound.iter(self.soap(local)):
                if element.get("use", "literal") != "literal":
                    yield self.told(
                        "R2706",
                        element,
                        f"soap:{local} of {_name(bound)} has use={shown(element.get('use') or '')}",
                        'write use="literal"',
                    )
                if document and element.get("namespace") is not None:
                    yield self.told(
                        "R2716",
                        element,
                        f"soap:{local} of {_name(bound)} has a namespace",
                        "leave the attribute out: the element brings its own",
                    )
                if local in ("header", "headerfault"):
                    yield from self.header(element, bound)
        for kind in ("input", "output"):
            direction = None if abstract is None else abstract.find(wsdl(kind))
            body = bound.find(f"{wsdl(kind)}/{self.soap('body')}")
            if direction is not None and body is not None:
                yield from self.body(body, bound, self.parts(direction), document)
        yield from self.faults(bound, abstract)

    def parts(self, direction: Element) -> dict[str, Element]:
        message = self.definitions.components.get(("message", qname(direction, direction.get("message") or "") or ""))
        found = [] if message is None else message.iterchildren(wsdl("part"))
        return {(part.get("name") or "").strip(): part for part in found}

    def body(self, body: Element, bound: Element, parts: dict[str, Element], document: bool) -> Iterator[Breach]:
        listed = None if body.get("parts") is None else (body.get("parts") or "").split()
        headers = bound.iterfind(f"*/{self.soap('header')}")
        in_headers = {(one.get("part") or "").strip() for one in headers if one.getparent() is body.getparent()}
        if document and listed is not None and len(listed) > 1:
            yield self.told(
                "R2201",
                body,
                f"the Body of {_name(bound)} has the parts {shown(' '.join(listed))}",
                "wrap them in one element and name that",
            )
        if document and listed is None and len(parts) > 1:
            yield self.told(
                "R2210",
                body,
                f"the message of {_name(bound)} has {len(parts)} parts and soap:body does not say which one it is",
                "name the one in parts, or wrap them in one element",
            )
        wanted = [name for name in parts if name not in in_headers] if listed is None else listed
        for name in wanted:
            if document and name in parts and parts[name].get("element") is None:
                yield self.told(
                    "R2204",
                    body,
                    f"part {shown(name)} of {_name(bound)} is declared by type",
                    "declare a global element and name it by element",
                )
        loose = sorted(set(parts) - set(wanted) - in_headers)
        if loose:
            yield self.told(
                "R2209", body, f"part {shown(loose[0])} of {_name(bound)} is bound to nothing", "bind it, or remove it"
            )

    def header(self, element: Element, bound: Element) -> Iterator[Breach]:
        name = (element.get("part") or "").strip()
        if element.get("parts") is not None:
            yield self.told("R2749", element, f"a header of {_name(bound)} has parts", "name its one part by part=")
        if not name:
            yield self.told("R2720", element, f"a header of {_name(bound)} does not name its part", "name it by part=")
            return
        part = self.parts(element).get(name)
        if part is not None and part.get("element") is None:
            yield self.told(
                "R2205",
                element,
                f"the header {shown(name)} of {_name(bound)} is declared by type",
                "declare a global element and name it by element",
            )

    def faults(self, bound: Element, abstract: Element | None) -> Iterator[Breach]:
        known = {} if abstract is None else {one.get("name"): one for one in abstract.iterchildren(wsdl("fault"))}
        described = set()
        for fault in bound.iterchildren(wsdl("fault")):
            described.add(fault.get("name"))
            for element in fault.iterchildren(self.soap("fault")):
                name = element.get("name")
                if not name:
                    yield self.told(
                        "R2721", element, f"soap:fault of {_name(bound)} has no name", "give it the wsdl:fault's name"
                    )
                elif name != fault.get("name"):
                    yield self.told(
                        "R2754",
                        element,
                        f"soap:fault {shown(name)} stands in wsdl:fault {_name(fault)}",
                        "give both one name",
                    )
                declared = known.get(fault.get("name"))
                if declared is not None and any(part.get("element") is None for part in self.parts(declared).values()):
                    yield self.told(
                        "R2205",
                        element,
                        f"fault {_name(fault)} of {_name(bound)} is declared by type",
                        "declare a global element and name it by element",
                    )
        for missing in sorted(str(name) for name in set(known) - described):
            yield self.told(
                "R2740",
                bound,
                f"the fault {shown(missing)} of {_name(bound)} is not bound",
                "add wsdl:fault with soap:fault to the binding",
            )

    def signatures(self, bound: list[Element], declared: dict[str | None, Element], style: str) -> Iterator[Breach]:
        """Document style: operations are told apart by the element in the Body (R2710)."""
        if style != "document":
            return
        seen: dict[str, str] = {}
        for operation in bound:
            abstract = declared.get(operation.get("name"))
            direction = None if abstract is None else abstract.find(wsdl("input"))
            if direction is None:
                continue
            body = operation.find(f"{wsdl('input')}/{self.soap('body')}")
            parts = self.parts(direction)
            if body is not None and body.get("parts") is not None:
                parts = {name: part for name, part in parts.items() if name in (body.get("parts") or "").split()}
            signature = " ".join(qname(part, part.get("element") or "") or "" for part in parts.values())
            if signature in seen:
                yield self.told(
                    "R2710",
                    operation,
                    f"operations {shown(seen[signature])} and {_name(operation)} both take "
                    f"{shown(signature) if signature else 'an empty Body'}",
                    "give each an input element of its own",
                )
            seen.setdefault(signature, operation.get("name") or "")


def _name(element: Element) -> str:
    return shown((element.get("name") or "").strip())
