"""A month from its beginning to its end, in small: the counts agree, and when one side lies the run says so."""

import io
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader
from esb.bench.month import room
from esb.bench.month.room import NoRoom
from esb.bench.month.run import Interrupted, NotReplayed, Setup, replay
from esb.demo.processes import DidNotStart
from esb.sample.mix import Month

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the run's temporary files lie, to see that none is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def commands() -> Iterator[tuple[int, bytes]]:
    """Every process with its command line."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                yield int(entry.name), (entry / "cmdline").read_bytes()


def _provider(folder: Path, lie: str) -> tuple[str]:
    """A providers' process with one line more."""
    file = folder / "lying.py"
    file.write_text(
        "from esb.bench.month import provider\n"
        "LIES = []\n"
        "def note(self, service, exchange, note=provider.Agencies.note):\n"
        f"    {lie}\n"
        "provider.Agencies.note = note\n"
        "provider.main()\n"
    )
    return (str(file),)


def test_all_counts_agree_and_the_home_is_kept(small_run: Any, small_month: Month) -> None:
    replayed = small_run.replayed
    assert replayed.comparison.problems == ()
    assert all(line.agrees for line in replayed.comparison.lines.values())
    figures = replayed.figures
    used = sum(service.uses > 0 for service in small_month.services)
    assert (figures.requests, figures.wrong, figures.verified) == (71, 0, used)
    assert 0 < figures.p50 <= figures.p95 <= figures.p99 < figures.seconds
    assert min(figures.bus_cpu, figures.provider_cpu, figures.asking_cpu) >= 0
    assert min(figures.bus_memory, figures.provider_memory, figures.log_bytes) > 1_000_000
    assert "71 of 71" in small_run.shown
    assert any("71 requests, with evidence of about" in line for line in small_run.said)
    assert {"journal.json", "bus.log", "evidence.db"} <= {file.name for file in small_run.home.iterdir()}
    reader = EvidenceReader(f"sqlite:///{small_run.home / 'evidence.db'}")
    assert len([each for each in reader.recent(1_000) if each.entry.kind is not Kind.CHANGE]) == 2 * 71
    reader.close()


@pytest.mark.long
def test_two_workers_on_postgresql(small_month: Month, temporary: Path, postgres_url: str) -> None:
    url = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    replayed = replay(Setup(small_month, workers=2, connections=6, database=url), lambda _: None, io.StringIO())
    assert replayed.comparison.problems == ()
    assert replayed.figures.requests == small_month.uses
    assert list(temporary.iterdir()) == []


def test_a_falsified_journal_fails_the_run(
    small_month: Month, temporary: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lie = "note(self, service, exchange if LIES else b'another'); LIES.append(1)"
    provider = _provider(tmp_path_factory.mktemp("lying"), lie)
    replayed = replay(Setup(small_month, connections=4, provider=provider), lambda _: None, io.StringIO())
    (problem,) = replayed.comparison.problems
    assert "as many in all counts, but not the same exchanges" in problem
    assert sum(not line.agrees for line in replayed.comparison.lines.values()) == 1
    assert replayed.figures.wrong == 0
    assert list(temporary.iterdir()) == []


@pytest.mark.long
def test_answers_to_other_questions_end_the_run(
    small_month: Month, temporary: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    provider = _provider(
        tmp_path_factory.mktemp("mistaken"),
        "provider._ASKED = b'<s:fin>'; note(self, service, exchange)",  # repeats what is no reference
    )
    with pytest.raises(NotReplayed, match=r"(?s)requests were answered in .* of them wrongly.*answers were wrong"):
        replay(Setup(small_month, connections=4, provider=provider), lambda _: None, io.StringIO())
    assert list(temporary.iterdir()) == []


@pytest.mark.long
def test_a_providers_process_that_does_not_come_up_is_told(small_month: Month, temporary: Path) -> None:
    with pytest.raises(DidNotStart, match=r"(?s)the providers' process ended before it served.*no such thing"):
        replay(Setup(small_month, provider=("-c", "raise SystemExit('no such thing')")), lambda _: None, io.StringIO())
    assert list(temporary.iterdir()) == []


@pytest.mark.long
def test_a_bus_that_dies_is_told(small_month: Month, temporary: Path) -> None:
    def kill(text: str) -> None:
        if text.startswith("asking over"):
            (bus,) = (pid for pid, line in commands() if str(temporary).encode() in line and b"serve" in line)
            os.kill(bus, signal.SIGKILL)

    with pytest.raises(NotReplayed, match=r"(?s)0 of 71 requests were answered.*the bus ended with status -9"):
        replay(Setup(small_month), kill, io.StringIO())
    assert list(temporary.iterdir()) == []


def test_a_disk_that_is_too_small_is_told_before_anything_is_begun(
    small_month: Month, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "BYTES_AN_EXCHANGE", 10**15)
    said: list[str] = []
    with pytest.raises(NoRoom, match="make room"):
        replay(Setup(small_month), said.append, io.StringIO())
    assert len(said) == 1


@pytest.mark.long
def test_ended_before_the_first_question_it_says_so(small_month: Month, temporary: Path) -> None:
    def interrupt(text: str) -> None:
        if text.startswith("registering"):
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="None of 71 requests had been made"):
        replay(Setup(small_month), interrupt, io.StringIO())
    assert list(temporary.iterdir()) == []
