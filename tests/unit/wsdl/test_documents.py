"""What a document is, and what it refers to."""

import pytest

from esb.wsdl.documents import Way, open_document, references, schemas_of
from esb.wsdl.refuse import ContractRefused

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'


def test_references_of_a_wsdl_and_its_inline_schemas() -> None:
    root = open_document(
        f"""<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" {XS}>
          <w:import namespace="urn:a" location=" a.wsdl "/>
          <w:types><xs:schema><xs:import namespace="urn:b" schemaLocation="b.xsd"/><xs:include schemaLocation="c.xsd"/>
          <xs:redefine schemaLocation="d.xsd"/></xs:schema></w:types></w:definitions>""".encode(),
        "s.wsdl",
    )
    assert [(found.way, found.location) for found in references(root)] == [
        (Way.WSDL_IMPORT, "a.wsdl"), (Way.IMPORT, "b.xsd"), (Way.INCLUDE, "c.xsd"), (Way.REDEFINE, "d.xsd"),
    ]  # fmt: skip
    assert len(schemas_of(root)) == 1


def test_a_dtd_is_seen_in_encodings_that_hide_its_letters() -> None:
    hidden = '<?xml version="1.0" encoding="IBM037"?><!DOCTYPE s [<!ENTITY e "x">]><s>&e;</s>'.encode("cp037")
    with pytest.raises(ContractRefused):
        open_document(hidden, "s.xsd")


def test_too_many_namespaces_at_one_place() -> None:
    many = " ".join(f'xmlns:p{number}="urn:{number}"' for number in range(300))
    for text in (f"<xs:schema {XS} {many}/>", f"<xs:schema {XS}><xs:element name='e' {many}/></xs:schema>"):
        with pytest.raises(ContractRefused, match="namespaces"):
            open_document(text.encode(), "s.xsd")
