"""Working days: Saturday and Sunday are none, and days are days in Baku."""

from datetime import datetime

import pytest

from esb.registry.workdays import after_working_days, day_text


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("begun", "days", "last"),
    [
        ("2026-11-26T10:00+04:00", 1, "2026-11-27"),  # a Thursday
        ("2026-11-27T10:00+04:00", 1, "2026-11-30"),  # a Friday: Monday
        ("2026-11-27T10:00+04:00", 5, "2026-12-04"),
        ("2026-11-28T10:00+04:00", 1, "2026-11-30"),  # a Saturday
        ("2026-11-28T10:00+04:00", 0, "2026-11-30"),
        ("2026-11-26T10:00+04:00", 0, "2026-11-26"),
        ("2026-11-26T21:00+00:00", 1, "2026-11-30"),  # Friday already in Baku
    ],
)
def test_the_end_of_a_working_day(begun: str, days: int, last: str) -> None:
    due = after_working_days(at(begun), days)
    assert day_text(due) == last
    assert due == at(f"{last}T00:00+04:00") + 86_400
