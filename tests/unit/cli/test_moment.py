"""Times on the command line."""

import click
import pytest

from esb.cli.moment import MOMENT, moment_text, shown


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-29", 1_795_910_400.0),
        ("2026-11-29 14:05", 1_795_961_100.0),
        ("2026-11-29T14:05", 1_795_961_100.0),
        ("2026-11-29T14:05:00Z", 1_795_961_100.0),
        ("2026-11-29T18:05:00.000001+04:00", 1_795_961_100.000001),
    ],
)
def test_what_is_a_time(text: str, seconds: float) -> None:
    assert MOMENT.convert(text, None, None) == seconds
    assert MOMENT.convert(moment_text(seconds), None, None) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "29.11.2026", "2026-13-01"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(click.BadParameter, match="not a time like"):
        MOMENT.convert(text, None, None)


def test_no_time_at_all() -> None:
    assert (moment_text(None), shown(None)) == ("-", None)


def test_what_programs_are_shown() -> None:
    assert shown(1_777_852_800.25) == "2026-05-04T00:00:00+00:00"
