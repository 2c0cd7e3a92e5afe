"""`esb grant defer` and `esb grant deferral`."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from support.place import CONTRACTS

import esb.cli.desk

Run = Callable[..., Result]
NAME = "DIN/IAMAS/PersonQuery/v1"


@pytest.fixture
def granted(office: Run) -> Run:
    office("service", "add", NAME, "--wsdl", str(CONTRACTS / "person.wsdl"), "--endpoint", "http://10.1.2.3/p")
    office("grant", "add", "EESMN", NAME, "--purpose", "search", "--basis", "Law 2")
    return office


def test_one_defers_and_another_approves(granted: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "esb grant defer" in granted("grant", "deferral", "list").stdout
    asked = granted("grant", "defer", "1", "--until-days", "180", "--hidden", "--basis", "Law on search, 5")
    assert (asked.exit_code, "esb grant deferral approve 1" in asked.stdout) == (0, True), asked.output
    assert granted("grant", "deferral", "approve", "1").exit_code == 1
    monkeypatch.setattr(esb.cli.desk, "who_acts", lambda: "another")
    assert "in force" in granted("grant", "deferral", "approve", "1").stdout
    (row,) = json.loads(granted("grant", "deferral", "list", "1", "--json").stdout)
    assert (row["status"], row["telling"], row["days"], row["decided_by"]) == ("approved", "hidden", 180, "another")
    assert "180 days after" in granted("grant", "deferral", "list").stdout
    shown = json.loads(granted("grant", "show", "1", "--json").stdout)
    assert shown["persons_told"] == "180 days after, hidden until then"
    granted("grant", "defer", "1", "--end", "--basis", "Closed")
    assert granted("grant", "deferral", "withdraw", "2", "--reason", "not yet").exit_code == 0


WRONG = (
    (("--until-days", "3"), 2),
    (("--hidden",), 1),
    (("--hidden", "--until", "2001-01-01"), 1),
    (("--end", "--hidden"), 2),
    (("--end",), 1),
)


def test_what_is_no_rule(granted: Run) -> None:
    for arguments, code in WRONG:  # a registry for each would take the longest
        assert granted("grant", "defer", "1", *arguments, "--basis", "Law").exit_code == code, arguments
