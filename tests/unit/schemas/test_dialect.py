"""XSD 1.1 is told apart: judged by 1.0 it would lose the very checks that its author wrote."""

import pytest

from esb.kernel.xml import SchemaInvalid, parse_document
from esb.schemas.compile import compile_judge
from esb.schemas.dialect import beyond_1_0


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('<xs:complexType name="T"><xs:assert test="true()"/></xs:complexType>', "xs:assert"),
        ('<xs:element name="q"><xs:alternative type="xs:int"/></xs:element>', "xs:alternative"),
        ('<xs:override schemaLocation="b.xsd"/>', "xs:override"),
        ("<xs:defaultOpenContent><xs:any/></xs:defaultOpenContent>", "xs:defaultOpenContent"),
        ('<xs:complexType name="T"><xs:sequence><xs:any notQName="a:q"/></xs:sequence></xs:complexType>', "notQName"),
        ('<xs:attribute name="k" inheritable="true"/>', "inheritable"),
        ('<xs:element name="q" type="xs:dateTimeStamp"/>', "xs:dateTimeStamp"),
        (
            '<xs:simpleType name="T"><xs:union memberTypes="xs:int xs:yearMonthDuration"/></xs:simpleType>',
            "xs:yearMonthDuration",
        ),
        (
            '<xs:element name="q" xmlns:vc="http://www.w3.org/2007/XMLSchema-versioning" vc:minVersion="1.1"/>',
            "vc:minVersion",
        ),
    ],
)
def test_features_of_1_1_are_refused_by_name_and_line(contract, schema, content, named):
    with pytest.raises(SchemaInvalid, match=rf"a\.xsd, line 2: .*{named}.* XSD 1\.1"):
        compile_judge(contract({"a.xsd": schema(content)}))


def test_like_named_things_of_1_0_pass(schema):
    """A type of one's own called "error", and documentation that mentions asserts."""
    text = schema(
        '<xs:annotation><xs:appinfo><assert xmlns="urn:other"/></xs:appinfo></xs:annotation>'
        '<xs:simpleType name="error"><xs:restriction base="xs:int"/></xs:simpleType>'
        '<xs:element name="q" type="a:error"/>'
    )
    assert list(beyond_1_0(parse_document(text.encode(), "a.xsd"))) == []
