"""What is fitted follows the settings: no door where nothing is served, one follower for each key in a file."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from esb.certs.profile import SignatureLimits
from esb.conf.load import load
from esb.fittings import Fittings, own_pairs
from esb.kernel.clock import ManualClock
from esb.routing.breaker import Breaker


def fitted(folder: Path, **environment: str) -> tuple[Fittings, Any, Any]:
    settings = load(folder, environment).settings
    fittings = Fittings(settings, None, ManualClock(), None)  # type: ignore[arg-type]
    way, front = (
        SimpleNamespace(signer="old", second_signer=None, breaker=Breaker(3, 1.0)),
        SimpleNamespace(warnings={}, worker=None),
    )
    fittings.follow(way, front, None, None, SignatureLimits())  # type: ignore[arg-type]
    return fittings, way, front


def test_the_door_and_its_follower_are_there_unless_turned_off(tmp_path: Path) -> None:
    fittings, _, front = fitted(tmp_path)
    assert set(fittings.gets) == {"/ca/"}
    assert set(fittings.posts) == {"/ca/ocsp", "/ca/tsa"}
    assert len(fittings.followers) == 5
    assert set(front.warnings) == {"authority", "key", "room"}
    fittings, _, front = fitted(tmp_path, SHLUZ_CA_SERVE="false")
    assert (fittings.gets, fittings.posts, len(fittings.followers)) == ({}, {}, 4)
    fittings, _, front = fitted(tmp_path, SHLUZ_CA_SERVE="false", SHLUZ_NOTICES_OUTAGES="no")
    assert len(fittings.followers) == 3


def test_both_keys_in_files_are_followed(tmp_path: Path) -> None:
    second = {"SHLUZ_KEYS_SECOND_SIGNING_KEY": "keys/rsa.key", "SHLUZ_KEYS_SECOND_CERTIFICATE": "keys/rsa.pem"}
    settings = load(tmp_path, second).settings
    assert [pair.subject.kind for pair in own_pairs(settings)] == ["bus", "bus-second"]


def test_a_key_that_changed_is_put_in_force_on_the_reactor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fittings, way, _ = fitted(tmp_path)
    monkeypatch.setattr("esb.admin.rehearsal.OwnKey.changed", lambda _: "new")
    step = fittings.followers[1]()
    assert way.signer == "old"
    assert step is not None
    step()
    assert way.signer == "new"
