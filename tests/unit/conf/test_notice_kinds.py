"""Kinds of setting that mail and notices need."""

import ipaddress
from pathlib import Path

import pytest

from esb.conf.kinds import Kind, Unfit
from esb.conf.notice_kinds import Line, Networks

HOME = Path("/srv/home")


def test_networks() -> None:
    read = Networks().read(["10.20.0.0/16", "fd00::/8"], HOME)
    assert read == (ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("fd00::/8"))
    assert Networks().shown(read) == ["10.20.0.0/16", "fd00::/8"]
    assert Networks().from_text("10.20.0.0/16, fd00::/8") == ["10.20.0.0/16", "fd00::/8"]
    assert Networks().read([], HOME) == ()
    assert "10.20.0.0/16" in Networks().expects


def test_lines() -> None:
    assert Line().read("şlüz@gov.example", HOME) == "şlüz@gov.example"
    assert Line().read("", HOME) == Line().from_text("") == ""
    assert Line().shown("x") == "x"
    assert "one line" in Line().expects


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Networks(), "10.20.0.0/16"),
        (Networks(), ["10.20.0.1/16"]),
        (Networks(), ["everywhere"]),
        (Networks(), [1]),
        (Line(), "a\nb"),
        (Line(), 1),
        (Line(), "x" * 1_001),
    ],
)
def test_what_is_refused(kind: Kind, value: object) -> None:
    assert kind.quotable
    with pytest.raises(Unfit):
        kind.read(value, HOME)
