"""What is kept, and until when."""

import pytest

from esb.kernel.retention import FULL, Form, Keeping, Kept, Retention, day_text, kept_text, parse_retention, read_kept

_NOON = 1_795_953_600.0  # 2026-11-29T12:00:00Z


@pytest.mark.parametrize("text", ["full", "full 1", "full 3650", "headers", "headers 36525", "digests"])
def test_a_retention_is_written_as_it_is_read(text: str) -> None:
    assert parse_retention(text).text == text


@pytest.mark.parametrize(
    "text", ["", "Full", "full 0", "full -1", "full 36526", "digests 3", "full  3", "full 3 ", "none"]
)
def test_another_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="a retention is one such as"):
        parse_retention(text)


@pytest.mark.parametrize(
    ("retention", "text"),
    [
        (FULL, ""),
        (Retention(Form.FULL, 1), "full 2026-11-30"),
        (Retention(Form.HEADERS, 33), "headers 2027-01-01"),
        (Retention(Form.HEADERS), "headers"),
        (Retention(Form.DIGESTS), "digests"),
    ],
)
def test_a_record_says_until_when(retention: Retention, text: str) -> None:
    assert kept_text(retention, _NOON) == text
    assert read_kept(text) == Kept(retention.form, text.partition(" ")[2])


@pytest.mark.parametrize("text", ["full", "digests 2026-11-29", "full 2026-02-30", "full 26-11-29", "all"])
def test_a_record_that_says_something_else_is_not_understood(text: str) -> None:
    with pytest.raises(ValueError, match=r"day is out of range|in a known way"):
        read_kept(text)


def test_a_day_is_over_when_the_next_has_begun() -> None:
    kept = read_kept("full 2026-11-29")
    assert day_text(_NOON) == "2026-11-29"
    assert [kept.is_over(day) for day in ("2026-11-28", "2026-11-29", "2026-11-30", "")] == [False, False, True, False]
    assert not read_kept("").is_over("2999-01-01")


def test_texts_are_those_of_the_day() -> None:
    keeping = Keeping("full 1", "headers", "digests")
    found = [keeping.text(each, _NOON) for each in ("", keeping.refused, keeping.strangers, "full")]
    assert found == ["full 2026-11-30", "headers", "digests", ""]
    assert keeping.text("", _NOON) is keeping.text("full 1", _NOON + 60)
    assert keeping.text("", _NOON + 86_400) == "full 2026-12-01"
