"""`esb grant explain`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from support.place import CONTRACTS

Run = Callable[..., Result]
NAME = "DIN/IAMAS/PersonQuery/v1"


@pytest.fixture
def granted(office: Run, csr: Path, tmp_path: Path) -> Run:
    for arguments in (
        ("service", "add", NAME, "--wsdl", str(CONTRACTS / "person.wsdl"), "--endpoint", "http://10.1.2.3/p"),
        ("member", "enrol", "EESMN", "--csr", str(csr), "--out", str(tmp_path / "eesmn.pem")),
        ("grant", "add", "EESMN", NAME, "--purpose", "p", "--basis", "l", "--require", "officer", "--per-day", "5"),
    ):
        result = office(*arguments)
        assert result.exit_code == 0, result.output
    return office


def test_people_and_programs_are_told_why(granted: Run) -> None:
    ask = ("grant", "explain", "EESMN", NAME, "--operation", "GetPerson")
    refused = granted(*ask)
    assert (refused.exit_code, refused.stdout.splitlines()[-1]) == (0, f"EESMN → {NAME} GetPerson: refused, ACC-05.")
    assert "missing: officer" in refused.stdout
    good = granted(*ask, "--field", "officer=17")
    assert good.stdout.splitlines()[-1] == f"EESMN → {NAME} GetPerson: passes."
    assert "0 of 5 used today" in good.stdout
    facts = json.loads(granted(*ask, "--purpose", "other", "--field", "officer=17", "--json").stdout)
    (call,) = facts["calls"]
    assert (facts["service"], call["passes"], call["rule"]) == (NAME, False, "ACC-06")
    assert {step["step"] for step in call["steps"]} >= {"certificate", "member", "service", "operation", "grant"}


def test_a_moment_that_is_not_now(granted: Run) -> None:
    ask = ("grant", "explain", "EESMN", NAME, "--field", "officer=17", "--json")
    for moment, rule in (("2020-01-01", "CRT-04"), ("2090-01-01T12:00", "CRT-03")):
        assert json.loads(granted(*ask, "--at", moment).stdout)["calls"][0]["rule"] == rule


@pytest.mark.parametrize("field", ["officer", "mood=good", "=x"])
def test_what_is_no_field(granted: Run, field: str) -> None:
    assert granted("grant", "explain", "EESMN", NAME, "--field", field).exit_code == 2


def test_a_request_that_waits_lets_nothing_through(granted: Run) -> None:
    assert granted("grant", "request", "DIN", NAME, "--purpose", "p", "--basis", "l").exit_code == 0
    facts = json.loads(granted("grant", "explain", "DIN", NAME, "--json").stdout)
    assert facts["calls"][0]["rule"] == "CRT-01"
    assert facts["calls"][0]["steps"][-1]["rule"] == "ACC-02"
