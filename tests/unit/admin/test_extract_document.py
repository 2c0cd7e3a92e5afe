"""An extract reads as it was written, and one that contradicts itself does not."""

import pytest
import xmlschema
from support.extracts import CASES

import esb.schemas
from esb.admin.extract_document import ExtractMalformed, Pages, moment, read_extract, write_extract
from esb.admin.extracts import LIMITS
from esb.kernel.xml import parse_message

PAGES = Pages(1234, "ab" * 32)


@pytest.mark.parametrize("case", CASES)
def test_what_is_written_reads_back(case: str) -> None:
    written = write_extract(CASES[case], PAGES)
    assert read_extract(parse_message(written, LIMITS)) == (CASES[case], PAGES)


@pytest.mark.parametrize("case", CASES)
def test_another_judge_of_schemas_agrees(case: str) -> None:
    with esb.schemas.__path__ and open(f"{esb.schemas.__path__[0]}/xsd/extract.xsd", encoding="utf-8") as file:
        schema = xmlschema.XMLSchema(file.read())
    schema.validate(write_extract(CASES[case], PAGES).decode())


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("Şəxsiyyət", "Səxsiyyət", "digest"),
        (">registered<", ">suspended<", "digest"),
        ('Id="extract-0', 'Id="extract-1', "identifier"),
        (">registered<", ">adopted<", "extract.xsd"),
        ("<x:Categories>", "<x:Colour/><x:Categories>", "extract.xsd"),
        ('number="3"', 'number="0"', "extract.xsd"),
        ("x:Extract", "x:Abstract", "extract.xsd"),
    ],
)
def test_an_extract_that_is_none(before: str, after: str, told: str) -> None:
    written = write_extract(CASES["whole"], PAGES).decode()
    assert before in written
    with pytest.raises(ExtractMalformed, match=told):
        read_extract(parse_message(written.replace(before, after).encode(), LIMITS))


def test_a_time_is_told_to_the_microsecond() -> None:
    assert moment(1_790_000_000.000001) == "2026-09-21T14:13:20.000001Z"
