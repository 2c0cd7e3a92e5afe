"""An extract in words."""

from support.entries import information_resource, personal_system

from esb.admin.extract_lines import REGISTERS, STATUSES, both, entry_lines, minute
from esb.registry.resource_entry import Name, Register, ResourceStatus
from esb.registry.resource_reading import read_entry

OWNER = Name("Daxili İşlər Nazirliyi", "Ministry of Internal Affairs")


def test_every_field_that_is_given_is_a_line() -> None:
    document = personal_system(
        operator={"member": "EESMN"},
        services=["DIN/IAMAS"],
        exchange=["soap-bus"],
        documents=[{"sha256": "ab" * 32, "name": "a.pdf"}],
    )
    lines = {line.label.en: line.values for line in entry_lines(read_entry(document), OWNER, Name("Əmək", "Labour"))}
    assert lines["Owner"] == ("DIN: Daxili İşlər Nazirliyi / Ministry of Internal Affairs",)
    assert lines["Operator"] == ("EESMN: Əmək / Labour",)
    assert lines["Data elements"] == (
        "FİN / FIN (təsnifat / classifier fin), fərdi / personal, açar / key",
        "Doğum tarixi / Date of birth (xs:date), fərdi / personal",
    )
    assert lines["Number of data subjects"] == ("10 000 000",)
    assert lines["Hosting"] == ("hökumət buludu / government cloud: Hökumət buludu",)
    assert lines["Documents (SHA-256)"] == (f"a.pdf: {'ab' * 32}",)
    assert len(lines) == 19


def test_what_is_not_given_has_no_line() -> None:
    lines = entry_lines(read_entry(information_resource()), OWNER, None)
    assert [line.label.en for line in lines] == [
        "Code",
        "Name in Azerbaijani",
        "Name in English",
        "Owner",
        "Purpose",
        "Use of the FIN",
        "Hosting",
    ]


def test_another_body_runs_it() -> None:
    name = {"az": "Mərkəz", "en": "Centre"}
    lines = entry_lines(read_entry(information_resource(operator={"name": name})), OWNER, None)
    assert lines[4].values == ("Mərkəz / Centre",)


def test_every_word_is_there_in_both_languages() -> None:
    assert set(REGISTERS) == set(Register)
    assert set(STATUSES) == set(ResourceStatus)
    assert (both(Name("a", "b")), both(Name("a", "a"))) == ("a / b", "a")
    assert minute(0.9) == "1970-01-01 00:00:00 UTC"
