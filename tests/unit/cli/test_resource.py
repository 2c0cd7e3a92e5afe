"""`esb resource`."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from support.entries import information_resource, personal_system

Run = Callable[..., Result]

TOML = """
register = "personal-data-systems"
code = "DIN/IAMAS"
legal_basis = "Fərdi məlumatlar haqqında qanun"
purpose = "Vətəndaşların şəxsiyyətinin təsdiqi"
subjects = 10_000_000
protection = ["Şifrələmə"]

[name]
az = "Şəxsiyyət vəsiqələrinin reyestri"
en = "Register of identity cards"

[categories]
personal = ["Kimlik"]

[[elements]]
name = { az = "FİN", en = "FIN" }
classifier = "fin"
personal = true
key = true
"""


def register(run: Run, tmp_path: Path, document: dict[str, Any] | str) -> Result:
    file = tmp_path / ("entry.toml" if isinstance(document, str) else "entry.json")
    file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return run("resource", "register", file.name, "--reason", "ilk qeydiyyat")


def shown(run: Run, *arguments: str) -> Any:
    result = run("resource", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("document", [TOML, personal_system()], ids=["toml", "json"])
def test_an_entry_comes_in_as_a_document_and_goes_out_as_one(office: Run, tmp_path: Path, document: Any) -> None:
    result = register(office, tmp_path, document)
    assert result.exit_code == 0, result.output
    assert "version 1 (draft)" in result.stdout
    assert office("resource", "export", "DIN/IAMAS", "--out", "out.json").exit_code == 0
    exported = json.loads((tmp_path / "out.json").read_text())
    assert exported == json.loads(office("resource", "export", "DIN/IAMAS").stdout)
    assert exported["name"]["az"] == "Şəxsiyyət vəsiqələrinin reyestri"
    # What went out comes in again as no change.
    again = office("resource", "set", "DIN/IAMAS", "--file", "out.json", "--reason", "x")
    assert "version 1 stands" in again.stdout


def test_all_errors_of_a_document_are_told_at_once(office: Run, tmp_path: Path) -> None:
    result = register(office, tmp_path, information_resource(register="personal-data-systems", colour="red"))
    assert result.exit_code == 1
    for words in ("legal_basis:", "categories:", "subjects:", "protection:", "colour: is not a field"):
        assert words in result.stderr


@pytest.mark.parametrize(("name", "text"), [("a.json", "{"), ("a.toml", "a = "), ("b.json", "\udcff")])
def test_a_file_that_is_no_document(office: Run, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    result = office("resource", "register", name, "--reason", "x")
    assert (result.exit_code, "in UTF-8" in result.stderr) == (2, True)


def test_set_changes_what_is_named_and_leaves_the_rest(office: Run, tmp_path: Path) -> None:
    register(office, tmp_path, personal_system())
    (tmp_path / "act.pdf").write_bytes(b"x")
    digest = office("document", "add", "act.pdf").stdout.splitlines()[0]
    result = office(
        "resource", "set", "DIN/IAMAS", "--en", "Identity cards", "--subjects", "11", "--basis", "Qanun 1",
        "--basis", "Qanun 2", "--special", "Sağlamlıq", "--fin", "stored", "--fin-does-not-conform",
        "--operator", "EESMN", "--hosting", "own", "--exchange", "file", "--document", digest, "--reason", "yoxlama",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "esb resource diff DIN/IAMAS 1 2" in result.stdout
    before, after = shown(office, "show", "DIN/IAMAS", "--version", "1"), shown(office, "show", "DIN/IAMAS")
    assert (after["version"], after["reason"], after["status"]) == (2, "yoxlama", "draft")
    changed = {
        **before["entry"],
        "name": {**before["entry"]["name"], "en": "Identity cards"},
        "subjects": 11,
        "legal_basis": ["Qanun 1", "Qanun 2"],
        "categories": {**before["entry"]["categories"], "special": ["Sağlamlıq"]},
        "fin": {"use": "stored", "conforms": False},
        "operator": {"member": "EESMN", "name": None},
        "hosting": {"kind": "own", "place": "Hökumət buludu"},
        "exchange": ["file"],
        "documents": [{"sha256": digest, "name": "act.pdf"}],
    }
    assert after["entry"] == changed
    assert {one["path"] for one in shown(office, "diff", "DIN/IAMAS", "1", "2")} >= {
        "entry.subjects",
        "entry.name.en",
        f"entry.documents[{digest}]",
    }
    text = office("resource", "diff", "DIN/IAMAS", "1", "2").stdout
    assert "10000000" in text
    office("resource", "set", "DIN/IAMAS", "--fin", "none", "--operator", "DIN", "--reason", "x")
    entry = shown(office, "show", "DIN/IAMAS")["entry"]
    assert (entry["fin"], entry["operator"]) == ({"use": "none", "conforms": None}, None)


def test_set_refuses_a_file_of_another_entry(office: Run, tmp_path: Path) -> None:
    register(office, tmp_path, personal_system())
    (tmp_path / "other.json").write_text(json.dumps(information_resource()))
    result = office("resource", "set", "DIN/IAMAS", "--file", "other.json", "--reason", "x")
    assert (result.exit_code, "another entry" in result.stderr) == (2, True)


def test_any_past_state_is_shown_and_listed(office: Run, tmp_path: Path) -> None:
    register(office, tmp_path, personal_system())
    office("resource", "set", "DIN/IAMAS", "--purpose", "Yeni məqsəd", "--reason", "x")
    first, second = shown(office, "history", "DIN/IAMAS")
    history = office("resource", "history", "DIN/IAMAS").stdout.splitlines()
    stamp = history[2].split()[1]
    assert shown(office, "show", "DIN/IAMAS", "--as-of", stamp)["version"] == 2
    moment = datetime.fromtimestamp(second["at"] - 1e-6, UTC).isoformat()
    assert shown(office, "show", "DIN/IAMAS", "--as-of", moment)["version"] == 1
    [listed] = shown(office, "list", "--as-of", moment)
    assert (listed["version"], listed["sha256"]) == (1, first["sha256"])
    assert shown(office, "list", "--as-of", "2020-01-01") == []
    gone = office("resource", "show", "DIN/IAMAS", "--as-of", "2020-01-01")
    assert (gone.exit_code, "first version" in gone.stderr) == (1, True)
    assert office("resource", "show", "DIN/IAMAS", "--as-of", moment, "--version", "1").exit_code == 2


def test_people_read_it(office: Run, tmp_path: Path) -> None:
    assert "esb resource register" in office("resource", "list").stdout
    register(office, tmp_path, personal_system())
    register(office, tmp_path, information_resource())
    assert "Register of identity cards" in office("resource", "list").stdout
    assert len(shown(office, "list", "--register", "personal-data-systems")) == 1
    assert len(shown(office, "list", "--owner", "EESMN")) == 0
    text = office("resource", "show", "DIN/IAMAS").stdout
    for words in ("Şəxsiyyət vəsiqələrinin reyestri", "FİN, FIN, fin, yes, yes", "Biometrik", "ilk qeydiyyat"):
        assert words in text
