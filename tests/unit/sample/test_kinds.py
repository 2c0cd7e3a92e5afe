"""Kinds are whole: every field has a type and a name in both languages, and no name stands twice."""

import re

from esb.sample.kinds import TYPES, generic_kind, top_kind

KINDS = [*(top_kind(rank)[0] for rank in range(1, 21)), generic_kind()]


def test_the_published_services_have_a_name_each() -> None:
    assert len({top_kind(rank)[1] for rank in range(1, 21)}) == 20


def test_every_field_has_a_known_type_and_two_names() -> None:
    for kind in KINDS:
        for part in (kind.request, kind.answer):
            for field in (*part.fields, *part.rows):
                assert field.type in TYPES
                assert field.az
                assert field.en
                assert re.fullmatch("[a-z][A-Za-z]*", field.name)


def test_no_element_stands_twice_in_its_place() -> None:
    for kind in KINDS:
        for part in (kind.request, kind.answer):
            singles = ["reference", *(field.name for field in part.fields), part.row]
            assert len(singles) == len(set(singles)), kind.operation
            assert len(part.rows) == len({field.name for field in part.rows}), kind.operation


def test_what_is_asked_after_is_in_the_request() -> None:
    asked = {rank: {field.type for field in top_kind(rank)[0].request.fields} for rank in range(1, 21)}
    assert "Fin" in asked[1]
    assert asked[3] == {"Phone"}
    assert asked[5] == {"Application"}
    assert asked[6] >= {"Imei", "Fin", "Phone"}
    assert asked[7] == {"Imei"}
    assert "Voen" in asked[12]


def test_elements_are_named_after_the_operation() -> None:
    kind = generic_kind()
    assert (kind.asked, kind.answered) == ("SubmitRequest", "SubmitRequestResponse")
