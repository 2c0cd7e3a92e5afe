"""A register's entry goes through the whole procedure, by the commands and by two persons, on SQLite and PostgreSQL."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.entries import personal_system
from support.homes import fresh_home

from esb.cli.main import main

CODE = "DIN/Kartlar"
GIVEN = ("--resource", CODE, "--purpose", "why", "--contact", "IT")
Do = Callable[..., str]


@pytest.fixture
def do(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Do:
    """``do("aysel", "application", "list")``: the command, as a person whom the machine knows, on one database."""
    home = fresh_home(tmp_path)
    environ = {"SHLUZ_REGISTRY_URL": database_url}

    def do(who: str, *arguments: str, code: int = 0) -> str:
        monkeypatch.setattr("esb.cli.desk.who_acts", lambda: who)
        done = CliRunner().invoke(main, ("--home", str(home.path), *arguments), env=environ, catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.output

    for member in ("DIN", "DSMF"):
        do("operator", "member", "add", member, "--az", f"{member} az", "--en", f"{member} en")
    return do


def entry(do: Do) -> dict[str, object]:
    found = json.loads(do("aysel", "resource", "show", CODE, "--json"))
    return {"status": found["status"], "owner": found["entry"]["owner"], "version": found["version"]}


def connect(do: Do, *more: str, kind: str = "new") -> str:
    """File an application and bring it to registration; gives its number."""
    filed = do("aysel", "application", "apply", "DIN", "--kind", kind, *GIVEN, *more)
    number = filed.split()[1]
    do("kamran", "application", "accept", number)
    assert "passed" in do("kamran", "application", "check", number)
    do("kamran", "application", "opine", number, "--favourable", "--reason", "in order")
    return number


def register(do: Do, number: str) -> str:
    return do("kamran", "application", "register", number, "--reason", "decided", "--yes")


def test_an_entry_is_applied_for_registered_changed_moved_and_archived(do: Do, tmp_path: Path) -> None:
    file = tmp_path / "entry.json"
    file.write_text(json.dumps(personal_system(code=CODE)), encoding="utf-8")
    refused = do("aysel", "application", "apply", "DIN", *GIVEN, code=1)
    assert f"{CODE} stands in neither register" in refused
    do("aysel", "resource", "register", str(file), "--reason", "first")
    assert entry(do) == {"status": "draft", "owner": "DIN", "version": 1}

    first = connect(do)
    assert entry(do)["status"] == "draft", "an opinion registers nothing"
    assert f"{CODE} is registered" in register(do, first)
    assert entry(do) == {"status": "registered", "owner": "DIN", "version": 2}
    report = json.loads(do("kamran", "application", "show", first, "--json"))
    assert report["state"] == "registered"

    assert f"{CODE} is suspended" in do("kamran", "application", "suspend", first, "--reason", "repair", "--yes")
    assert entry(do)["status"] == "suspended"
    do("kamran", "application", "resume", first, "--reason", "repaired")
    assert entry(do)["status"] == "registered"

    do("aysel", "resource", "set", CODE, "--reason", "census", "--subjects", "11000000")
    assert "as amended" in register(do, connect(do, kind="change"))
    assert json.loads(do("aysel", "application", "show", first, "--json"))["state"] == "changed"

    moved = connect(do, "--new-owner", "DSMF", kind="transfer")
    assert f"{CODE} belongs to DSMF" in register(do, moved)
    assert entry(do)["owner"] == "DSMF"
    assert entry(do)["status"] == "registered"
    given = ("--kind", "retirement", *GIVEN)
    assert "DIN applies for what is not its own" in do("aysel", "application", "apply", "DIN", *given, code=1)
    number = do("aysel", "application", "apply", "DSMF", *given).split()[1]
    do("aysel", "application", "withdraw", number, "--reason", "not yet")

    said = do("kamran", "application", "retire", moved, "--reason", "no longer kept", "--yes")
    assert f"{CODE} is retired" in said
    assert f"{CODE} is archived" in do("kamran", "application", "archive", moved, "--reason", "closed")
    assert entry(do)["status"] == "archived"
    history = json.loads(do("aysel", "resource", "history", CODE, "--json"))
    assert [one["status"] for one in history][-2:] == ["retired", "archived"]


def test_a_refused_entry_stays_a_draft_and_the_same_person_decides_nothing(do: Do, tmp_path: Path) -> None:
    file = tmp_path / "entry.json"
    file.write_text(json.dumps(personal_system(code=CODE)), encoding="utf-8")
    do("aysel", "resource", "register", str(file), "--reason", "first")
    filed = do("aysel", "application", "apply", "DIN", *GIVEN)
    number = filed.split()[1]
    do("kamran", "application", "accept", number)
    do("kamran", "application", "check", number)
    assert "another officer" in do("Aysel ", "application", "opine", number, "--unfavourable", "--reason", "x", code=1)
    do("kamran", "application", "opine", number, "--unfavourable", "--reason", "no protection")
    do("kamran", "application", "refuse", number, "--reason", "no protection", "--yes")
    assert entry(do) == {"status": "draft", "owner": "DIN", "version": 1}
    do("kamran", "application", "archive", number, "--reason", "closed")
    assert entry(do)["status"] == "draft"
