"""What reading refuses before anybody can judge it is judged all the same where documents came another way."""

from pathlib import Path
from types import MappingProxyType

from support.descriptions import GOOD

from esb.kernel.xml import parse_document
from esb.wsdl.definitions import gather
from esb.wsdl.profile import Description
from esb.wsdl.profile_documents import judge_documents


def judged(text: str) -> set[str]:
    roots = {"tax.wsdl": parse_document(text.encode(), "tax.wsdl")}
    return {found.statement.id for found in judge_documents(Description(MappingProxyType(roots), gather(roots, ())))}


def test_an_import_without_a_location() -> None:
    assert judged(GOOD.replace(' location="faults.wsdl"', "")) == {"R2007"}


def test_a_reference_to_what_was_never_imported(tmp_path: Path) -> None:
    text = GOOD.replace('type="t:Tax"', 'type="o:Tax" xmlns:o="urn:example:elsewhere"')
    assert judged(text) == {"R2101"}
