"""`esb service subject`."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from support.place import CONTRACTS

Run = Callable[..., Result]
NAME = "DIN/IAMAS/PersonQuery/v1"
ANSWER = "{urn:example:person}GetPersonResponse/{urn:example:person}person/{urn:example:person}fin"


@pytest.fixture
def offered(office: Run) -> Run:
    wsdl = str(CONTRACTS / "person.wsdl")
    added = office("service", "add", NAME, "--wsdl", wsdl, "--endpoint", "http://10.1.2.3/p")
    assert f"esb service subject {NAME} NotePerson --request NotePerson/fin" in added.stdout
    return office


def test_paths_are_proposed_set_shown_and_taken_back(offered: Run) -> None:
    assert "proposed" in offered("service", "subject", NAME).stdout
    done = offered("service", "subject", NAME, "GetPerson", "--answer", "GetPersonResponse/person/fin")
    assert (done.exit_code, f"answer: {ANSWER}" in done.stdout) == (0, True)
    first = json.loads(offered("service", "subject", NAME, "--json").stdout)[0]
    assert (first["operation"], first["request"], first["answer"]) == ("GetPerson", [], [ANSWER])
    assert len(first["proposed"]["request"]) == 2
    assert offered("service", "subject", NAME, "GetPerson", "--remove").exit_code == 1  # nobody said yes
    assert offered("service", "subject", NAME, "GetPerson", "--remove", "--yes").exit_code == 0
    assert json.loads(offered("service", "subject", NAME, "--json").stdout)[0]["answer"] == []


WRONG = (
    (("GetPerson", "--request", "GetPerson/remark"), 1, "is no FIN"),
    (("GetPerson", "--request", "GetPerson//fin"), 1, "has no step"),
    (("Nothing", "--request", "a"), 1, "it has: GetPerson"),
    (("GetPerson",), 2, "Give paths"),
    (("--request", "a"), 2, "Name the operation"),
)


def test_what_cannot_be_said(offered: Run) -> None:
    for arguments, code, told in WRONG:  # a registry for each would take the longest
        result = offered("service", "subject", NAME, *arguments)
        assert (result.exit_code, told in result.stderr) == (code, True), result.stderr
