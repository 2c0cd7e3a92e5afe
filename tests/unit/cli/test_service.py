"""`esb service`."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from support.place import CONTRACTS

Run = Callable[..., Result]
NAME = "DIN/IAMAS/PersonQuery/v1"
WSDL = str(CONTRACTS / "person.wsdl")


def add(run: Run, *arguments: str, name: str = NAME) -> Result:
    return run("service", "add", name, "--wsdl", WSDL, "--endpoint", "http://10.1.2.3/person", *arguments)


def test_add_tells_what_was_registered_and_what_is_next(office: Run) -> None:
    result = add(office)
    assert result.exit_code == 0, result.output
    for words in (
        "Provider: http://10.1.2.3/person (SOAP 1.1, 1.2)",
        "Operations: GetPerson, CountPersons, NotePerson",
        f"http://127.0.0.1:8080/services/{NAME}?wsdl",
        f"esb grant add CONSUMER {NAME}",
    ):
        assert words in result.stdout


def test_every_term_is_shown_as_it_was_given(office: Run) -> None:
    add(
        office, "--signature", "carry", "--signed-answers", "--judge-request", "warn", "--judge-answer", "off",
        "--timeout", "2.5",
    )  # fmt: skip
    shown = office("service", "show", NAME).stdout
    for words in ("carry", "required", "judge request:", "2.5", "http://10.1.2.3/person", "one-way"):
        assert words in shown
    facts = json.loads(office("service", "show", NAME, "--json").stdout)
    assert (facts["signature"], facts["signed_answers"], facts["timeout"]) == ("carry", "required", 2.5)
    assert (facts["judge_request"], facts["judge_answer"]) == ("warn", "off")
    assert facts["operations"][0]["output"] == "{urn:example:person}GetPersonResponse"


def test_the_list_for_people_and_for_programs(office: Run) -> None:
    assert "esb service add" in office("service", "list").stdout
    add(office)
    assert NAME in office("service", "list").stdout
    assert json.loads(office("service", "list", "--json").stdout) == [
        {
            "service": NAME,
            "status": "active",
            "adapter": "soap",
            "signature": "bus",
            "judgement": "enforce/enforce",
            "endpoint": "http://10.1.2.3/person",
        }
    ]


def test_a_hosted_service(office: Run) -> None:
    result = office("service", "add", "DIN/BUS/Metadata/v1", "--hosted", "metadata")
    assert result.exit_code == 0, result.output
    assert json.loads(office("service", "list", "--json").stdout)[0]["adapter"] == "hosted"
    again = office("service", "upgrade", "DIN/BUS/Metadata/v1", "--hosted", "metadata", "--yes")
    assert "this very contract" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((NAME,), 2),
        ((NAME, "--wsdl", WSDL, "--hosted", "metadata"), 2),
        ((NAME, "--wsdl", "none.wsdl"), 1),
        ((NAME, "--hosted", "nothing"), 1),
        (("DIN/IAMAS/PersonQuery", "--wsdl", WSDL), 1),
        (("NOBODY/IAMAS/PersonQuery/v1", "--wsdl", WSDL), 1),
        ((NAME, "--wsdl", WSDL, "--endpoint", "ftp://x"), 1),
        ((NAME, "--wsdl", WSDL, "--endpoint", "http://x", "--timeout", "-1"), 1),
        ((NAME, "--wsdl", WSDL, "--port-type", "Nothing"), 1),
        ((NAME, "--wsdl", WSDL, "--signature", "mine"), 2),
    ],
)
def test_what_cannot_be_registered(office: Run, arguments: tuple[str, ...], code: int) -> None:
    result = office("service", "add", *arguments)
    assert result.exit_code == code, result.output
    assert result.stderr
    assert json.loads(office("service", "list", "--json").stdout) == []


def test_a_wsdl_on_a_private_address_is_fetched_only_when_allowed(office: Run) -> None:
    result = office("service", "add", NAME, "--wsdl", "http://127.0.0.1:9/x?wsdl")
    assert result.exit_code == 1
    assert "--allow-private" in result.stderr or "private" in result.stderr


def test_change_changes_what_is_named(office: Run) -> None:
    add(office)
    result = office("service", "change", NAME, "--endpoint", "https://10.9.9.9/p", "--timeout", "9")
    assert (result.exit_code, result.stdout.startswith("Changed;")) == (0, True)
    facts = json.loads(office("service", "show", NAME, "--json").stdout)
    assert (facts["endpoint"], facts["timeout"], facts["judge_request"]) == ("https://10.9.9.9/p", 9.0, "enforce")
    result = office("service", "change", NAME, "--status", "retired")
    assert (result.exit_code, "add --yes" in result.stderr) == (1, True)
    assert office("service", "change", NAME, "--status", "suspended", "--yes").exit_code == 0
    assert "suspended" in office("service", "show", NAME).stdout
    assert office("service", "change", "DIN/IAMAS/Other/v1", "--timeout", "9").exit_code == 1


def test_show_of_nothing(office: Run) -> None:
    result = office("service", "show", NAME)
    assert (result.exit_code, result.stdout) == (1, "")
