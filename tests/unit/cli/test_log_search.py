"""`esb log search`, `esb log follow`, `esb log index`."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from support.records import a_record
from support.rig import Rig, done

from esb.audit.store import open_store, open_tree

Run = Callable[..., Result]


@pytest.fixture
def url(office: Run, tmp_path: Path) -> str:
    from esb.conf.load import load

    return load(tmp_path / "shluz-home", {}).settings.evidence.url


@pytest.fixture
def logged(office: Run, url: str) -> tuple[Run, list[str]]:
    """A home in whose log an answered exchange and a refusal stand; their exchange ids."""
    rig = Rig()
    done(rig.bus.carry(rig.received()))
    done(rig.bus.carry(rig.received(b"no xml \x1b[2J")))
    store = open_store(url)
    store.idle()
    store.write(rig.evidence.records)
    store.close()
    return office, [rig.evidence.records[0].entry.exchange, rig.evidence.records[2].entry.exchange]


def test_a_log_that_was_never_begun_is_told(office: Run) -> None:
    result = office("log", "search")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "a bus makes it when it is first served" in result.stderr


def test_without_criteria_it_is_the_newest_first(logged: tuple[Run, list[str]]) -> None:
    run, exchanges = logged
    lines = run("log", "search").stdout.splitlines()
    assert lines[0].split()[:2] == ["NO", "TIME"]
    assert [exchanges[1] in lines[1], exchanges[0] in lines[2], exchanges[0] in lines[3]] == [True] * 3
    assert "MalformedMessage (MSG-05)" in lines[1]
    found = json.loads(run("log", "search", "--json").stdout)
    assert [each["outcome"] for each in found["records"]] == ["MalformedMessage", "answered", "accepted"]
    assert {"number", "leafHash", "at", "kind", "purpose"} <= set(found["records"][0])
    assert (found["next"], found["damaged"]) == (None, [])


def test_it_is_narrowed_and_paged(logged: tuple[Run, list[str]]) -> None:
    run, exchanges = logged

    def outcomes(*arguments: str) -> list[str]:
        found = json.loads(run("log", "search", "--json", *arguments).stdout)
        return [each["outcome"] for each in found["records"]]

    assert outcomes("--consumer", "EESMN") == ["answered", "accepted"]
    assert outcomes("--outcome", "MalformedMessage") == ["MalformedMessage"]
    assert outcomes("--service", "DIN/IAMAS", "--oldest-first") == ["accepted", "answered"]
    assert outcomes("--id", exchanges[0]) == ["answered", "accepted"]
    assert outcomes("--kind", "answer") == ["answered"]
    first = run("log", "search", "--limit", "1")
    assert "--page 3" in first.stderr
    assert outcomes("--limit", "1", "--page", "3") == ["answered"]
    assert run("log", "search", "--consumer", "NOBODY").stdout == "No record fits.\n"
    assert run("log", "search", "--kind", "rumour").exit_code == 2


def test_a_log_that_no_index_covers_is_told(logged: tuple[Run, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("esb.cli.log_search._TELL_BEHIND", 2)
    assert "esb log index" in logged[0]("log", "search").stderr


def test_the_index_is_made_checked_and_made_anew(office: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("postings", "indexer", "search", "index_check"):
        monkeypatch.setattr(f"esb.audit.{module}.PIECE", 16)
    store, tree = open_store(url), open_tree(url)
    store.write([a_record(officer="x") for _ in range(40)])
    tree.add()
    assert "up to record 31 of 40" in office("log", "index").stdout
    assert json.loads(office("log", "search", "--json", "--officer", "x").stdout)["indexed"] == 32
    assert office("log", "index", "--check").stdout == "The index of 31 records is whole.\n"
    import sqlite3

    path = Path(url.removeprefix("sqlite:///")).with_name("evidence-search.db")
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM search_fresh_dense")
    connection.close()
    checked = office("log", "index", "--check", "--json")
    assert (checked.exit_code, json.loads(checked.stdout)["whole"]) == (1, False)
    assert json.loads(office("log", "index", "--rebuild", "--json").stdout) == {"indexed": 32, "newest": 40}
    assert office("log", "index", "--check").exit_code == 0
    assert office("log", "index", "--check", "--rebuild").exit_code == 2
    store.close()
    tree.close()


def _follow(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "esb.cli", "--home", str(home), "log", "follow", "--every", "0.1", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background has told them to pass interrupts by.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one thread, and no lock
    )


def test_records_are_followed_until_somebody_says_enough(
    logged: tuple[Run, list[str]], url: str, tmp_path: Path
) -> None:
    follower = _follow(tmp_path / "shluz-home", "--json", "--last", "1")
    assert follower.stdout is not None
    assert json.loads(follower.stdout.readline())["outcome"] == "MalformedMessage"
    store = open_store(url)
    record = a_record(officer="x")
    store.write([record])
    store.close()
    assert json.loads(follower.stdout.readline())["record"] == record.entry.record
    follower.send_signal(signal.SIGINT)
    rest, problems = follower.communicate(timeout=20)
    assert (follower.returncode, rest, problems) == (0, "", "")


def test_a_follower_ends_with_its_reader(logged: tuple[Run, list[str]], tmp_path: Path) -> None:
    follower = _follow(tmp_path / "shluz-home")
    assert follower.stdout is not None
    assert "MalformedMessage" in "".join(follower.stdout.readline() for _ in range(3))
    os.close(follower.stdout.fileno())
    assert follower.wait(timeout=20) == 0
    assert follower.stderr is not None
    assert follower.stderr.read() == ""
    follower.stderr.close()
