"""Which certificates a bus stands on, and whether it signs aside."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from esb.conf.load import load
from esb.own import own_certificates, signs_aside


def test_a_bus_stands_on_what_the_settings_name(tmp_path: Path) -> None:
    plain = own_certificates(load(tmp_path, {}).settings)
    assert [use for use, path in plain.items() if path is not None] == ["the bus's signature"]
    tls = {
        "SHLUZ_DOOR_TLS": "true",
        "SHLUZ_DOOR_TLS_CERTIFICATE": "d.pem",
        "SHLUZ_DOOR_TLS_KEY": "d.key",
        "SHLUZ_DOOR_CLIENT_ANCHORS": "anchors",
    }
    assert own_certificates(load(tmp_path, tls).settings)["the door's TLS"] == tmp_path / "d.pem"


@pytest.mark.parametrize(
    ("chosen", "slow", "aside"),
    [("auto", False, False), ("auto", True, True), ("always", False, True), ("never", True, False)],
)
def test_it_signs_aside_as_told_or_as_seen(chosen: str, slow: bool, aside: bool, tmp_path: Path) -> None:
    ring: Any = SimpleNamespace(slow=slow)
    assert signs_aside(load(tmp_path, {"SHLUZ_KEYS_SIGN_IN_THREADS": chosen}).settings, ring) is aside
