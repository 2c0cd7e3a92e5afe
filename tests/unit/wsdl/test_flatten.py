"""Flat names: one for each document, whatever it was called, and one document for what is the same."""

from collections.abc import Callable

import pytest

from esb.kernel.contract import Contract
from esb.wsdl.flatten import free_name

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'


def imports(*locations: str) -> str:
    own = "".join(f'<xs:element name="{name}"/>' for name in ("ask", "answer", "wrong"))
    found = "".join(f'<xs:import namespace="urn:{n}" schemaLocation="{at}"/>' for n, at in enumerate(locations))
    return f'<xs:schema targetNamespace="urn:t">{found}{own}</xs:schema>'


def document(number: int, content: str = "") -> str:
    return f'<xs:schema {XS} targetNamespace="urn:{number}">{content}</xs:schema>'


def test_same_names_in_different_folders_get_numbers(read: Callable[..., Contract], wsdl: Callable[..., str]) -> None:
    contract = read(wsdl(types=imports("a/T.xsd", "b/t.xsd")), {"a/T.xsd": document(0), "b/t.xsd": document(1)})
    assert {"T.xsd", "t-2.xsd"} < set(contract.documents)  # apart on disks that do not tell case


def test_one_file_under_two_names_is_one(read: Callable[..., Contract], wsdl: Callable[..., str]) -> None:
    both = '<xs:import namespace="urn:1" schemaLocation="{}"/>'
    files = {"a.xsd": document(0, both.format("x.xsd")), "x.xsd": document(1), "copy/x.xsd": document(1)}
    contract = read(wsdl(types=imports("a.xsd", "copy/x.xsd")), files)
    assert [name for name in contract.documents if name.startswith("x")] == ["x.xsd"]


@pytest.mark.parametrize(
    "location", ["./b c.xsd", "b%20c.xsd", "B C.xsd", "x/../b c.xsd", "b%20c.xsd#e", "b c.xsd?wsdl", ".\\b c.xsd"]
)
def test_every_spelling_of_one_file_is_one(
    read: Callable[..., Contract], wsdl: Callable[..., str], location: str
) -> None:
    types = imports("b c.xsd").replace(
        "<xs:element", f'<xs:import namespace="urn:0" schemaLocation="{location}"/><xs:element', 1
    )
    contract = read(wsdl(types=types), {"b c.xsd": document(0), "x/y.xsd": document(1)})
    assert set(contract.documents) == {"service.wsdl", "b-c.xsd", "service-types-1.xsd"}


def test_a_free_name() -> None:
    assert free_name("a.xsd", {}) == "a.xsd"
    assert free_name("A.xsd", {"a.xsd": b"", "a-2.xsd": b""}) == "A-3.xsd"
