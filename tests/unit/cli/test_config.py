"""`esb config`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


@pytest.fixture
def home(run: Run, tmp_path: Path) -> Path:
    assert run("init").exit_code == 0
    return tmp_path / "shluz-home"


def test_check_of_good_settings_counts_them_and_adds_notes(run: Run, home: Path) -> None:
    result = run("config", "check", SHLUZ_DOOR_HOST="0.0.0.0")
    assert result.exit_code == 0
    assert result.stdout.startswith("The settings are good: 1 of ")
    assert "Note: door.tls is off" in result.stdout


def test_check_of_wrong_settings_tells_all_of_it(run: Run, home: Path) -> None:
    (home / "esb.toml").write_text("[door]\nport = 'x'\nprot = 1\n")
    result = run("config", "check")
    assert result.exit_code == 2
    assert f"door.port (from {home}/esb.toml line 2)" in result.stderr
    assert f"door.prot (from {home}/esb.toml line 3)" in result.stderr


def test_show_tells_values_and_origins_but_no_secret(run: Run, home: Path) -> None:
    (home / "esb.toml").write_text("[bus]\nalso_known_as = ['https://a.example', 'https://b.example']\n")
    environ = {
        "SHLUZ_KEYS_PASSPHRASE": "geheim",
        "SHLUZ_REGISTRY_URL": "postgresql://u:geheim@db/bus",
        "SHLUZ_DOOR_PORT": "1",
    }
    for arguments in ([], ["--origin"], ["--json"], ["--json", "--origin"]):
        assert "geheim" not in run("config", "show", *arguments, **environ).output
    lines = [line.split() for line in run("config", "show", "--origin", **environ).stdout.splitlines()]
    assert lines[0] == ["KEY", "VALUE", "FROM"]
    assert ["bus.also_known_as", "https://a.example,", "https://b.example", f"{home}/esb.toml", "line", "2"] in lines
    assert ["door.port", "1", "environment", "variable", "SHLUZ_DOOR_PORT"] in lines
    assert ["door.tls", "false", "default"] in lines
    assert ["keys.passphrase", "set,", "not", "shown", "environment", "variable", "SHLUZ_KEYS_PASSPHRASE"] in lines


def test_show_as_json(run: Run, home: Path) -> None:
    plain = json.loads(run("config", "show", "--json").stdout)
    assert plain["door"]["port"] == 8080
    full = json.loads(run("config", "show", "--json", "--origin").stdout)
    assert full["door"]["port"] == {"value": 8080, "from": "default"}


def test_another_file_of_settings(run: Run, home: Path) -> None:
    Path("other.toml").write_text("door.port = 7")
    assert json.loads(run("--config", "other.toml", "config", "show", "--json").stdout)["door"]["port"] == 7
    assert run("--config", "none.toml", "config", "show").exit_code == 2


def test_default_prints_the_packaged_file_without_a_home(run: Run) -> None:
    text = run("config", "default").stdout
    assert "\n[door]\n# The address to listen on." in text
