"""The command: what it takes, what it says, how it ends."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from esb.bench.month.command import month


def test_help_says_what_is_done_and_what_the_exit_code_means() -> None:
    said = CliRunner().invoke(month, ["--help"]).output
    for word in ("--scale", "--workers", "--connections", "--home", "--database", "704,970", "exit code is 0 only"):
        assert word in said


@pytest.mark.parametrize("scale", ["0", "-1", "1.5", "much", "1/0", "nan"])
def test_what_is_no_part_of_the_month_is_refused(scale: str) -> None:
    done = CliRunner().invoke(month, ["--scale", scale])
    assert done.exit_code == 2
    assert "--scale" in done.output


def test_a_part_without_a_request_is_refused() -> None:
    done = CliRunner().invoke(month, ["--scale", "0.0000001"])
    assert done.exit_code == 1
    assert "give a larger part" in done.output


def test_a_second_opinion_that_cannot_be_had_is_told_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xmlsec", None)
    done = CliRunner().invoke(month, ["--scale", "0.001"])
    assert done.exit_code == 1
    assert "pip install" in done.output


def _start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "esb.bench.month", *arguments],
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _theirs(folder: Path) -> list[str]:
    """Command lines of processes that were started on a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in line:
                found.append(line.decode(errors="replace"))
    return found


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_small_month_is_told_and_written(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    process = _start(folder, "--scale", "1/2500", "--json", str(tmp_path / "month.json"), "--every-service")
    said, steps = process.communicate(timeout=250)
    assert process.returncode == 0, steps
    assert "All agree to the last request: 282 published (of this part)" in said
    assert "282 of 282" in steps
    data = json.loads((tmp_path / "month.json").read_text())
    assert sum(service["evidence"] for service in data["services"].values()) == 282
    assert list(folder.iterdir()) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.long
def test_ended_in_the_middle_it_leaves_nothing_and_says_how_far_it_came(tmp_path: Path) -> None:
    process = _start(tmp_path, "--scale", "0.5")
    assert process.stderr is not None
    lines: list[str] = []
    asking = threading.Event()

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if "asking over" in line:
                asking.set()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert asking.wait(200), lines
        time.sleep(2)  # so that something was answered
        assert len(_theirs(tmp_path)) >= 2
        process.send_signal(signal.SIGTERM)  # which ends it as Ctrl-C does
        assert process.wait(60) == 130
    finally:
        process.kill()
        reader.join()
    assert "of 352,485 requests were answered in" in lines[-1]
    assert "Traceback" not in "".join(lines)
    assert _theirs(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
