"""`esb evidence export` and `esb evidence verify`, as a person runs them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.packages import PASSPHRASE, Packages

from esb.cli.main import main

Export = Callable[..., Result]


@pytest.fixture
def export(packages: Packages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    """``export(ID, …)`` in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    environ = {**packages.place.environment, "SHLUZ_KEYS_PASSPHRASE": PASSPHRASE.decode()}

    def export(*words: str) -> Result:
        home = ("--home", str(packages.place.home.path))
        return CliRunner().invoke(main, (*home, "evidence", "export", *words), env=environ, catch_exceptions=False)

    return export


def verify(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Verify as a stranger: a process of its own in a folder without a home, with no setting of ours."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SHLUZ_")}
    command = [sys.executable, "-m", "esb.cli", "evidence", "verify", *words]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)


def test_a_package_is_exported_with_a_reason_and_verified_by_a_stranger(
    packages: Packages, export: Export, tmp_path: Path
) -> None:
    exchange = packages.exchanges["answered"].reply.exchange
    assert export(exchange).exit_code == 2
    result = export(exchange, "--reason", "Complaint 118", "--out", "c.asice")
    assert result.exit_code == 0, result.output
    assert "note:" not in result.stderr
    assert (tmp_path / "c.asice").stat().st_mode & 0o077 == 0
    assert export(exchange, "--reason", "again", "--out", "c.asice").exit_code == 2
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "ca.pem").write_bytes(
        (packages.place.home.path / "anchors" / "shluz-ca.pem").read_bytes()
    )
    (tmp_path / "elsewhere" / "kept.xml").write_bytes(packages.exchanges["answered"].reply.body)
    words = ("../c.asice", "--anchor", "ca.pem", "--log-key", packages.log_key.text)
    told = verify(tmp_path / "elsewhere", *words, "--receipt", "kept.xml")
    assert told.returncode == 0, told.stdout + told.stderr
    assert " 1. ok  The container is well-formed" in told.stdout
    assert "The receipt that you hold cites these very records." in told.stdout
    az = verify(tmp_path / "elsewhere", *words, "--lang", "az", "--strict")
    assert "Jurnala görə bu sertifikat şinin özünündür." in az.stdout
    assert sorted(path.name for path in (tmp_path / "elsewhere").iterdir()) == ["ca.pem", "kept.xml"]


def test_a_broken_step_is_named_with_what_it_means(
    packages: Packages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def here(*words: str) -> Result:
        return CliRunner().invoke(main, ("evidence", "verify", *words), catch_exceptions=False)

    def alter(files: dict[str, bytes]) -> None:
        files["messages/request.xml"] = files["messages/request.xml"].replace(b"5ABC123", b"5ABC124")

    (tmp_path / "forged.asice").write_bytes(packages.forged(packages.answered, alter))
    anchor = packages.place.home.path / "anchors" / "shluz-ca.pem"
    words = ("forged.asice", "--anchor", str(anchor), "--log-key", packages.log_key.text)
    told = here(*words)
    assert told.exit_code == 1
    assert "NO  The request is, octet for octet, the one that was recorded." in told.stdout
    assert "The request in the package is not the one that the bus received." in told.stdout
    assert "Traceback" not in told.stderr
    found = json.loads(here(*words, "--json").stdout)
    assert found["verdict"] == "broken"
    assert (found["steps"][-1]["name"], found["steps"][-1]["result"]) == ("request-message", "broken")
    (tmp_path / "no.asice").write_bytes(b"no zip")
    assert here("no.asice", *words[1:]).exit_code == 1


def test_the_act_is_told_in_json_and_what_is_missing_with_it(packages: Packages, export: Export) -> None:
    result = export(packages.exchanges["unsigned"].reply.exchange, "--reason", "x", "--json")
    found = json.loads(result.stdout)
    assert found["file"] == f"{found['exchange']}.asice"
    assert list(found["missing"]) == ["messages/provider-answer.xml"]
    assert export("0197", "--reason", "x").exit_code == 1
