"""xs:redefine carried out, judged by messages: what was lawful before is lawful after, and nothing else."""

from esb.kernel.xml import Element, parse_document
from esb.wsdl.redefine import redefine

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t"'


def components(text: str) -> list[Element]:
    return list(parse_document(f'<xs:schema {XS} targetNamespace="urn:t">{text}</xs:schema>'.encode(), "s.xsd"))


def test_a_simple_type_redefined_twice() -> None:
    own = components('<xs:simpleType name="T"><xs:restriction base="xs:string"/></xs:simpleType>')
    for _ in range(2):
        (new,) = components('<xs:simpleType name="T"><xs:restriction base="t:T"/></xs:simpleType>')
        redefine(new, own, "urn:t")
    assert [component.get("name") for component in own] == ["T.original", "T.original.original", "T"]
    assert [component[0].get("base") for component in own] == ["xs:string", "t:T.original", "t:T.original.original"]


def test_a_group_that_holds_itself_and_one_that_narrows() -> None:
    own = components('<xs:group name="G"><xs:sequence/></xs:group>')
    (new,) = components('<xs:group name="G"><xs:sequence><xs:group ref="t:G"/></xs:sequence></xs:group>')
    redefine(new, own, "urn:t")
    assert [component.get("name") for component in own] == ["G.original", "G"]
    (narrow,) = components('<xs:group name="G"><xs:sequence><xs:any/></xs:sequence></xs:group>')
    redefine(narrow, own, "urn:t")
    assert [component.get("name") for component in own] == ["G.original", "G"]
    assert own[1] is narrow


def test_annotations_are_no_components() -> None:
    own = components("")
    (note,) = components("<xs:annotation/>")
    redefine(note, own, "urn:t")
    assert own == []
