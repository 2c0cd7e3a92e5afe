"""The master key of a bus: made once, never again in silence."""

import pickle  # as a pool of processes does it
from pathlib import Path

import pytest
from support.sealed import MASTERS

from esb.admin.body_key import Masters, Places, make_body_key, masters_for_bus, open_masters, opener
from esb.audit.data_keys_sqlite import SqliteDataKeys
from esb.certs.master_key import FileMaster
from esb.certs.unusable import KeyMissing, KeyUnusable

PASSPHRASE = b"correct horse"


def test_the_first_start_makes_it_and_no_later_one(tmp_path: Path) -> None:
    keys = SqliteDataKeys(tmp_path / "e.db")
    places = Places(tmp_path / "keys" / "bodies.key")
    made = masters_for_bus(places, PASSPHRASE, keys)
    assert made is not None
    found = opener(places, PASSPHRASE)
    assert found is not None
    assert pickle.loads(pickle.dumps(found))().name == made.name
    keys.add("", 1, 1, made.name, made.wrap(b"k" * 32))
    assert make_body_key(tmp_path / "keys" / "bodies.key", PASSPHRASE).name == made.name
    (tmp_path / "keys" / "bodies.key").unlink()
    with pytest.raises(KeyMissing, match="the log holds messages under it: put it back"):
        masters_for_bus(places, PASSPHRASE, keys)
    keys.shred([1], 5)
    other = masters_for_bus(places, PASSPHRASE, keys)
    assert other is not None
    assert other.name != made.name
    keys.close()


def test_without_a_place_messages_stay_in_the_clear(tmp_path: Path) -> None:
    keys = SqliteDataKeys(tmp_path / "e.db")
    assert masters_for_bus(Places(None), PASSPHRASE, keys) is None
    assert opener(Places(None), PASSPHRASE) is None
    with pytest.raises(KeyMissing, match="no master key is named"):
        open_masters(Places(None), PASSPHRASE)


def test_the_key_is_chosen_by_its_name() -> None:
    new = FileMaster(b"n" * 32)
    both = Masters(new, (MASTERS.current,))
    wrapped = MASTERS.wrap(b"k" * 32)
    assert both.unwrap(MASTERS.name, wrapped) == b"k" * 32
    assert both.unwrap(new.name, both.wrap(b"x" * 32)) == b"x" * 32
    with pytest.raises(KeyUnusable, match=r"keys\.body_key_before"):
        Masters(new).unwrap(MASTERS.name, wrapped)
