"""A master key in a device: it wraps and unwraps there, in the same form as one in a file, and never comes out."""

import pytest
from pkcs11 import Attribute
from support import softhsm

from esb.certs.keys import KeyMissing, KeyUnusable, point_key
from esb.certs.master_key import load_master, make_master

DATA = bytes(range(32))


def test_a_key_in_a_device_wraps(tmp_path: object) -> None:
    label = softhsm.fresh_token()
    place = softhsm.uri(label, "bodies")
    with pytest.raises(KeyMissing, match="Make one with: esb log key-make"):
        load_master(place, b"")
    made = make_master(place, b"")
    opened = load_master(place, b"")
    assert (made.name, len(made.name)) == (opened.name, 16)
    assert opened.unwrap(made.wrap(DATA)) == DATA
    assert len(made.wrap(DATA)) == 40
    with pytest.raises(KeyUnusable, match="exists: nothing was made"):
        make_master(place, b"")
    other = make_master(softhsm.uri(label, "other"), b"")
    with pytest.raises(KeyUnusable):
        other.unwrap(made.wrap(DATA))
    softhsm.log_out(place)
    assert opened.unwrap(made.wrap(DATA)) == DATA
    flags = opened.sessions.use(lambda key: (key[Attribute.SENSITIVE], key[Attribute.EXTRACTABLE]))  # type: ignore[union-attr]
    assert flags == (True, False)
    with softhsm.unplugged(place, label):
        with pytest.raises(KeyUnusable):
            opened.wrap(DATA)
        assert opened.problem  # type: ignore[union-attr]
    assert opened.unwrap(made.wrap(DATA)) == DATA


def test_a_file_can_stand_for_it(tmp_path: object) -> None:
    from pathlib import Path

    place = softhsm.uri(softhsm.fresh_token(), "bodies")
    file = Path(str(tmp_path)) / "bodies.key"
    point_key(place, file)
    made = make_master(place, b"")
    assert load_master(file, b"").name == made.name
