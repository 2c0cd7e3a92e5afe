"""Refusals read well and say everything."""

from esb.kernel.xml import parse_document
from esb.wsdl.refuse import ContractRefused, place, shown


def test_reasons_once_each_in_order() -> None:
    refused = ContractRefused(["b", "a", "b"])
    assert refused.problems == ("b", "a")
    assert str(refused) == "the contract is refused:\n  - b\n  - a"


def test_places_and_foreign_text() -> None:
    root = parse_document(b"<a>\n<b/></a>", "a")
    assert place("a.xsd", root[0]) == "a.xsd, line 2"
    assert shown("x\x1b[31m\n") == "'x\\x1b[31m\\n'"
    assert len(shown("x" * 1000)) < 210
