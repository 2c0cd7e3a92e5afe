"""`esb contract`."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from support.place import CONTRACTS

Run = Callable[..., Result]
WSDL = str(CONTRACTS / "person.wsdl")


def bent(folder: Path, old: str, new: str) -> str:
    """The person register's WSDL with one piece of its schema replaced; gives its path."""
    schema = (CONTRACTS / "person.xsd").read_text()
    assert old in schema
    (folder / "person.xsd").write_text(schema.replace(old, new))
    (folder / "person.wsdl").write_text((CONTRACTS / "person.wsdl").read_text())
    return str(folder / "person.wsdl")


def test_identical_files(run: Run) -> None:
    result = run("contract", "compare", WSDL, WSDL)
    assert result.exit_code == 0
    assert "Identical" in result.stdout


def test_breaking_and_back(run: Run, tmp_path: Path) -> None:
    wider = bent(tmp_path, 'name="why"', 'name="reason"')
    result = run("contract", "compare", WSDL, wider)
    assert result.exit_code == 3
    assert "Breaking" in result.stdout
    assert "reason was added, and must be there" in result.stdout
    report = json.loads(run("contract", "compare", WSDL, wider, "--json").stdout)
    assert report["verdict"] == "breaking"
    assert {change["side"] for change in report["changes"]} == {"answer"}


def test_what_is_no_contract_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "nothing.wsdl").write_text("<nothing/>")
    result = run("contract", "compare", WSDL, str(tmp_path / "nothing.wsdl"))
    assert result.exit_code == 1
    assert "refused" in result.stderr
