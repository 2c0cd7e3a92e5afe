"""Each kind of setting: what it takes, what it refuses, what it shows."""

from pathlib import Path

import pytest

from esb.conf import kinds
from esb.conf.kinds import Unfit

HOME = Path("/srv/home")


def read(kind: kinds.Kind, value: object) -> object:
    return kind.read(value, HOME)


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        (kinds.Whole(0, 65535), 0, 0),
        (kinds.Whole(0, 65535), 65535, 65535),
        (kinds.Real(), 0, 0.0),
        (kinds.Real(above=0), 0.5, 0.5),
        (kinds.Flag(), False, False),
        (kinds.Size(), 4096, 4096),
        (kinds.Size(), "64KiB", 65536),
        (kinds.Size(), "10 MiB", 10 * 1024 * 1024),
        (kinds.Size(), "7", 7),
        (kinds.Choice(("a", "b")), "b", "b"),
        (kinds.Word(), "bus-1.east", "bus-1.east"),
        (kinds.LogName(), "", ""),
        (kinds.LogName(), "bus.gov.example:8443/log", "bus.gov.example:8443/log"),
        (kinds.Oid(), "2.25.141403067291388036181271254973540973699", "2.25.141403067291388036181271254973540973699"),
        (kinds.Oid(optional=True), "", ""),
        (kinds.Secret(), "x", "x"),
    ],
)
def test_takes(kind: kinds.Kind, value: object, result: object) -> None:
    assert read(kind, value) == result
    assert type(read(kind, value)) is type(result)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (kinds.Whole(), True),  # a bool is an int to Python
        (kinds.Whole(), 1.0),
        (kinds.Whole(), "8080"),  # text in the file is not a number
        (kinds.Whole(0, 65535), 65536),
        (kinds.Whole(1), 0),
        (kinds.Whole(), 10**400),
        (kinds.Real(), float("nan")),
        (kinds.Real(), float("inf")),
        (kinds.Real(), 10**400),
        (kinds.Real(), True),
        (kinds.Real(above=0), 0),
        (kinds.Real(most=60), 61),
        (kinds.Flag(), "true"),
        (kinds.Flag(), 1),
        (kinds.Size(), "10MB"),
        (kinds.Size(), "1.5MiB"),
        (kinds.Size(), "-1"),
        (kinds.Size(), True),
        (kinds.Size(1024), "1KiB\n"),
        (kinds.Size(1024), 1023),
        (kinds.Size(), 10**400),
        (kinds.Choice(("a", "b")), "A"),
        (kinds.Choice(("a", "b")), ["a"]),
        (kinds.Word(), "a b"),
        (kinds.LogName(), "a b"),
        (kinds.LogName(), "a+b"),
        (kinds.LogName(), 7),
        (kinds.Oid(), ""),
        (kinds.Oid(), "1"),
        (kinds.Oid(), "1.40.3"),
        (kinds.Oid(), "3.1.2"),
        (kinds.Oid(), "1.2.03"),
        (kinds.Oid(), 12),
        (kinds.Word(), ""),
        (kinds.Word(), "ə"),
        (kinds.Secret(), ""),
    ],
)
def test_refuses(kind: kinds.Kind, value: object) -> None:
    with pytest.raises(Unfit):
        read(kind, value)


@pytest.mark.parametrize(
    ("kind", "text", "result"),
    [
        (kinds.Whole(), "8080", 8080),
        (kinds.Whole(), "-1", -1),
        (kinds.Whole(), "8_080", "8_080"),
        (kinds.Whole(), "٨", "٨"),  # a digit to Python's int(), not to a person who runs a server
        (kinds.Real(), "0.5", 0.5),
        (kinds.Real(), "nan", "nan"),
        (kinds.Real(), "1e3", "1e3"),
        (kinds.Flag(), "Yes", True),
        (kinds.Flag(), "off", False),
        (kinds.Flag(), "maybe", "maybe"),
        (kinds.Size(), "1MiB", "1MiB"),
    ],
)
def test_text_of_the_environment_becomes_what_toml_would_give(kind: kinds.Kind, text: str, result: object) -> None:
    assert kind.from_text(text) == result


def test_a_secret_is_never_shown() -> None:
    assert kinds.Secret().shown("geheim") == "set, not shown"
    assert kinds.Secret().shown(None) == ""
