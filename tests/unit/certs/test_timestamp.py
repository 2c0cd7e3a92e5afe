"""A Timestamp is one Created and at most one Expires after it."""

import pytest

from esb.certs.timestamp import read_timestamp, seconds
from esb.kernel.faults import Refusal
from esb.kernel.namespaces import WSU
from esb.kernel.xml import XmlLimits, parse_message

CREATED = "<u:Created>%s</u:Created>"
EXPIRES = "<u:Expires>%s</u:Expires>"


def read(content):
    return read_timestamp(parse_message(f'<u:Timestamp xmlns:u="{WSU}">{content}</u:Timestamp>'.encode(), XmlLimits()))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-01-01T00:00:00Z", 1767225600),
        ("2026-01-01T00:00:00", 1767225600),
        ("2026-01-01T04:00:00+04:00", 1767225600),
        ("2025-12-31T18:30:00-05:30", 1767225600),
        ("2025-12-31T24:00:00Z", 1767225600),
        ("2024-02-29T00:00:00Z", 1709164800),
        ("2026-01-01T00:00:00.5Z", 1767225600.5),
        ("2026-01-01T00:00:00.1234567+00:00", 1767225600.1234567),
        (" \n2026-01-01T00:00:00Z\t", 1767225600),
        ("9999-12-31T23:59:59Z", 253402300799),
        ("9999-12-31T24:00:00Z", 253402300800),
    ],
)
def test_times(text, value):
    assert seconds(text) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-01",
        "2026-01-01 00:00:00Z",
        "2026-1-1T00:00:00Z",
        "2026-01-01T00:00Z",
        "2026-13-01T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T24:00:01Z",
        "2026-01-01T24:00:00.1Z",
        "2026-01-01T00:60:00Z",
        "2026-12-31T23:59:60Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00z",
        "2026-01-01t00:00:00Z",
        "2026-01-01T00:00:00+14:01",
        "2026-01-01T00:00:00+15:00",
        "2026-01-01T00:00:00+04:60",
        "2026-01-01T00:00:00+0400",
        "-2026-01-01T00:00:00Z",
        "12026-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2026-01-01T00:00:00Z\u00a0",
        "\u0662026-01-01T00:00:00Z",
        "2026-01-01T00:00:00." + "1" * 40 + "Z",
    ],
)
def test_what_is_no_time(text):
    assert seconds(text) is None


def test_created_alone_and_with_expires():
    assert read(CREATED % "2026-01-01T00:00:00Z") == (1767225600, None)
    both = CREATED % "2026-01-01T00:00:00Z" + " " + EXPIRES % "2026-01-01T00:00:00.001Z"
    assert read(both) == (1767225600, pytest.approx(1767225600.001))


GOOD, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"


@pytest.mark.parametrize(
    "content",
    [
        "",
        EXPIRES % GOOD,
        EXPIRES % LATER + CREATED % GOOD,
        CREATED % GOOD + CREATED % GOOD,
        CREATED % GOOD + EXPIRES % LATER + EXPIRES % LATER,
        CREATED % GOOD + "<other/>",
        "text" + CREATED % GOOD,
        CREATED % GOOD + EXPIRES % GOOD,
        CREATED % LATER + EXPIRES % GOOD,
        CREATED % "soon",
        CREATED % GOOD + EXPIRES % "never",
        CREATED % "<x/>",
        CREATED % ("0" * 100),
        CREATED % "",
        "<Created>2026-01-01T00:00:00Z</Created>",
    ],
)
def test_other_timestamps_are_refused(content):
    with pytest.raises(Refusal) as caught:
        read(content)
    assert caught.value.rule.id == "TIM-01"
