"""The schemas that we bring ourselves: they compile, and hold what contracts refer to."""

import pytest
from lxml import etree

from esb.wsdl.known import KNOWN


@pytest.mark.parametrize("namespace", KNOWN)
def test_each_compiles_and_is_of_its_namespace(namespace: str) -> None:
    _, data = KNOWN[namespace]
    root = etree.fromstring(data)
    assert root.get("targetNamespace") == namespace
    etree.XMLSchema(root)


def test_xml_lang_may_be_a_language_or_empty() -> None:
    wrapper = etree.fromstring(KNOWN["http://www.w3.org/XML/1998/namespace"][1])
    element = etree.SubElement(wrapper, "{http://www.w3.org/2001/XMLSchema}element", name="e")
    of = etree.SubElement(element, "{http://www.w3.org/2001/XMLSchema}complexType")
    etree.SubElement(of, "{http://www.w3.org/2001/XMLSchema}attribute", ref="xml:lang")
    schema = etree.XMLSchema(wrapper)
    for value, lawful in (("az", True), ("", True), ("not a language", False)):
        document = etree.fromstring(f"<x:e xmlns:x='urn:x' xml:lang='{value}'/>")
        document.tag = "{http://www.w3.org/XML/1998/namespace}e"
        assert schema.validate(document) is lawful
