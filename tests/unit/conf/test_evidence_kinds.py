"""Time-stamps and witnesses in the settings."""

from pathlib import Path

import pytest

from esb.conf.evidence_kinds import StampSource, WitnessAt, Witnesses
from esb.conf.kinds import Unfit

HOME = Path("/home")
KEY = "reserve.example/w1+0a1b2c3d+BHP0AAAA"


def test_who_stamps() -> None:
    kind = StampSource()
    assert [kind.read(each, HOME) for each in ("own", "none", "https://tsa.example/rfc3161")] == [
        "own",
        "none",
        "https://tsa.example/rfc3161",
    ]
    for wrong in ("mine", "ftp://tsa.example", 3):
        with pytest.raises(Unfit):
            kind.read(wrong, HOME)


def test_witnesses() -> None:
    kind = Witnesses()
    items = kind.from_text(f"{KEY} https://w.example/a/, other+00000000+BAAA http://o.example")
    read = kind.read(items, HOME)
    assert read == (WitnessAt(KEY, "https://w.example/a"), WitnessAt("other+00000000+BAAA", "http://o.example"))
    assert kind.shown(read) == [f"{KEY} https://w.example/a", "other+00000000+BAAA http://o.example"]
    for wrong in ("x", [3], [KEY], ["no key https://w.example"], [f"{KEY} https://w.example"] * 2, [f"{KEY} w"]):
        with pytest.raises(Unfit):
            kind.read(wrong, HOME)
    name = KEY.partition("+")[0]
    with pytest.raises(Unfit, match=f"two witnesses of the name {name}: .* a name of its own"):
        kind.read([f"{KEY} https://w.example", f"{name}+00000000+BAAA https://o.example"], HOME)
