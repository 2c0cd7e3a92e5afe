"""The schema's own words: only these may stand in a violation, so none may be missed or made up."""

from esb.schemas.arrange import arrange
from esb.schemas.vocabulary import clark, vocabulary


def test_words_of_every_kind_are_found(contract, schema):
    words = vocabulary(
        arrange(
            contract(
                {
                    "a.xsd": schema(
                        '<xs:element name="q" type="a:T"/><xs:attribute name="g" fixed="1"/>'
                        '<xs:complexType name="T"><xs:sequence><xs:element name="n" fixed="F"><xs:simpleType>'
                        '<xs:restriction base="xs:string"><xs:pattern value="[a-z]"/><xs:enumeration value="v"/>'
                        '</xs:restriction></xs:simpleType></xs:element></xs:sequence><xs:attribute name="k"/>'
                        "</xs:complexType>"
                        '<xs:element name="p"><xs:complexType/><xs:key name="K"><xs:selector xpath="."/>'
                        '<xs:field xpath="@k"/></xs:key></xs:element>'
                    )
                }
            )
        ).parts
    )
    assert words.globals == {"{urn:a}q", "{urn:a}p"}
    assert words.elements == {"{urn:a}q", "{urn:a}p", "{urn:a}n", "n"}
    assert words.locals == {"q", "p", "n"}
    assert {"{urn:a}g", "k"} <= words.attributes
    assert words.constraints == {"{urn:a}K"}
    assert words.facets == {"[a-z]", "v"}
    assert words.fixed == {"1", "F"}
    assert "{urn:a}T" in words.types
    assert "xs:int" in words.types


def test_a_chameleons_names_are_in_each_namespace_that_includes_it(contract, schema):
    include = '<xs:include schemaLocation="c.xsd"/>'
    words = vocabulary(
        arrange(
            contract(
                {
                    "a.xsd": schema(include),
                    "b.xsd": schema(include, "urn:b"),
                    "c.xsd": schema('<xs:element name="n"/><xs:complexType name="T"/>', ""),
                },
                ("a.xsd", "b.xsd"),
            )
        ).parts
    )
    assert words.globals == {"{urn:a}n", "{urn:b}n"}
    assert words.type_namespaces["T"] == {"urn:a", "urn:b"}


def test_clark_names():
    assert clark("urn:a", "n") == "{urn:a}n"
    assert clark("", "n") == "n"
