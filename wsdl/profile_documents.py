"""WS-I Basic Profile: how documents are put together, and what their schemas may not use (sections 4.2 and 4.3)."""

from collections.abc import Iterator
from typing import Final

from esb.kernel.namespaces import WSDL, XSD
from esb.kernel.xml import Element
from esb.wsdl.definitions import namespace_of, qname, wsdl
from esb.wsdl.documents import DEFINITIONS, SCHEMA, schemas_of
from esb.wsdl.profile import Breach, Description, breach
from esb.wsdl.refuse import shown

_SOAP_ENCODING: Final = "http://schemas.xmlsoap.org/soap/encoding/"
_DOCUMENTATION: Final = wsdl("documentation")
_XSI_BUILT_IN: Final = frozenset({XSD, "http://www.w3.org/XML/1998/namespace"})
# Attributes of schema components whose values are names of schema components.
_NAMING: Final = ("type", "base", "ref", "itemType", "substitutionGroup", "memberTypes", "refer")


def judge_documents(description: Description) -> Iterator[Breach]:
    """Breaches of R2001, R2005, R2007, R2022, R2023, R2026, R2101 and R2803."""
    for name, root in description.wsdls():
        yield from _imports(description, name, root)
        yield from _order(name, root)
        yield from _references(name, root)
        for element in root.iter(f"{{{WSDL}}}*"):
            for child in element:
                required = child.get(f"{{{WSDL}}}required") if isinstance(child.tag, str) else None
                if required in ("true", "1"):
                    yield breach(
                        "R2026",
                        name,
                        child,
                        f"the extension {shown(str(child.tag))} is required: toolkits that do not know it must give up",
                        "take wsdl:required away, or the extension",
                    )


def judge_schemas(description: Description) -> Iterator[Breach]:
    """Breaches of R2102, R2105, R2110, R2111 and R2112."""
    for name, root in description.wsdls():
        for schema in schemas_of(root):
            if not schema.get("targetNamespace") and any(
                child.tag not in (f"{{{XSD}}}import", f"{{{XSD}}}annotation")
                for child in schema
                if isinstance(child.tag, str)
            ):
                yield breach(
                    "R2105", name, schema, "a schema has no target namespace", "give the schema a targetNamespace"
                )
    for name, root in description.roots.items():
        if root.tag == SCHEMA:  # inline schemas are documents of their own in a closed set
            yield from _schema(name, root)


def _imports(description: Description, name: str, root: Element) -> Iterator[Breach]:
    for element in root.iterchildren(wsdl("import")):
        location, namespace = (element.get("location") or "").strip(), element.get("namespace") or ""
        if not location:
            yield breach("R2007", name, element, "wsdl:import has no location", "name the document that is imported")
            continue
        target = description.roots.get(location)
        if target is not None and target.tag != DEFINITIONS:
            yield breach(
                "R2001",
                name,
                element,
                f"wsdl:import leads to {shown(location)}, which is a schema",
                "import the schema by xs:import inside wsdl:types",
            )
        elif target is not None and (target.get("targetNamespace") or "") != namespace:
            yield breach(
                "R2005",
                name,
                element,
                f"{shown(location)} has the target namespace {shown(target.get('targetNamespace') or '')}, "
                f"and the import names {shown(namespace)}",
                "correct one of them",
            )
        if namespace and ":" not in namespace:
            yield breach(
                "R2803",
                name,
                element,
                f"the namespace {shown(namespace)} is a relative URI",
                "use an absolute one, such as urn:agency:service",
            )


def _order(name: str, root: Element) -> Iterator[Breach]:
    after_types = after_others = False
    for child in root.iterchildren(f"{{{WSDL}}}*"):
        if child.tag == wsdl("import"):
            if after_types or after_others:
                yield breach("R2022", name, child, "wsdl:import comes after other elements", "move it to the beginning")
        elif child.tag == wsdl("types"):
            if after_others:
                yield breach("R2023", name, child, "wsdl:types comes after other elements", "move it before messages")
            after_types = True
        elif child.tag != _DOCUMENTATION:
            after_others = True


def _references(name: str, root: Element) -> Iterator[Breach]:
    known = {root.get("targetNamespace") or ""}
    known |= {element.get("namespace") or "" for element in root.iterchildren(wsdl("import"))}
    for element in root.iter():
        if not isinstance(element.tag, str) or element.tag.startswith(f"{{{XSD}}}"):
            continue
        for attribute, of in (("message", None), ("binding", wsdl("port")), ("type", wsdl("binding"))):
            text = element.get(attribute)
            if text is None or (of is not None and element.tag != of):
                continue
            target = qname(element, text)
            if target is not None and namespace_of(target) not in known:
                yield breach(
                    "R2101",
                    name,
                    element,
                    f"{attribute}={shown(text)} is of the namespace {shown(namespace_of(target))}, which this document "
                    "neither defines nor imports",
                    "import that namespace by wsdl:import",
                )


def _schema(name: str, schema: Element) -> Iterator[Breach]:
    own = schema.get("targetNamespace") or ""
    known = {own, *_XSI_BUILT_IN}
    known |= {element.get("namespace") or "" for element in schema.iterchildren(f"{{{XSD}}}import")}
    for element in schema.iter(f"{{{XSD}}}*"):
        for attribute in _NAMING:
            for text in (element.get(attribute) or "").split():
                target = qname(element, text)
                if attribute == "base" and target == f"{{{_SOAP_ENCODING}}}Array":
                    yield breach(
                        "R2110",
                        name,
                        element,
                        "a type is made of soapenc:Array",
                        "declare a sequence with maxOccurs instead",
                    )
                elif target is not None and namespace_of(target) not in known and own:
                    yield breach(
                        "R2102",
                        name,
                        element,
                        f"{attribute}={shown(text)} is of {shown(namespace_of(target))}, which is not imported",
                        "add xs:import for it",
                    )
        if element.get(f"{{{WSDL}}}arrayType") is not None:
            yield breach("R2111", name, element, "wsdl:arrayType is used", "declare a sequence with maxOccurs instead")
        if element.tag == f"{{{XSD}}}element" and (element.get("name") or "").startswith("ArrayOf"):
            yield breach(
                "R2112",
                name,
                element,
                f"the element {shown(element.get('name') or '')} is named for an array",
                "name it for what it holds",
            )
