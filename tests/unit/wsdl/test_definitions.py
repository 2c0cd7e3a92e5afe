"""Qualified names in WSDLs, and what they may find."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from esb.kernel.contract import Contract
from esb.kernel.xml import parse_document
from esb.wsdl.definitions import clark, gather, local, namespace_of, qname
from esb.wsdl.read import open_documents
from esb.wsdl.refuse import ContractRefused


def test_qualified_names() -> None:
    element = parse_document(b'<a xmlns="urn:d" xmlns:p="urn:p"/>', "a")
    assert qname(element, " p:x ") == "{urn:p}x"
    assert qname(element, "x") == "{urn:d}x"
    assert qname(element, "q:x") is None
    assert qname(element, "") is None
    assert qname(parse_document(b"<a/>", "a"), "x") == "x"
    assert (clark("", "x"), local("{u}x"), namespace_of("{u}x"), namespace_of("x")) == ("x", "x", "u", "")


def test_two_components_of_one_name(
    read: Callable[..., Contract], wsdl: Callable[..., str], parts: SimpleNamespace
) -> None:
    with pytest.raises(ContractRefused, match="two of message 'Ask'"):
        read(wsdl(messages=parts.messages * 2))


def test_elements_of_included_chameleons_are_known(family: Contract) -> None:
    found = gather(open_documents(family), family.schemas)
    assert "{urn:example:person}kind" in found.elements
    assert [name for name, _ in found.all("service")] == ["{urn:example:family:service}FamilyRegister"]
    assert found.document("service", "{urn:example:family:service}FamilyRegister") == "service.wsdl"
