"""`esb log archive`, `esb log drop` and `esb log verify --archive`, as a person runs them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from support.archives import fill

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
    asked = logged("log", "show", "018aed8d-2400-7abc-8def-000000000001")  # of October 2023
    assert "archived in 2023-10-000000000000-000000000256 at" in asked.stderr
    assert "takes" in logged("log", "compact", "--yes").stdout
    without = logged("log", "verify", "--processes", "1")
    assert without.exit_code == 0, without.output
    assert "510 records have left the log" in without.stdout
    found = json.loads(logged("log", "verify", "--archive", place, "--json").stdout)
    assert (found["whole"], found["elsewhere"], [one["verified"] for one in found["archived"]]) == (True, 0, [True] * 2)
    acts = json.loads(logged("act", "list", "--about", "evidence", "--json").stdout)
    assert [one["act"] for one in acts] == ["drop", "drop", "archive", "archive"]
