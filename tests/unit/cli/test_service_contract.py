"""`esb service compare|upgrade|history|sunset`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from support.place import CONTRACTS

Run = Callable[..., Result]
NAME = "DIN/IAMAS/PersonQuery/v1"
REMARK = '<xs:element name="remark" type="xs:string" minOccurs="0"/>'


@pytest.fixture
def desk(office: Run) -> Run:
    """An office with the person register in its registry."""
    assert office("service", "add", NAME, "--wsdl", str(CONTRACTS / "person.wsdl")).exit_code == 0
    return office


def bent(folder: Path, new: str) -> str:
    schema = (CONTRACTS / "person.xsd").read_text()
    (folder / "person.xsd").write_text(schema.replace(REMARK, new))
    (folder / "person.wsdl").write_text((CONTRACTS / "person.wsdl").read_text())
    return str(folder / "person.wsdl")


def test_compare_tells_and_changes_nothing(desk: Run, tmp_path: Path) -> None:
    result = desk("service", "compare", NAME, "--wsdl", bent(tmp_path, ""))
    assert result.exit_code == 3
    assert "GetPerson request /GetPerson/remark: remark was removed" in result.stdout
    assert json.loads(desk("service", "compare", NAME, "--wsdl", bent(tmp_path, REMARK), "--json").stdout) == {
        "verdict": "identical",
        "changes": [],
    }
    assert len(json.loads(desk("service", "history", NAME, "--json").stdout)) == 1


def test_upgrade_takes_what_breaks_nobody(desk: Run, tmp_path: Path) -> None:
    wider = bent(tmp_path, f'{REMARK}<xs:element name="district" type="xs:string" minOccurs="0"/>')
    assert desk("service", "upgrade", NAME, "--wsdl", wider).exit_code == 1  # nobody is there to confirm it
    result = desk("service", "upgrade", NAME, "--wsdl", wider, "--yes")
    assert result.exit_code == 0, result.output
    assert "revision 2" in result.stdout
    history = json.loads(desk("service", "history", NAME, "--json").stdout)
    assert [each["revision"] for each in history] == [1, 2]
    assert history[1]["report"]["verdict"] == "compatible"
    assert "1 changes, compatible" in desk("service", "history", NAME).stdout
    assert "this very contract" in desk("service", "upgrade", NAME, "--wsdl", wider, "--yes").stdout


def test_upgrade_refuses_what_breaks_and_names_the_command(desk: Run, tmp_path: Path) -> None:
    result = desk("service", "upgrade", NAME, "--wsdl", bent(tmp_path, ""), "--yes")
    assert result.exit_code == 1
    assert "esb service add DIN/IAMAS/PersonQuery/v2 --wsdl" in result.stderr


def test_sunset_and_back(desk: Run) -> None:
    assert desk("service", "sunset", NAME).exit_code == 2
    assert desk("service", "sunset", NAME, "--at", "2010-01-01", "--yes").exit_code == 1
    result = desk("service", "sunset", NAME, "--at", "2099-06-30", "--yes")
    assert result.exit_code == 0, result.output
    assert "2099-06-30" in result.stdout
    assert "2099-06-30" in desk("service", "show", NAME).stdout
    assert "no end any more" in desk("service", "sunset", NAME, "--cancel").stdout
