"""How a log grows: its pace, the day when it is full, and what each month takes."""

from pathlib import Path

import pytest
from support.archives import MONTHS, NOW, archived, fill, moment

from esb.audit import growth as module
from esb.audit.depot import Folder
from esb.audit.growth import growth
from esb.audit.shelf import Shelf

_DAY = 86_400


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(module, "_FEW", 10)
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    fill(url)
    return url


def test_the_day_is_told_when_there_is_no_room_any_more(url: str) -> None:
    records = sum(MONTHS.values()) + len(MONTHS)
    now = moment("2026-12") / 1_000_000 + 2 * _DAY
    found = growth(url, now)
    assert (found.records, found.week, found.per_record) == (records, 21 / 7, found.room.taken / records)
    assert found.long == pytest.approx(21 / 28)
    limited = growth(url, now, sum(found.room.parts.values()) + round(found.per_record * 30), months=False)
    assert limited.full_at == pytest.approx(now + 10 * _DAY, abs=_DAY / 2)
    assert limited.months == ()


def test_months_are_told_with_where_they_are(url: str, tmp_path: Path) -> None:
    archived(url, Folder(tmp_path / "archive"), "2026-10")
    Shelf(url).dropping(0, int(NOW))
    found = growth(url, NOW)
    assert [(one.month, one.records, one.state) for one in found.months] == [
        ("2026-10", 256, "dropped"),
        ("2026-10", 45, "in the log"),
        ("2026-11", 261, "in the log"),
        ("2026-12", 21, "in the log"),
    ]
    assert found.months[0].size == 0 < found.months[1].size < found.months[2].size


def test_of_too_few_records_nothing_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    fill(url, {"2026-12": 3})
    found = growth(url, moment("2026-12") / 1_000_000 + 60)
    assert (found.per_record, found.week, found.full_at, found.per_day) == (None, None, None, None)
