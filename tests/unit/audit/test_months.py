"""Months: borders, years' ends, and what is none."""

import pytest

from esb.audit.months import MonthInvalid, month_at, month_end, months_from


def test_a_month_ends_where_the_next_begins() -> None:
    assert month_at(month_end("2026-12")) == "2027-01"
    assert month_at(month_end("2026-12") - 1) == "2026-12"
    assert month_at(month_end("2024-02") - 1) == "2024-02"


def test_months_up_to_one() -> None:
    start = month_end("2026-10") - 1
    assert months_from(start, "2027-01") == ["2026-10", "2026-11", "2026-12", "2027-01"]
    assert months_from(start, "2026-09") == []


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "1969-12", "november", "2026-11-01", "٢٠٢٦-١١x"])
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(MonthInvalid):
        month_end(text)
