"""`esb log archive`, `esb log drop` and `esb log verify --archive`, as a person runs them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from support.archives import exchange_at, fill, moment

from esb.admin.log_key import log_origin, open_log_signer
from esb.conf.load import load

Run = Callable[..., Result]


@pytest.fixture
def logged(office: Run, tmp_path: Path) -> Run:
    """A home whose log holds two months that are long over."""
    home = tmp_path / "shluz-home"
    settings = load(home, {}).settings
    passphrase = (home / "keys" / "passphrase").read_bytes().strip()
    signer = open_log_signer(settings.keys.log_key, passphrase, log_origin("", settings.bus.address))
    fill(settings.evidence.url, {"2023-10": 300, "2023-11": 260}, signer)
    return office


def test_months_are_archived_dropped_and_still_verified(logged: Run, tmp_path: Path) -> None:
    place = str(tmp_path / "archive")
    refused = logged("log", "drop", "--until", "2023-11", "--yes")
    assert (refused.exit_code, "esb log archive --until 2023-11" in refused.stderr) == (1, True)
    result = logged("log", "archive", "--until", "2023-11", "--to", place)
    assert result.exit_code == 0, result.output
    assert "2023-10" in result.stdout
    assert "esb log drop --until 2023-11" in result.stdout
    assert "already" in logged("log", "archive", "--until", "2023-11", "--to", place).stdout
    assert "--yes" in logged("log", "drop", "--until", "2023-11").stderr
    result = logged("log", "drop", "--until", "2023-11", "--yes")
    assert result.exit_code == 0, result.output
    exchange = exchange_at(moment("2023-10") + 3, "2023-10 3")
    for words in (("log", "show", exchange), ("evidence", "export", exchange, "--reason", "complaint 7")):
        asked = logged(*words)
        assert asked.exit_code == 1
        assert f"package 2023-10-000000000000-000000000256 holds them, which was put to {place} on" in asked.stderr
        assert f"--archive {place}" in asked.stderr
    shown = logged("log", "show", exchange, "--archive", place, "--messages", "--reason", "complaint 7")
    assert (shown.exit_code, f"{exchange}-q, received:\n<m>2023-10 3</m>" in shown.stdout) == (0, True), shown.output
    (tmp_path / "archive").rename(tmp_path / "shluz-home" / "own")
    settings = tmp_path / "shluz-home" / "esb.toml"
    settings.write_text(f'{settings.read_text()}\n[archive]\nplace = "own"\n')
    assert logged("log", "show", exchange).exit_code == 0
    assert json.loads(logged("log", "verify", "--json").stdout)["elsewhere"] == 0
    (tmp_path / "shluz-home" / "own").rename(tmp_path / "archive")
    settings.write_text(settings.read_text().replace("own", ""))
    assert "files take" in logged("log", "compact", "--yes").stdout
    without = logged("log", "verify", "--processes", "1")
    assert without.exit_code == 0, without.output
    assert "510 records have left the log" in without.stdout
    found = json.loads(logged("log", "verify", "--archive", place, "--json").stdout)
    assert (found["whole"], found["elsewhere"], [one["verified"] for one in found["archived"]]) == (True, 0, [True] * 2)
    acts = json.loads(logged("act", "list", "--about", "evidence", "--json").stdout)
    assert [one["act"] for one in acts] == ["drop", "drop", "archive", "archive"]
