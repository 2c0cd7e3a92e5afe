"""`esb sample`."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


@pytest.mark.long
def test_it_is_loaded_once_and_refused_beside_others(run: Run) -> None:
    assert run("init").exit_code == 0
    result = run("sample", "load")
    assert result.exit_code == 0, result.output
    assert "Loaded 43 members, 237 systems, 277 services, 831 grants in " in result.stdout
    assert "esb sample provider" in result.stdout
    again = run("sample", "load", "--json")
    counts = json.loads(again.stdout)
    assert isinstance(counts.pop("seconds"), float)
    assert counts == {"members": 0, "systems": 0, "services": 0, "grants": 0}
    assert "nothing was changed" in run("sample", "load").stdout
    assert len(json.loads(run("service", "list", "--json").stdout)) == 277
    assert run("member", "add", "OTHER", "--az", "Başqa", "--en", "Other").exit_code == 0
    refused = run("sample", "load")
    assert (refused.exit_code, "--into-existing" in refused.stderr) == (1, True)


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "esb.cli", "sample", "provider", "--port", port], capture_output=True, text=True
        )
    assert done.returncode == 1
    assert "--port" in done.stderr


def test_it_gives_no_grants_alone_where_two_officers_are_wanted(run: Run) -> None:
    run("init")
    refused = run("sample", "load", SHLUZ_GRANTS_TWO_OFFICERS="true")
    assert (refused.exit_code, "two_officers" in refused.stderr) == (2, True)
    assert json.loads(run("grant", "list", "--all", "--json").stdout) == []
