"""`esb member`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esb.certs.ca import create_authority

Run = Callable[..., Result]


def test_members_are_listed_for_people_and_for_programs(office: Run) -> None:
    text = office("member", "list").stdout
    assert text.splitlines()[0].split() == ["CODE", "STATUS", "KIND", "NAME", "IN", "ENGLISH"]
    assert "Daxili İşlər Nazirliyi" in text
    rows = json.loads(office("member", "list", "--json").stdout)
    assert rows[0] == {
        "code": "DIN",
        "status": "active",
        "kind": "state",
        "name_az": "Daxili İşlər Nazirliyi",
        "name_en": "Ministry of Internal Affairs",
    }


def test_an_empty_registry_says_what_to_do(run: Run) -> None:
    run("init")
    assert "esb member add" in run("member", "list").stdout
    assert json.loads(run("member", "list", "--json").stdout) == []


def test_add_says_what_is_next(office: Run) -> None:
    result = office("member", "add", "BANK1", "--az", "Bank", "--en", "Bank", "--kind", "bank", "--voen", "1234567890")
    assert (result.exit_code, "esb member enrol BANK1" in result.stdout) == (0, True)
    shown = office("member", "show", "BANK1").stdout
    assert "1234567890" in shown
    assert "bank" in shown


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("DIN", "--az", "a", "--en", "b"), 1),
        (("a/b", "--az", "a", "--en", "b"), 1),
        (("X", "--az", "a", "--en", "b", "--voen", "12"), 1),
        (("X", "--az", "a"), 2),
        (("X", "--az", "a", "--en", "b", "--kind", "shop"), 2),
    ],
)
def test_what_cannot_be_added(office: Run, arguments: tuple[str, ...], code: int) -> None:
    result = office("member", "add", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr


def test_enrol_gives_the_certificate_once(office: Run, csr: Path, tmp_path: Path) -> None:
    out = tmp_path / "eesmn.pem"
    result = office("member", "enrol", "EESMN", "--csr", str(csr), "--out", str(out), "--days", "10")
    assert result.exit_code == 0
    assert "Certified EESMN for signing until" in result.stdout
    assert "EESMN" in x509.load_pem_x509_certificate(out.read_bytes()).subject.rfc4514_string()
    again = office("member", "enrol", "EESMN", "--csr", str(csr), "--out", str(out))
    assert again.exit_code == 1
    assert "is not overwritten" in again.stderr


def test_enrol_without_a_file_prints_nothing_but_the_certificate(office: Run, csr: Path) -> None:
    printed = office("member", "enrol", "EESMN", "--csr", str(csr)).stdout
    assert x509.load_pem_x509_certificate(printed.encode())
    assert printed.startswith("-----BEGIN")


def test_a_tls_certificate_for_hosts(office: Run, csr: Path) -> None:
    printed = office("member", "enrol", "DIN", "--csr", str(csr), "--use", "tls", "--host", "din.example").stdout
    names = x509.load_pem_x509_certificate(printed.encode()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["din.example"]


def test_what_cannot_be_enrolled(office: Run, csr: Path, tmp_path: Path) -> None:
    assert office("member", "enrol", "NOBODY", "--csr", str(csr)).exit_code == 1
    assert office("member", "enrol", "DIN", "--csr", str(tmp_path / "none")).exit_code == 2
    csr.write_text("nothing")
    result = office("member", "enrol", "DIN", "--csr", str(csr))
    assert (result.exit_code, result.stdout) == (1, "")


def test_a_certificate_of_an_outside_authority(office: Run, tmp_path: Path) -> None:
    from time import time

    _, foreign = create_authority("National CA", "p256", time() - 10, 30)
    for name, encoding in (("a.pem", Encoding.PEM), ("a.der", Encoding.DER)):
        (tmp_path / name).write_bytes(foreign.public_bytes(encoding))
        result = office("member", "certificate", "DIN", str(tmp_path / name))
        assert result.exit_code == 0, result.output
    shown = office("member", "show", "DIN").stdout
    assert shown.count("certificate:") == 1
    assert "CN=National CA" in shown
    (tmp_path / "bad.pem").write_text("-----BEGIN NOTHING")
    result = office("member", "certificate", "DIN", str(tmp_path / "bad.pem"))
    assert (result.exit_code, "PEM or DER" in result.stderr) == (1, True)


def test_status_is_set_with_care(office: Run) -> None:
    result = office("member", "status", "DIN", "suspended", "--reason", "x")
    assert (result.exit_code, "add --yes" in result.stderr) == (1, True)
    assert office("member", "status", "DIN", "suspended", "--reason", "x", "--yes").exit_code == 0
    assert "suspended" in office("member", "show", "DIN").stdout
    assert office("member", "status", "DIN", "active", "--reason", "x").exit_code == 0
    assert office("member", "status", "NOBODY", "active", "--reason", "x").exit_code == 1
    assert office("member", "status", "DIN", "asleep", "--reason", "x").exit_code == 2


def test_show_of_nobody(office: Run) -> None:
    result = office("member", "show", "NOBODY")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "NOBODY" in result.stderr


def test_who_applies_becomes_active_by_an_agreement(office: Run, tmp_path: Path) -> None:
    demanded = {"SHLUZ_MEMBERS_AGREEMENT_REQUIRED": "true"}
    who = ("--az", "Bank", "--en", "Bank", "--kind", "bank", "--voen", "1234567890")
    refused = office("member", "add", "BANK1", *who, **demanded)
    assert (refused.exit_code, "esb member agreement add BANK1" in refused.stderr) == (1, True)
    assert office("member", "show", "BANK1").exit_code == 1
    result = office("member", "apply", "BANK1", *who)
    assert (result.exit_code, "esb member agreement add BANK1" in result.stdout) == (0, True)
    let_in = ("member", "status", "BANK1", "active", "--reason", "agreed")
    assert office(*let_in, **demanded).exit_code == 1
    paper = tmp_path / "agreement.pdf"
    paper.write_bytes(b"%PDF-")
    signed = ("--signed", "2020-01-01", "--document", str(paper))
    assert office("member", "agreement", "add", "BANK1", "1/2020", *signed).exit_code == 0
    assert office(*let_in, **demanded).exit_code == 0
    assert "already" in office(*let_in, **demanded).stdout
    (row,) = json.loads(office("member", "agreement", "list", "BANK1", "--json").stdout)
    assert (row["number"], row["standing"]) == ("1/2020", "in force")
    assert office("member", "agreement", "end", "BANK1", "1/2020", "--reason", "x").exit_code == 1
    assert office("member", "agreement", "end", "BANK1", "1/2020", "--reason", "x", "--yes").exit_code == 0
    assert "ended" in office("member", "agreement", "list").stdout
    at_once = ("--agreement", "2/2020", "--signed", "2020-01-01")
    assert office("member", "add", "BANK2", "--az", "B", "--en", "B", *at_once, **demanded).exit_code == 0
    assert office("member", "add", "BANK3", "--az", "B", "--en", "B", "--agreement", "1").exit_code == 2
    assert office("member", "add", "BANK3", "--az", "B", "--en", "B", "--ends", "2030-01-01").exit_code == 2


def test_who_left_can_only_apply_anew(office: Run) -> None:
    assert office("member", "status", "DIN", "left", "--reason", "dissolved").exit_code == 1
    assert office("member", "status", "DIN", "left", "--reason", "dissolved", "--yes").exit_code == 0
    back = office("member", "status", "DIN", "active", "--reason", "back")
    assert (back.exit_code, "cannot become active" in back.stderr) == (1, True)
    assert office("member", "apply", "DIN", "--az", "DİN", "--en", "MIA").exit_code == 0
    shown = json.loads(office("member", "show", "DIN", "--json").stdout)
    assert (shown["status"], shown["name_en"]) == ("applied", "MIA")


def test_contacts_come_change_and_go(office: Run) -> None:
    person = ("--name", "L. Məmmədova", "--office", "müdir", "--email", "l@din.gov.az", "--telephone", "+994125550000")
    assert office("member", "contact", "add", "DIN", *person).exit_code == 2
    assert office("member", "contact", "add", "DIN", *person, "--role", "technical").exit_code == 0
    assert "L. Məmmədova" in office("member", "show", "DIN").stdout
    moved = office("member", "contact", "change", "1", "--role", "security", "--reason", "moved")
    assert moved.stdout == "Contact 1 is now contact 2.\n"
    (row,) = json.loads(office("member", "contact", "list", "DIN", "--json").stdout)
    assert (row["contact"], row["roles"], row["name"]) == (2, "security", "L. Məmmədova")
    assert office("member", "contact", "end", "2", "--reason", "retired").exit_code == 0
    assert "has no contacts" in office("member", "contact", "list", "DIN").stdout
    assert len(json.loads(office("member", "contact", "list", "DIN", "--all", "--json").stdout)) == 2
    assert office("member", "contact", "list", "NOBODY").exit_code == 1


def test_particulars_are_changed_with_a_reason(office: Run) -> None:
    assert office("member", "change", "DIN", "--en", "MIA").exit_code == 2
    assert office("member", "change", "DIN", "--en", "MIA", "--kind", "bank", "--reason", "decree").exit_code == 0
    shown = json.loads(office("member", "show", "DIN", "--json").stdout)
    assert (shown["name_en"], shown["kind"]) == ("MIA", "bank")


def test_acts_answer_programs_with_what_is_so_now(office: Run) -> None:
    def said(*arguments: str) -> dict[str, str]:
        result = office(*arguments, "--json")
        assert result.exit_code == 0, result.output
        facts: dict[str, str] = json.loads(result.stdout)
        return facts

    who = ("--az", "Bank", "--en", "Bank", "--kind", "bank")
    assert said("member", "add", "BANK1", *who)["status"] == "active"
    assert said("member", "apply", "BANK2", *who)["status"] == "applied"
    assert said("member", "status", "BANK1", "suspended", "--reason", "x", "--yes")["status"] == "suspended"
    assert said("member", "change", "BANK1", "--en", "First", "--reason", "x")["name_en"] == "First"
    assert said("member", "agreement", "add", "BANK1", "1", "--signed", "2020-01-01")["standing"] == "in force"
    assert said("member", "agreement", "end", "BANK1", "1", "--reason", "x", "--yes")["standing"] == "ended"
    person = ("--name", "A", "--office", "B", "--email", "a@b.az", "--telephone", "+994125550000")
    assert said("member", "contact", "add", "BANK1", "--role", "technical", *person)["roles"] == "technical"
    assert said("member", "contact", "change", "1", "--name", "C", "--reason", "x")["name"] == "C"
    assert said("member", "contact", "end", "2", "--reason", "x")["ended"]
    assert said("system", "add", "BANK1/S", "--az", "a", "--en", "b")["name_en"] == "b"
    assert said("system", "rename", "BANK1/S", "--en", "c", "--reason", "x")["name_en"] == "c"
