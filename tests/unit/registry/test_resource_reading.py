"""What is wrong with an entry is told whole, each with its field."""

from typing import Any

import pytest
from support.entries import information_resource, personal_system

from esb.registry.resource_entry import Exchange, FinUse, Name, Operator, Register
from esb.registry.resource_reading import EntryRefused, read_entry


def problems(document: object) -> tuple[str, ...]:
    with pytest.raises(EntryRefused) as refused:
        read_entry(document)
    return refused.value.problems


def test_a_whole_entry_is_read() -> None:
    entry = read_entry(personal_system())
    assert (entry.register, entry.code, entry.owner) == (Register.PERSONAL, "DIN/IAMAS", "DIN")
    assert (entry.fin_use, entry.fin_conforms, entry.exchange) == (FinUse.KEY, True, (Exchange.PORTAL,))
    assert entry.elements[0].name == Name("FİN", "FIN")
    assert (entry.elements[0].key, entry.elements[1].key, entry.elements[1].type) == (True, False, "xs:date")


def test_an_information_resource_needs_little() -> None:
    entry = read_entry(information_resource())
    assert (entry.owner, entry.operator, entry.subjects, entry.fin_use) == ("DIN", None, None, FinUse.NONE)


def test_one_text_is_a_list_of_one() -> None:
    assert read_entry(information_resource(legal_basis="Qanun")).legal_basis == ("Qanun",)


@pytest.mark.parametrize(
    ("operator", "read"),
    [
        ({"member": "EESMN"}, Operator(member="EESMN")),
        ({"name": {"az": "Mərkəz", "en": "Centre"}}, Operator(name=Name("Mərkəz", "Centre"))),
    ],
)
def test_who_runs_it(operator: dict[str, Any], read: Operator) -> None:
    assert read_entry(information_resource(operator=operator)).operator == read


def test_a_personal_data_system_is_told_all_that_its_law_demands_at_once() -> None:
    bare = information_resource(register="personal-data-systems")
    del bare["purpose"]
    told = problems(bare)
    assert [one.partition(":")[0] for one in told] == [
        "purpose",
        "legal_basis",
        "categories",
        "subjects",
        "protection",
    ]
    # The same but for the register is lawful where no personal data are.
    assert problems(information_resource(purpose=None)) == ("purpose: is missing",)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = problems(
        {
            "register": "telephone-book",
            "code": "DIN",
            "name": {"az": "", "english": "x"},
            "owner": "a/b",
            "operator": {},
            "legal_basis": 7,
            "purpose": 3,
            "categories": {"secret": ["x"]},
            "elements": [{"name": {"az": "a"}}, "b", {"name": {"az": "a", "en": "b"}, "type": "x", "personal": 1}],
            "subjects": True,
            "protection": ["ok", ""],
            "fin": {"use": "sometimes"},
            "hosting": "cloud",
            "exchange": ["pigeon"],
            "services": ["DIN/A/B/1"],
            "documents": [{"sha256": "00", "name": "a/b"}],
            "colour": "red",
        }
    )
    assert {one.partition(":")[0] for one in told} == {
        "register",
        "code",
        "name.az",
        "name.en",
        "name.english",
        "owner",
        "operator",
        "legal_basis",
        "purpose",
        "categories.secret",
        "elements[1]",
        "elements[1].name.en",
        "elements[2]",
        "elements[3].personal",
        "subjects",
        "protection[2]",
        "fin.use",
        "hosting",
        "exchange[1]",
        "services[1]",
        "documents[1].sha256",
        "documents[1].name",
        "colour",
    }


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"fin": {"use": "stored"}}, "fin.use: FINs are personal data"),
        ({"fin": {"conforms": True}}, "fin.conforms: there are no FINs"),
        ({"services": ["DIN/IAMAS"]}, "exchange: services of the bus are named"),
        ({"hosting": {"kind": "other"}}, "hosting.place: say where"),
        ({"documents": [{"sha256": "0" * 64, "name": "a"}] * 2}, "documents: 000"),
        (
            {"elements": [{"name": {"az": "Ad", "en": "Name"}, "type": "x", "personal": True}]},
            "elements: one is personal data",
        ),
        ({"elements": [{"name": {"az": "Ad", "en": "Name"}, "type": "x", "classifier": "y"}]}, "elements[1]: give"),
        ({"elements": [{"name": {"az": "Ad", "en": "N"}, "type": "x"}] * 2}, "elements: ad stands there twice"),
        ({"elements": [{}] * 2_001}, "elements: has 2001"),
        ({"subjects": -1}, "subjects: is not a whole number"),
        ({"legal_basis": ["a\nb"]}, "legal_basis[1]: the text holds a control character"),
    ],
)
def test_what_does_not_go_together(changes: dict[str, Any], told: str) -> None:
    [problem] = problems(information_resource(**changes))
    assert problem.startswith(told)


@pytest.mark.parametrize("document", [None, [], "x", 7])
def test_what_is_no_entry_at_all(document: object) -> None:
    assert problems(document) == ("the document: is not a table of fields",)
