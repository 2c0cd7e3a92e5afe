"""Months: borders, years' ends, and what is none."""

import pytest

from esb.audit.months import MonthInvalid, moment_of, month_at, month_end, months_from


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


def test_a_name_tells_when_its_exchange_began() -> None:
    assert moment_of("019ad1e4-2000-7abc-8def-000000000001-q") == 0x019AD1E42000 * 1000
    for name in ("change-1-9f86d081884c7d65-c", "ffffffff-ffff-7000-8000-000000000000-q", "019AD1E4-2000-7", ""):
        assert moment_of(name) is None
