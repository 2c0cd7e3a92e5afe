"""The command: what it prints and writes, what it refuses, and that an interrupt leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from esb.bench import asking
from esb.cli.main import main

ONE = ["--rounds", "1", "--count", "20"]


def test_a_tiny_run_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    done = CliRunner().invoke(main, ["bench", *ONE, "--bus-only", "--folder", str(tmp_path), "--json", str(file)])
    assert done.exit_code == 0, done.output
    assert "1.5 KB → 3 KB p256 sqlite ×16" in done.stdout
    assert "CPU µs" in done.stdout
    assert "round 1 of 1" in done.stderr
    assert json.loads(file.read_text())["cases"][0]["subjects"]["bus"]["rounds"][0]["exchanges"] == 20
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]


@pytest.mark.long
def test_a_wrong_answer_ends_it_with_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(asking, "delivered", lambda *_: b"what nobody answers")
    done = CliRunner().invoke(main, ["bench", *ONE, "--bus-only", "--folder", str(tmp_path)])
    assert done.exit_code == 1
    assert "a wrong answer came" in done.stderr
    assert "CPU µs" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--full", "--targets"], "choose one"),
        (["--size", "big"], "REQUEST:ANSWER"),
        (["--keys", "dsa"], "'dsa'"),
        (["--connections", "0"], "0"),
    ],
)
def test_what_cannot_be_measured_is_refused_at_once(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(main, ["bench", *arguments])
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.long
def test_an_interrupt_leaves_neither_processes_nor_folders(sign: int, tmp_path: Path) -> None:
    arguments = ["-m", "esb.cli", "bench", "--bus-only", "--count", "100000", "--folder", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what runs in its background with SIGINT ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if "warming up" in line:
                break
        children = _children(running.pid)
        assert len(children) == 2
        running.send_signal(sign)
        running.stderr.read()
    assert running.returncode == 1
    assert list(tmp_path.iterdir()) == []
    for pid in children:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def _children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
