"""`esb grant`."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from support.place import CONTRACTS

Run = Callable[..., Result]
NAME = "DIN/IAMAS/PersonQuery/v1"


@pytest.fixture
def offered(office: Run) -> Run:
    result = office("service", "add", NAME, "--wsdl", str(CONTRACTS / "person.wsdl"), "--endpoint", "http://10.1.2.3/p")
    assert result.exit_code == 0, result.output
    return office


def add(run: Run, *more: str, consumer: str = "EESMN", service: str = NAME) -> Result:
    return run("grant", "add", consumer, service, "--purpose", "Müqavilələr", "--basis", "Maddə 49", *more)


def test_a_grant_is_listed_with_purpose_and_basis(offered: Run) -> None:
    assert "esb grant add" in offered("grant", "list").stdout
    result = add(offered, "--operation", "GetPerson", "--until", "2031-01-01", "--per-day", "9", "--require", "officer")
    assert (result.exit_code, result.stdout) == (0, f"Grant 1: EESMN may ask {NAME}.\n")
    assert "Müqavilələr" in offered("grant", "list").stdout
    assert json.loads(offered("grant", "list", "--json").stdout) == [
        {
            "id": 1,
            "consumer": "EESMN",
            "service": NAME,
            "operations": "GetPerson",
            "purpose": "Müqavilələr",
            "legal_basis": "Maddə 49",
            "until": "2031-01-01T00:00:00+00:00",
        }
    ]


def test_the_list_is_narrowed(offered: Run) -> None:
    add(offered)
    assert json.loads(offered("grant", "list", "--consumer", "DIN", "--json").stdout) == []
    assert len(json.loads(offered("grant", "list", "--consumer", "EESMN", "--service", NAME, "--json").stdout)) == 1
    assert offered("grant", "list", "--service", "nonsense").exit_code == 1


@pytest.mark.parametrize(
    ("changes", "more", "code"),
    [
        ({"consumer": "NOBODY"}, (), 1),
        ({"consumer": "EESMN/NOTHING"}, (), 1),
        ({"service": "DIN/IAMAS/Other/v1"}, (), 1),
        ({"service": "nonsense"}, (), 1),
        ({}, ("--operation", "Nothing"), 1),
        ({}, ("--require", "shoe-size"), 1),
        ({}, ("--until", "yesterday"), 2),
        ({}, ("--until", "2001-01-01"), 1),
        ({}, ("--per-day", "0"), 2),
    ],
)
def test_what_cannot_be_granted(offered: Run, changes: dict[str, str], more: tuple[str, ...], code: int) -> None:
    result = add(offered, *more, **changes)
    assert result.exit_code == code, result.output
    assert result.stderr
    assert json.loads(offered("grant", "list", "--json").stdout) == []


def test_purpose_and_basis_are_never_guessed(offered: Run) -> None:
    assert offered("grant", "add", "EESMN", NAME, "--purpose", "x").exit_code == 2
    assert offered("grant", "add", "EESMN", NAME, "--basis", "x").exit_code == 2


def test_a_grant_is_taken_back_with_a_reason(offered: Run) -> None:
    add(offered)
    assert offered("grant", "revoke", "1").exit_code == 2
    result = offered("grant", "revoke", "1", "--reason", "ended")
    assert (result.exit_code, "add --yes" in result.stderr) == (1, True)
    assert offered("grant", "revoke", "1", "--reason", "ended", "--yes").exit_code == 0
    assert json.loads(offered("grant", "list", "--json").stdout) == []
    assert offered("grant", "revoke", "7", "--reason", "x", "--yes").exit_code == 1
