"""Which certificates a bus stands on, and whether it signs aside."""

import secrets
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.homes import PASSPHRASE, fresh_home
from support.place import ShiftedClock

from esb.admin.certificate_ends import announce_certificate_endings, own_warning
from esb.admin.offices import make_office
from esb.certs.profiles import OCSP_RESPONDER, TIME_STAMPING
from esb.conf.load import load
from esb.own import CannotStart, own_certificate, own_certificates, pem_of, private_key, signs_aside
from esb.registry.database import open_database

DAY = 86_400.0


def test_a_bus_stands_on_what_the_settings_name(tmp_path: Path) -> None:
    plain = own_certificates(load(tmp_path, {}).settings)
    offices = ["the OCSP responder", "the time-stamp authority"]
    assert [use for use, path in plain.items() if path is not None] == ["the bus's signature", *offices]
    assert plain["the OCSP responder"] == tmp_path / "keys" / "ocsp.pem"
    tls = {
        "SHLUZ_DOOR_TLS": "true",
        "SHLUZ_DOOR_TLS_CERTIFICATE": "d.pem",
        "SHLUZ_DOOR_TLS_KEY": "d.key",
        "SHLUZ_DOOR_CLIENT_ANCHORS": "anchors",
    }
    assert own_certificates(load(tmp_path, tls).settings)["the door's TLS"] == tmp_path / "d.pem"


def test_an_office_that_is_not_held_and_a_key_that_is_not_there_are_left_out(tmp_path: Path) -> None:
    given = {"SHLUZ_CA_OCSP": "no", "SHLUZ_EXTRACTS_CERTIFICATE": "x.pem", "SHLUZ_EXTRACTS_SIGNING_KEY": "x.key"}
    own = own_certificates(load(tmp_path, given).settings)
    assert (own["the OCSP responder"], own["the signature of extracts"]) == (None, tmp_path / "x.pem")
    alone = own_certificates(load(tmp_path, {"SHLUZ_CA_SERVE": "no"}).settings)
    assert (alone["the OCSP responder"], alone["the time-stamp authority"]) == (None, None)


def test_the_end_of_an_office_is_announced_and_warned_of(tmp_path: Path, sqlite_database: str) -> None:
    home = fresh_home(tmp_path)
    settings = load(home.path, {}).settings
    engine, now = open_database(sqlite_database), time.time()
    for name, profile, days in (("ocsp", OCSP_RESPONDER, 30), ("tsa", TIME_STAMPING, 90)):
        make_office(
            home,
            engine,
            PASSPHRASE.encode(),
            profile,
            key=home.keys / f"{name}.key",
            certificate=home.keys / f"{name}.pem",
            name=name,
            kind="p256",
            days=days,
            author="officer",
            now=now,
            random=secrets.token_bytes,
        )
    files = own_certificates(settings)
    assert own_warning(files, now) == ""
    assert announce_certificate_endings(engine, files, "bus", now + 60) == 0, "who has just made it knows"
    assert announce_certificate_endings(engine, files, "bus", now + 24 * DAY) == 1
    assert announce_certificate_endings(engine, files, "bus", now + 25 * DAY) == 0
    assert own_warning(files, now + 24 * DAY) == "the OCSP responder ends in 6.0 days: ocsp.pem"
    assert announce_certificate_endings(engine, files, "bus", now + 61 * DAY) == 1
    engine.dispose()


@pytest.mark.parametrize(
    ("chosen", "slow", "aside"),
    [("auto", False, False), ("auto", True, True), ("always", False, True), ("never", True, False)],
)
def test_it_signs_aside_as_told_or_as_seen(chosen: str, slow: bool, aside: bool, tmp_path: Path) -> None:
    ring: Any = SimpleNamespace(slow=slow)
    assert signs_aside(load(tmp_path, {"SHLUZ_KEYS_SIGN_IN_THREADS": chosen}).settings, ring) is aside


@pytest.mark.parametrize(("days", "words"), [(800, "esb ca renew"), (-30, "look at this machine's clock")])
def test_a_certificate_out_of_its_time_signs_nothing(tmp_path: Path, days: int, words: str) -> None:
    home, clock = fresh_home(tmp_path), ShiftedClock()
    clock.shift = days * 86_400
    with pytest.raises(CannotStart, match=words):
        own_certificate(home.keys / "bus.pem", clock)


def test_anchors_are_a_file_or_a_folder_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("A")
    (tmp_path / "b.pem").write_text("B")
    (tmp_path / ".hidden").write_text("H")
    (tmp_path / "folder").mkdir()
    assert pem_of(tmp_path) == b"A\nB"
    assert pem_of(tmp_path / "a.pem") == b"A"


def test_a_tls_key_may_be_encrypted(tmp_path: Path) -> None:
    home = fresh_home(tmp_path)
    assert private_key(home.keys / "bus.key", b"correct horse")
    with pytest.raises(CannotStart, match="that the passphrase opens") as refused:
        private_key(home.keys / "bus.key", b"wrong")
    assert "wrong" not in str(refused.value)
    with pytest.raises(CannotStart):
        private_key(tmp_path / "none", b"")
