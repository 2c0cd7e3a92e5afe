"""`esb log`."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from support.rig import Rig, done

from esb.audit.entry import Entry, Kind
from esb.audit.log import EvidenceReader
from esb.audit.store import open_store

Run = Callable[..., Result]


@pytest.fixture
def logged(office: Run, tmp_path: Path) -> tuple[Run, list[str]]:
    """A home in whose log an answered exchange and a refusal stand; their exchange ids."""
    rig = Rig()
    done(rig.bus.carry(rig.received()))
    done(rig.bus.carry(rig.received(b"no xml \x1b[2J")))
    from esb.conf.load import load

    store = open_store(load(tmp_path / "shluz-home", {}).settings.evidence.url)
    store.idle()
    store.write(rig.evidence.records)
    store.close()
    return office, [rig.evidence.records[0].entry.exchange, rig.evidence.records[2].entry.exchange]


def test_a_log_that_was_never_begun_is_told(office: Run) -> None:
    result = office("log", "show", "0197")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "a bus makes it when it is first served" in result.stderr


def test_one_exchange_in_full(logged: tuple[Run, list[str]]) -> None:
    run, exchanges = logged
    text = run("log", "show", exchanges[0]).stdout
    for words in ("EESMN", "GetPerson", "Law 1", "leaf hash", "kept"):
        assert words in text
    found = json.loads(run("log", "show", exchanges[0], "--json").stdout)
    assert [each["kind"] for each in found] == ["request", "answer"]
    assert found[1]["request_leaf"] == found[0]["leafHash"]


def test_messages_are_written_for_the_operator_alone(logged: tuple[Run, list[str]], tmp_path: Path) -> None:
    run, exchanges = logged
    folder = tmp_path / "out"
    assert run("log", "show", exchanges[0], "--bodies", str(folder), "--reason", "complaint 7").exit_code == 0
    files = {path.name: path for path in folder.iterdir()}
    assert set(files) == {f"{exchanges[0]}-q.received.xml", f"{exchanges[0]}-a.sent.xml"}
    assert b"GetPersonResponse" in files[f"{exchanges[0]}-a.sent.xml"].read_bytes()
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    again = run("log", "show", exchanges[0], "--bodies", str(folder), "--reason", "once more")
    assert (again.exit_code, "is not overwritten" in again.stderr) == (1, True)


def test_messages_are_shown_with_a_reason_that_is_on_record_first(
    logged: tuple[Run, list[str]], tmp_path: Path
) -> None:
    run, exchanges = logged
    refused = run("log", "show", exchanges[0], "--messages")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "--reason" in refused.stderr
    shown = run("log", "show", exchanges[0], "--messages", "--reason", "complaint 7")
    assert (shown.exit_code, "GetPersonResponse" in shown.stdout) == (0, True)
    (told,) = _readings(tmp_path)
    assert told.service == f"messages:{exchanges[0]}"
    assert told.officer
    about = run("log", "show", told.exchange).stdout
    assert ("complaint 7" in about, f"{exchanges[0]}-a" in about) == (True, True)
    found = json.loads(run("log", "show", exchanges[0], "--messages", "--reason", "again", "--json").stdout)
    assert "GetPersonResponse" in found[1]["sent"]
    assert len(_readings(tmp_path)) == 2


def _readings(folder: Path) -> list[Entry]:
    reader = EvidenceReader(f"sqlite:///{folder / 'shluz-home' / 'evidence.db'}")
    found = [each.entry for each in reader.recent(kind=Kind.CHANGE) if each.entry.operation == "read"]
    reader.close()
    return found


def test_nothing_of_it(logged: tuple[Run, list[str]]) -> None:
    run, _ = logged
    result = run("log", "show", "0197\x1b[2J")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "\x1b" not in result.stderr


def test_a_change_is_told_line_by_line() -> None:
    from esb.cli.log import change_lines

    detail = {
        "status": ["active", "suspended"],
        "timeout": [1.5, None],
        "fields": ["a", "b", "c"],
        "purpose": "pension",
    }
    assert change_lines(detail) == [
        ("status", "active → suspended"),
        ("timeout", "1.5 → null"),
        ("fields", '["a","b","c"]'),
        ("purpose", "pension"),
    ]
