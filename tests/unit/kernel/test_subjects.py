"""What can go wrong with a path to a person: it is not written as one, or reads what is none of its business."""

import pytest
from lxml import etree

from esb.kernel.subjects import MOST_STEPS, PathInvalid, Step, SubjectPath, parse_path, path_in_full, values_at

LIST = SubjectPath(("{urn:p}List", "{urn:p}Person", "{urn:p}Fin"))


def payload(text: str):  # type: ignore[no-untyped-def]
    return etree.fromstring(text)


def test_a_path_is_read_step_by_step() -> None:
    assert parse_path("PersonList/{urn:a/b}Person/{}Şəxs/@fin") == (
        Step(None, "PersonList"),
        Step("urn:a/b", "Person"),
        Step("", "Şəxs"),
        Step(None, "fin", True),
    )


@pytest.mark.parametrize(
    "text",
    ["", "/a", "a/", "a//b", "@a", "a/@b/c", "a/@b@c", "a/*", "a[1]", "a/text()", "a b", "{a", "{a b}c", "1a", "p:a",
     "a/..", "a" * 4001, "/".join(["a"] * (MOST_STEPS + 1))],
)  # fmt: skip
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(PathInvalid):
        parse_path(text)


@pytest.mark.parametrize("path", [LIST, SubjectPath(("a", "{urn:x/y}b"), "{urn:z}c"), SubjectPath(("a",), "b")])
def test_a_path_in_full_is_read_back(path: SubjectPath) -> None:
    assert path_in_full(path.text) == path


def test_every_value_at_a_path_is_read_in_order() -> None:
    found = values_at(
        payload(
            '<l:List xmlns:l="urn:p"><l:Fin>0000001</l:Fin><l:Person><l:Fin>0000002</l:Fin><l:Fin>0000003</l:Fin>'
            '<l:In><l:Fin>0000004</l:Fin></l:In></l:Person><l:Person/><Person xmlns=""><Fin>0000005</Fin></Person>'
            "<l:Person><l:Fin>00<?x y?>000<x>no</x>06</l:Fin></l:Person></l:List>"
        ),
        (LIST,),
    )
    assert found == ["0000002", "0000003", "0000006"]


def test_names_without_a_namespace_and_attributes() -> None:
    element = payload('<a x="1"><b x="2" xmlns:n="urn:n" n:x="3"/><n:b xmlns:n="urn:n" x="4"/></a>')
    assert values_at(element, (SubjectPath(("a",), "x"), SubjectPath(("a", "b"), "{urn:n}x"))) == ["1", "3"]
    assert (
        values_at(element, (SubjectPath(("a", "b"), "y"), SubjectPath(("b",), "x"), SubjectPath(("a", "b", "c")))) == []
    )
