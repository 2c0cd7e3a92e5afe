"""Days on the command line."""

from datetime import UTC, datetime

from esb.cli.dates import shown, unix


def test_days_begin_at_midnight_utc() -> None:
    assert unix(datetime(2026, 5, 4, tzinfo=UTC)) == 1_777_852_800.0
    assert shown(1_777_852_800.0) == "2026-05-04T00:00:00+00:00"
    assert (unix(None), shown(None)) == (None, None)
