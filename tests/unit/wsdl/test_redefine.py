"""xs:redefine carried out, judged by messages: what was lawful before is lawful after, and nothing else."""

from esb.kernel.xml import Element, parse_document
from esb.wsdl.redefine import Index, by_name, is_component, redefine

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t"'


def components(text: str) -> list[Element]:
    return list(parse_document(f'<xs:schema {XS} targetNamespace="urn:t">{text}</xs:schema>'.encode(), "s.xsd"))


def bases(index: Index) -> dict[str, str | None]:
    return {name: component[0].get("base") for (_, name), component in index.items()}


def test_a_simple_type_redefined_twice() -> None:
    own = by_name(components('<xs:simpleType name="T"><xs:restriction base="xs:string"/></xs:simpleType>'))
    for _ in range(2):
        (new,) = components('<xs:simpleType name="T"><xs:restriction base="t:T"/></xs:simpleType>')
        assert redefine(new, own, "urn:t") is None
    assert bases(own) == {
        "T.original": "xs:string",
        "T.original.original": "t:T.original",
        "T": "t:T.original.original",
    }


def test_a_group_that_holds_itself_and_one_that_narrows() -> None:
    (old,) = components('<xs:group name="G"><xs:sequence/></xs:group>')
    own = by_name([old])
    (new,) = components('<xs:group name="G"><xs:sequence><xs:group ref="t:G"/></xs:sequence></xs:group>')
    assert redefine(new, own, "urn:t") is None
    assert (old.get("name"), new[0][0].get("ref")) == ("G.original", "t:G.original")
    (narrow,) = components('<xs:group name="G"><xs:sequence><xs:any/></xs:sequence></xs:group>')
    assert redefine(narrow, own, "urn:t") is new


def test_a_chameleon_names_its_own_without_a_namespace() -> None:
    text = f"<xs:schema {XS}>" + '<xs:complexType name="T">{}</xs:complexType></xs:schema>'
    old = parse_document(text.format("").encode(), "s.xsd")[0]
    extension = '<xs:complexContent><xs:extension base="T"/></xs:complexContent>'
    new = parse_document(text.format(extension).encode(), "s.xsd")[0]
    redefine(new, by_name([old]), "urn:t")
    assert new[0][0].get("base") == "T.original"


def test_annotations_are_no_components() -> None:
    (note,) = components("<xs:annotation/>")
    assert not is_component(note)
