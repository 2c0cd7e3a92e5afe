"""`esb demo` from beginning to end, as a person runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

COMMAND = [sys.executable, "-c", "from esb.cli.main import main; main()", "demo"]
OUTCOMES = {
    "identity": ("answered", "", 200),
    "employment": ("answered", "", 200),
    "insurance": ("answered", "", 200),
    "pension": ("answered", "", 200),
    "metadata": ("answered", "", 200),
    "not-found": ("provider-fault", "", 500),
    "no-grant": ("AccessDenied", "ACC-02", 500),
    "no-officer": ("PurposeMissing", "ACC-05", 500),
    "tampered": ("SignatureInvalid", "SIG-07", 500),
    "bad-fin": ("SchemaViolation", "SCH-01", 500),
    "replay": ("Replay", "TIM-04", 500),
    "down": ("ProviderUnavailable", "PRV-01", 502),
}


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "TMPDIR": str(folder), "SHLUZ_DOOR_PORT": "1", "http_proxy": "http://127.0.0.1:1"}
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, env=environment, cwd=folder)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("json")
    done = run(folder, "--json")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert not list(folder.glob("shluz-demo-*")), "the home is removed at the end"
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_every_scene_comes_out_as_the_protocol_says(result: dict[str, Any]) -> None:
    assert {each["name"]: (each["outcome"], each["rule"], each["status"]) for each in result["scenes"]} == OUTCOMES


def test_everything_that_was_checked_holds(result: dict[str, Any]) -> None:
    wrong = [(each["name"], check["text"]) for each in result["scenes"] for check in each["checks"] if not check["ok"]]
    assert wrong == []
    assert result["ok"] is True


def test_every_exchange_left_its_records(result: dict[str, Any]) -> None:
    records = [record for each in result["scenes"] for record in each["records"]]
    assert len(records) == len(set(records)) == result["records"]
    for each in result["scenes"]:
        kinds = [record[-2:] for record in each["records"]]
        assert kinds == (["-q", "-a"] if not each["rule"] else ["-q", "-r"] if each["name"] == "down" else ["-r"])


def test_what_is_granted_is_told_with_purpose_and_legal_basis(result: dict[str, Any]) -> None:
    for each in result["scenes"]:
        assert bool(each["purpose"] and each["legal_basis"]) is (each["name"] != "no-grant")


@pytest.mark.long
def test_the_story_is_readable_without_colours_off_a_terminal(tmp_path: Path) -> None:
    home = tmp_path / "chosen"
    done = run(tmp_path, "--home-folder", str(home))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "\x1b" not in done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Everybody in this demo is made up")
    assert max(map(len, lines)) <= 100
    assert "✗" not in done.stdout
    assert f"✓ {len(OUTCOMES)} scenes, all" in lines[-1]
    assert "Əmək Məcəlləsi" in done.stdout
    assert not home.exists()
