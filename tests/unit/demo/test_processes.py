"""Processes: they say when they serve, or why they do not, and none outlives its demo."""

import os
from pathlib import Path

import pytest

from esb.demo.processes import DidNotStart, Processes, clean_environment, wait_until

SLEEP = "import time; print('ready now', flush=True); time.sleep(600)"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_a_process_says_when_it_is_ready(tmp_path: Path) -> None:
    with Processes() as processes:
        process = processes.start("Sleeper", ["-c", SLEEP], tmp_path / "log")
        assert process.wait_for_line("ready ", 30) == "now"
        assert alive(process.pid)
    assert not alive(process.pid)


def test_all_are_ended_after_an_error(tmp_path: Path) -> None:
    started = []

    def fail() -> None:
        with Processes() as processes:
            started.extend(processes.start(str(n), ["-c", SLEEP], tmp_path / str(n)) for n in range(2))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not any(alive(process.pid) for process in started)


def test_a_process_that_ends_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Processes() as processes:
        process = processes.start("Broken", ["-c", "raise SystemExit('no database')"], tmp_path / "log")
        with pytest.raises(DidNotStart, match=r"(?s)Broken ended before it served.*no database"):
            process.wait_for_line("ready ", 30)


def test_a_process_that_says_nothing_is_told(tmp_path: Path) -> None:
    with Processes() as processes:
        process = processes.start("Silent", ["-c", "import time; time.sleep(600)"], tmp_path / "log")
        with pytest.raises(DidNotStart, match="did not serve within"):
            process.wait_for_line("ready ", 0.1)


def test_stopping_again_is_no_change(tmp_path: Path) -> None:
    with Processes() as processes:
        process = processes.start("Sleeper", ["-c", SLEEP], tmp_path / "log")
        process.stop()
        process.stop()
        assert not alive(process.pid)


def test_settings_of_another_bus_do_not_leak_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHLUZ_DOOR_PORT", "1")
    assert not [name for name in clean_environment() if name.startswith("SHLUZ_")]
    assert "PATH" in clean_environment()


def test_waiting_ends_with_yes_or_with_the_time() -> None:
    answers = iter([False, False, True])
    assert wait_until(lambda: next(answers), 30, every=0.0)
    assert not wait_until(lambda: False, 0.0)
