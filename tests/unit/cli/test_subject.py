"""`esb subject`: what it says before there is anything to tell; the rest is told in tests/way/test_subjects.py."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.records import a_record

from esb.admin.passphrase import read_passphrase
from esb.admin.subject_keys import open_every_key
from esb.audit.sqlite import SqliteStore
from esb.audit.tree_sqlite import SqliteTree
from esb.cli.main import main

Run = Callable[..., Result]
FIN = "5ABC123"


@pytest.fixture
def recorded(office: Run, tmp_path: Path) -> Run:
    """An office with a log that names a person once, and a tree of it without a checkpoint."""
    home = tmp_path / "shluz-home"
    pseudonyms = open_every_key(home / "keys" / "subjects", read_passphrase(None, home / "keys" / "passphrase"))
    store = SqliteStore(home / "evidence.db")
    store.write([a_record(subject=pseudonyms.of(FIN), consumer="EESMN", officer="L.", legal_basis="Law 1")])
    store.close()
    tree = SqliteTree(home / "evidence.db")
    tree.add()
    tree.close()
    return office


def test_the_fin_is_read_from_standard_input_and_told_nowhere(recorded: Run, tmp_path: Path) -> None:
    command = ("subject", "history", "--reason", "Letter 17")
    found = CliRunner().invoke(main, command, input=f"{FIN}\n", env={}, catch_exceptions=False)
    assert found.exit_code == 0, found.output
    for words in (
        "EESMN: Əmək Nazirliyi / Ministry of Labour",
        "Law 1",
        "DIN/IAMAS/PersonQuery/v1: Daxili",
        "accepted",
    ):
        assert words in found.stdout
    told = recorded("subject", "history", FIN, "--reason", "Letter 17", "--json", "--as", "operator")
    (line,) = json.loads(told.stdout)["lines"]
    assert (line["consumerName"]["en"], line["officer"], line["toldFrom"]) == ("Ministry of Labour", "L.", None)
    acts = recorded("act", "list", "--about", "subject", "--json")
    assert [each["detail"]["view"] for each in json.loads(acts.stdout)] == ["operator", "person"]
    for said in (found.output, told.output, acts.output):
        assert FIN not in said
    proofs = recorded("subject", "history", FIN, "--reason", "x", "--proofs", "proofs.zip")
    assert "no checkpoint yet" in proofs.stderr
    key = recorded("log", "key").stdout.strip()
    checked = recorded("subject", "check", "proofs.zip", "--key", key)
    assert (checked.exit_code, checked.stdout) == (0, "0 records are in the log, as they stand here.\n")


def test_what_is_refused(office: Run, tmp_path: Path) -> None:
    assert "no log" in office("subject", "history", FIN, "--reason", "x").stderr
    SqliteStore(tmp_path / "shluz-home" / "evidence.db").write([a_record()])
    wrong = office("subject", "history", "5ABC12", "--reason", "x")
    assert (wrong.exit_code, "this is no FIN" in wrong.stderr) == (1, True)
    assert office("subject", "key").exit_code == 1  # nobody said yes
    made = office("subject", "key", "--yes")
    assert (made.exit_code, "Key 2" in made.stdout) == (0, True)
