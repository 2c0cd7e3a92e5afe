"""The second opinion: found by document and line, and reading nothing outside its folder."""

import pytest

from esb.schemas.arrange import Arrangement, arrange
from esb.schemas.opinion import second_opinion


def test_lines_are_the_providers(contract, schema):
    text = schema("<!-- one\n more -->\n<xs:element\n name='q'\n type='a:Gone'/>")
    (said,) = second_opinion(arrange(contract({"t.xsd": text})))
    assert said == "t.xsd, line 6: unknown type 'a:Gone'"


def test_a_sound_set_is_silent(contract, schema):
    assert second_opinion(arrange(contract({"t.xsd": schema('<xs:element name="q" type="xs:int"/>')}))) == []


def test_a_group_of_itself_is_told(contract, schema):
    text = schema('<xs:group name="g"><xs:sequence><xs:group ref="a:g"/></xs:sequence></xs:group>')
    assert second_opinion(arrange(contract({"t.xsd": text})))


def test_it_stays_in_its_folder(contract, schema, tmp_path):
    """Should a location ever be left in an arrangement, the file behind it is not read."""
    outside = tmp_path / "outside.xsd"
    outside.write_text(schema('<xs:element name="leaked" type="a:Gone"/>'))
    arrangement = arrange(contract({"t.xsd": schema("")}))
    name = next(name for name in arrangement.documents if name != "main.xsd")
    inside = schema(f'<xs:include schemaLocation="{outside.as_uri()}"/>').encode()
    said = second_opinion(Arrangement({**arrangement.documents, name: inside}, arrangement.parts, ()))
    assert said
    assert not any("Gone" in one for one in said)


@pytest.mark.parametrize(
    "content",
    [
        '<xs:element name="1"/>',
        "<xs:nonsense/>",
        '<xs:simpleType name="N"/>',
        '<xs:simpleType name="N"><xs:restriction/></xs:simpleType>',
    ],
)
def test_faulty_schemas_do_not_raise(contract, schema, content):
    assert second_opinion(arrange(contract({"t.xsd": schema(content)})))


def test_an_accident_inside_the_library_is_told_in_words_that_help(contract, schema):
    """xmlschema stumbles over a restriction of nothing; a person must not be shown Python's words for it."""
    text = schema('<xs:simpleType name="N"><xs:restriction/></xs:simpleType>')
    (said,) = second_opinion(arrange(contract({"t.xsd": text})))
    assert "NoneType" not in said
    assert "xmlschema cannot read" in said
