"""The whole demo, as a call; tests/way/test_demo.py runs it as a command."""

import os
import signal
import tempfile
from pathlib import Path

import pytest

from esb.demo import run as module
from esb.demo.run import run
from esb.demo.stage import Stage
from esb.demo.tell import Page

QUIET = Page(lambda _: None, lambda text, _: text, lambda headers, rows: "")


def test_a_signal_while_it_stays_up_ends_it_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "make_scenes", lambda _: ())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept: list[Stage] = []

    def keep(stage: Stage) -> None:
        kept.append(stage)
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()

    steps: list[str] = []
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        run(QUIET, steps.append, None, keep)
    assert len(steps) == 5
    assert steps[-1] == ""
    assert list(tmp_path.iterdir()) == []
    assert all(process.popen.poll() is not None for process in kept[0].providers.values())
    assert signal.getsignal(signal.SIGTERM) is before
