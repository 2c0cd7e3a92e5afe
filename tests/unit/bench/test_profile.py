"""Collapsed stacks become tables of shares; a process is really looked at where py-spy is there."""

import subprocess
import sys
from pathlib import Path

import pytest

from esb.bench import profile
from esb.bench.profile import NoProfiler, begin, summarize

STACKS = [
    "main (/x/site-packages/esb/bus.py:10);parse (/x/site-packages/esb/kernel/xml.py:5) 60",
    "main (/x/site-packages/esb/bus.py:10);sign (/x/site-packages/esb/certs/sign.py:9) 30",
    "main (/x/site-packages/esb/bus.py:12) 10",
    "run (/usr/lib/threading.py:1);Condition.wait (/usr/lib/threading.py:320) 500",
    "not a stack",
    "",
]


def test_shares_by_module_and_by_function() -> None:
    text = summarize(STACKS)
    assert text.startswith("100 samples")
    assert " 60.0%  60.0%  esb/kernel/xml.py\n" in text
    assert " 10.0% 100.0%  esb/bus.py\n" in text
    assert " 30.0%  30.0%  esb/certs/sign.py sign\n" in text
    assert "wait" not in text


def test_no_samples_is_no_error() -> None:
    assert summarize([]).startswith("0 samples")


def test_without_py_spy_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoProfiler, match="pip install py-spy"):
        begin(1, tmp_path / "samples")


def test_a_profiler_that_sees_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "py-spy"
    program.write_text("#!/bin/sh\necho Permission denied >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    profiler = begin(1, tmp_path / "samples")
    profiler.process.wait(10)
    with pytest.raises(NoProfiler, match="Permission denied"):
        profiler.end()


def test_what_py_spy_writes_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # A stand-in that writes what py-spy writes when it is interrupted: looking at a process may be forbidden here.
    program = tmp_path / "py-spy"
    lines = "\n".join(STACKS)
    program.write_text(
        f"#!{sys.executable}\nimport signal, sys, time\nout = sys.argv[sys.argv.index('--output') + 1]\n"
        f"def end(*_):\n    open(out, 'w').write({lines!r})\n    sys.exit(0)\n"
        "signal.signal(signal.SIGINT, end)\nprint('ready', flush=True)\ntime.sleep(60)\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    popen = subprocess.Popen
    monkeypatch.setattr(
        profile.subprocess, "Popen", lambda *args, **more: popen(*args, **{**more, "stdout": subprocess.PIPE})
    )
    profiler = begin(1, tmp_path / "samples")
    assert profiler.process.stdout is not None
    assert profiler.process.stdout.readline() == "ready\n"
    assert profiler.end().startswith("100 samples")
