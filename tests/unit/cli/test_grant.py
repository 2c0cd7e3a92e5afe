"""`esb grant`."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

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
    (row,) = json.loads(offered("grant", "list", "--json").stdout)
    wanted = {
        "id": 1,
        "consumer": "EESMN",
        "service": NAME,
        "operations": "GetPerson",
        "purpose": "Müqavilələr",
        "legal_basis": "Maddə 49",
        "until": "2031-01-01T00:00:00+00:00",
        "standing": "in force",
        "per_day": 9,
        "required": "officer",
        "officers": "one, in one act",
    }
    assert {key: row[key] for key in wanted} == wanted


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


@pytest.fixture
def officer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets somebody else sit at the desk: ``officer("leyla")``."""
    return lambda name: monkeypatch.setattr("esb.cli.desk.who_acts", lambda: name)


def test_two_officers_give_a_grant_and_one_cannot(offered: Run, officer: Callable[[str], None], tmp_path: Path) -> None:
    paper = tmp_path / "letter.txt"
    paper.write_text("article 49")
    officer("leyla")
    words = ("EESMN", NAME, "--purpose", "Müqavilələr", "--basis", "Maddə 49")
    refused = offered("grant", "add", *words, SHLUZ_GRANTS_TWO_OFFICERS="true")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "esb grant request" in refused.stderr
    asked = offered("grant", "request", *words, "--document", str(paper), SHLUZ_GRANTS_TWO_OFFICERS="true")
    assert (asked.exit_code, "esb grant approve 1" in asked.stdout) == (0, True)
    # Whatever the setting says.
    for setting in ("true", "false"):
        alone = offered("grant", "approve", "1", SHLUZ_GRANTS_TWO_OFFICERS=setting)
        assert (alone.exit_code, "another officer" in alone.stderr) == (1, True)
    assert json.loads(offered("grant", "list", "--json").stdout) == []
    assert [row["id"] for row in json.loads(offered("grant", "list", "--status", "requested", "--json").stdout)] == [1]
    officer("aydin")
    assert offered("grant", "approve", "1", "--note", "seen").exit_code == 0
    shown = offered("grant", "show", "1").stdout
    for text in ("leyla", "aydin", "in force", hashlib.sha256(b"article 49").hexdigest()):
        assert text in shown


def test_a_request_is_declined_withdrawn_or_replaces(offered: Run, officer: Callable[[str], None]) -> None:
    words = ("EESMN", NAME, "--purpose", "Müqavilələr", "--basis", "Maddə 49")
    officer("leyla")
    for more in (("--per-day", "1"), ("--per-day", "2"), ("--per-day", "3")):
        assert offered("grant", "request", *words, *more).exit_code == 0
    assert offered("grant", "withdraw", "1", "--reason", "mistake").exit_code == 0
    assert offered("grant", "decline", "2", "--reason", "no").exit_code == 1
    officer("aydin")
    assert offered("grant", "withdraw", "2", "--reason", "no").exit_code == 1
    assert offered("grant", "decline", "2", "--reason", "no").exit_code == 0
    assert offered("grant", "approve", "2").exit_code == 1
    assert json.loads(offered("grant", "approve", "3", "--json").stdout)["standing"] == "in force"
    officer("leyla")
    assert offered("grant", "request", *words, "--per-day", "9", "--replaces", "3").exit_code == 0
    officer("aydin")
    assert offered("grant", "approve", "4").exit_code == 0
    rows = json.loads(offered("grant", "list", "--all", "--json").stdout)
    assert [row["standing"] for row in rows] == ["withdrawn", "declined", "revoked", "in force"]
    assert rows[3]["replaces"] == 3


def test_a_paper_must_be_there(offered: Run, officer: Callable[[str], None]) -> None:
    assert add(offered, "--document", "none.pdf").exit_code == 2
    assert add(offered, "--document", "0" * 64).exit_code == 1
    assert add(offered, "--from", "2040-01-01").exit_code == 0
    assert json.loads(offered("grant", "list", "--json").stdout)[0]["standing"] == "not yet in force"
