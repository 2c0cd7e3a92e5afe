"""Writing a merged schema so that weak readers read it: every prefix declared once, on xs:schema itself.

Some stacks (node-soap, xmlschema) look prefixes up at the schema's root alone.  So tags and references are written
anew with one prefix for each namespace, and with no default namespace.
"""

import re
from collections.abc import Mapping
from typing import Final

from lxml import etree

from esb.kernel.namespaces import XML, XSD
from esb.kernel.xml import Element
from esb.wsdl.components import resolve, xs
from esb.wsdl.definitions import local, namespace_of
from esb.wsdl.inline import Merged

_QNAMES: Final = ("type", "ref", "base", "itemType", "memberTypes", "substitutionGroup", "refer")
_VALUES: Final = ("value", "default", "fixed")
_QNAME = re.compile(r"([A-Za-z_][\w.-]*):[A-Za-z_][\w.-]*")
_STEP = re.compile(r"([A-Za-z_][\w.-]*):(?!:)")


def as_text(merged: Merged, apart: Mapping[str, str]) -> str:
    """The schema as text that stands anywhere.

    Args:
        apart: namespaces whose schemas are not inline, and where they are.
    """
    prefixes = _Prefixes(merged)
    prepared = {
        element: prefixes.attributes(element) for component in merged.components for element in component.iter()
    }
    schema = etree.Element(xs("schema"), nsmap=prefixes.declared())
    if merged.namespace:
        schema.set("targetNamespace", merged.namespace)
    for name, value in merged.defaults.items():
        schema.set(name, value)
    for namespace in merged.imports:
        element = etree.SubElement(schema, xs("import"))
        if namespace:
            element.set("namespace", namespace)
        if namespace in apart:
            element.set("schemaLocation", apart[namespace])
    for component in merged.components:
        _copy(component, schema, prepared)
    etree.indent(schema)
    return etree.tostring(schema, encoding="unicode")


def _copy(element: Element, parent: Element, prepared: Mapping[Element, Mapping[str, str]]) -> None:
    made = etree.SubElement(parent, str(element.tag), dict(prepared[element]))
    made.text = element.text
    for child in element:
        _copy(child, made, prepared)
    made.tail = element.tail


class _Prefixes:
    """One prefix for each namespace that is used, the provider's own where it is free."""

    def __init__(self, merged: Merged) -> None:
        self._merged = merged
        self._by_namespace = {XSD: "xs", XML: "xml"}
        if merged.namespace and merged.namespace not in self._by_namespace:
            self._by_namespace[merged.namespace] = "tns"
        self._by_prefix = {prefix: namespace for namespace, prefix in self._by_namespace.items()}

    def declared(self) -> dict[str, str]:
        """Prefix → namespace, for the schema's root."""
        return {prefix: namespace for prefix, namespace in self._by_prefix.items() if namespace != XML}

    def attributes(self, element: Element) -> dict[str, str]:
        """The element's attributes with their QNames written anew."""
        found = {str(name): str(value) for name, value in element.attrib.items()}
        for name in (str(element.tag), *found):
            if namespace_of(name):
                self._prefix(namespace_of(name), element)
        if namespace_of(str(element.tag)) != XSD:
            return found
        found.pop("id", None)  # unique in its own document, not among several
        for name in _QNAMES:
            if name in found:
                found[name] = " ".join(self._qname(element, one) for one in found[name].split())
        if "xpath" in found:
            found["xpath"] = _STEP.sub(lambda step: self._step(element, step), found["xpath"])
        for name in _VALUES:
            match = _QNAME.fullmatch(found.get(name, ""))
            if match is not None and match.group(1) in element.nsmap:
                # It may be a value of type xs:QName; then its prefix has to go on meaning what it meant.
                self._by_prefix.setdefault(match.group(1), element.nsmap[match.group(1)])
        return found

    def _qname(self, element: Element, text: str) -> str:
        name = resolve(element, text, self._merged.namespace)
        if name is None or not namespace_of(name):
            return text if name is None else local(name)
        return f"{self._prefix(namespace_of(name), element)}:{local(name)}"

    def _step(self, element: Element, step: re.Match[str]) -> str:
        namespace = element.nsmap.get(step.group(1))
        return f"{self._prefix(namespace, element)}:" if namespace else step.group()

    def _prefix(self, namespace: str, element: Element) -> str:
        if namespace not in self._by_namespace:
            own = (prefix for prefix, uri in element.nsmap.items() if uri == namespace and prefix)
            prefix = next((p for p in own if p not in self._by_prefix), None)
            number = len(self._by_prefix)
            while prefix is None or prefix in self._by_prefix:
                prefix = f"ns{number}"
                number += 1
            self._by_namespace[namespace] = prefix
            self._by_prefix[prefix] = namespace
        return self._by_namespace[namespace]
