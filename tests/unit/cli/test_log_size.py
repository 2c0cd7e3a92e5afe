"""`esb log size`, as a person runs it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from support.archives import fill

from esb.cli.log_size import shown
from esb.conf.load import load

Run = Callable[..., Result]


def test_room_pace_and_months_are_told(office: Run, tmp_path: Path) -> None:
    assert "no log" in office("log", "size").stderr
    fill(load(tmp_path / "shluz-home", {}).settings.evidence.url, {"2023-10": 700, "2023-11": 400})
    told = office("log", "size").stdout
    assert "records:" in told
    assert "each with its messages" in told
    assert "esb log archive --until 2023-11" in told
    found = json.loads(office("log", "size", "--json").stdout)
    assert [(one["month"], one["records"], one["state"]) for one in found["months"]] == [
        ("2023-10", 701, "in the log"),
        ("2023-11", 401, "in the log"),
    ]
    assert (found["recordsPerDay"]["7"], found["full"]) == (0, None)


@pytest.mark.parametrize(("octets", "text"), [(9, "9 B"), (2048, "2.0 KiB"), (3 << 50, "3.0 PiB")])
def test_bytes_for_people(octets: int, text: str) -> None:
    assert shown(octets) == text
