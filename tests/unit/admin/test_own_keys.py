"""Acts on the home's keys: what is recorded of them, and what openssl says of a request."""

import subprocess
from pathlib import Path

from support import softhsm
from support.homes import PASSPHRASE, fresh_home

from esb.admin.own_keys import keys_of_home, make_recorded, request_for
from esb.certs.keys import point_key
from esb.conf.load import load
from esb.kernel.token_uri import KeyPlace
from esb.registry.acts import list_changes
from esb.registry.database import open_database, reading

NOW = 1_800_000_000.0


def test_a_key_that_is_made_is_on_record(tmp_path: Path) -> None:
    home = fresh_home(tmp_path)
    engine = open_database(load(home.path, {}).settings.registry.url)
    places: tuple[KeyPlace, ...] = (home.keys / "x.key", softhsm.uri(softhsm.fresh_token(), "x"))
    for place in places:
        digest = make_recorded(engine, place, "p256", PASSPHRASE.encode(), author="operator", now=NOW)
        with reading(engine) as session:
            change = list_changes(session)[-1]
        assert (change.act, change.kind, change.key) == ("make", "key", digest)
        assert change.detail["place"] == str(place)
        assert PASSPHRASE not in str(change.detail)
        assert softhsm.PIN not in str(change.detail)
        pem = request_for(place, "bus.gov.az", PASSPHRASE.encode())
        shown = subprocess.run(
            ["openssl", "req", "-verify", "-noout", "-subject"], input=pem, capture_output=True, check=True
        )
        assert b"bus.gov.az" in shown.stdout
        assert b"OK" in shown.stdout + shown.stderr


def test_the_keys_of_a_home_are_told(tmp_path: Path) -> None:
    home = fresh_home(tmp_path)
    place = softhsm.uri(softhsm.fresh_token(), "second")
    settings = load(
        home.path,
        {"SHLUZ_KEYS_SECOND_SIGNING_KEY": str(place), "SHLUZ_KEYS_SECOND_CERTIFICATE": "keys/bus-rsa.pem"},
    ).settings
    (home.keys / "hosted").mkdir()
    point_key(place, home.keys / "hosted" / "DIN.key")
    (home.keys / "hosted" / "X.key").write_text("pkcs11:broken")
    rows = {
        use: (where, kind)
        for use, where, kind in keys_of_home(home, settings.keys.signing_key, settings.keys.second_signing_key)
    }
    assert rows["the bus's signature"] == (str(home.keys / "bus.key"), "in a file")
    assert rows["the bus's second signature"] == (str(place), "in a device")
    assert rows["the authority"][1] == "in a file"
    assert rows["hosted for DIN"] == (f"{home.keys / 'hosted' / 'DIN.key'} → {place}", "in a device")
    assert "none" in rows["hosted for X"][1]
