"""`esb act`."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from esb.audit.log import EvidenceReader
from esb.audit.store import open_store

Run = Callable[..., Result]


def begin_log(home: Path) -> str:
    """Make the evidence log, as a bus does at its first start."""
    url = f"sqlite:///{home / 'evidence.db'}"
    store = open_store(url)
    store.idle()
    store.close()
    return url


def test_acts_are_listed_newest_first(office: Run) -> None:
    lines = office("act", "list").stdout.splitlines()
    assert lines[0].split()[:1] == ["NO"]
    assert "member:EESMN" in lines[1]
    assert "name_az: Əmək Nazirliyi" in lines[1]
    found = json.loads(office("act", "list", "--json").stdout)
    assert [each["about"] for each in found][:2] == ["member:EESMN", "member:DIN"]
    assert found[0]["record"].startswith(f"change-{found[0]['number']}-")
    assert {"at", "author", "act", "detail"} <= set(found[0])


def test_the_list_is_narrowed_and_paged(office: Run) -> None:
    def about(*arguments: str) -> list[str]:
        return [each["about"] for each in json.loads(office("act", "list", "--json", *arguments).stdout)]

    assert about("--about", "member") == ["member:EESMN", "member:DIN"]
    assert about("--about", "member:DIN") == ["member:DIN"]
    assert about("--about", "member", "--limit", "1") == ["member:EESMN"]
    newest = json.loads(office("act", "list", "--json").stdout)[0]["number"]
    assert "member:EESMN" not in about("--before", str(newest))
    assert about("--since", "2999-01-01") == []
    assert about("--since", "2020-01-01T10:00", "--about", "member") == ["member:EESMN", "member:DIN"]
    assert office("act", "list", "--author", "nobody").stdout == "No act fits.\n"


def test_an_act_is_on_record_when_the_command_ends(office: Run, tmp_path: Path) -> None:
    url = begin_log(tmp_path / "shluz-home")
    result = office("member", "add", "DSMF", "--az", "Fond", "--en", "Fund")
    assert (result.exit_code, result.stderr) == (0, "")
    acts = json.loads(office("act", "list", "--json").stdout)
    reader = EvidenceReader(url)
    assert [len(reader.show(each["record"])) for each in acts] == [1] * len(acts)
    shown = office("log", "show", acts[0]["record"]).stdout
    assert "member:DSMF" in shown
    assert "name_en:  Fund" in shown
    listed = office("log", "search", "--kind", "change", "--limit", "1").stdout
    assert acts[0]["record"] in listed
    assert acts[0]["author"] in listed


def test_before_the_first_start_of_a_bus_there_is_no_log_to_write(office: Run, tmp_path: Path) -> None:
    result = office("member", "add", "DSMF", "--az", "Fond", "--en", "Fund")
    assert (result.exit_code, result.stderr) == (0, "")
    assert not (tmp_path / "shluz-home" / "evidence.db").exists()


def test_a_log_that_cannot_be_written_is_told_and_the_act_is_done(office: Run, tmp_path: Path) -> None:
    (tmp_path / "shluz-home" / "evidence.db").write_bytes(b"no database at all" * 100)
    result = office("member", "add", "DSMF", "--az", "Fond", "--en", "Fund")
    assert result.exit_code == 0
    assert "not on record yet (the file configured as evidence log is not one" in result.stderr
    assert "before it comes into force" in result.stderr
    assert "DSMF" in office("member", "list").stdout


def test_reading_commands_record_nothing(office: Run, tmp_path: Path) -> None:
    url = begin_log(tmp_path / "shluz-home")
    office("member", "list")
    assert EvidenceReader(url).recent() == []
