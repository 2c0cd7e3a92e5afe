"""What differs is told by its place, whatever else moved."""

from typing import Any

import pytest

from esb.registry.resource_diff import Difference, differences


def element(name: str, **facts: Any) -> dict[str, Any]:
    return {"name": {"az": name, "en": name}, "key": False, **facts}


def test_equal_documents_do_not_differ() -> None:
    assert differences({"a": [1], "b": {"c": None}}, {"a": [1], "b": {"c": None}}) == []


def test_a_changed_value_stands_under_its_path() -> None:
    assert differences({"name": {"az": "a", "en": "b"}}, {"name": {"az": "a", "en": "c"}}) == [
        Difference("name.en", "b", "c")
    ]


def test_members_of_a_list_are_known_by_what_they_are() -> None:
    before = {"elements": [element("FİN"), element("Ad")]}
    after = {"elements": [element("Soyad"), element("FİN", key=True)]}
    assert differences(before, after) == [
        Difference("elements[FİN].key", False, True),
        Difference("elements[Ad]", element("Ad"), None),
        Difference("elements[Soyad]", None, element("Soyad")),
    ]


@pytest.mark.parametrize("rest", [[], ["d"]])
def test_a_change_of_order_is_one_difference(rest: list[str]) -> None:
    found = differences({"exchange": ["a", "b"]}, {"exchange": ["b", "a", *rest]})
    assert found[-1] == Difference("exchange", ["a", "b"], ["b", "a", *rest])
    assert len(found) == 1 + len(rest)


def test_documents_are_known_by_their_digest() -> None:
    one, two = {"sha256": "1", "name": "a"}, {"sha256": "1", "name": "b"}
    assert differences({"documents": [one]}, {"documents": [two]}) == [Difference("documents[1].name", "a", "b")]
