"""The demo's home: a real one, with the real agencies, closed to others."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from esb.admin.home import HomeError, open_home
from esb.demo.place import ACTING, OPERATOR, add_members, free_port, make_place
from esb.demo.stage import Stage
from esb.registry.certificates import list_certificates
from esb.registry.database import reading
from esb.registry.members import list_members


def test_every_agency_is_a_member_and_so_is_the_operator(stage: Stage) -> None:
    with reading(stage.place.engine) as session:
        codes = {member.code for member in list_members(session)}
    assert len(codes) == 44
    assert OPERATOR.code in codes
    assert stage.place.name("DIN") == "Ministry of Internal Affairs"


def test_those_who_act_are_certified_with_keys_of_both_kinds(stage: Stage) -> None:
    with reading(stage.place.engine) as session:
        certified = {certificate.owner for certificate in list_certificates(session)}
    assert certified == set(ACTING)
    keys = [stage.place.identity(code).x509.public_key() for code in ACTING]
    assert any(isinstance(key, rsa.RSAPublicKey) for key in keys)
    assert any(isinstance(key, ec.EllipticCurvePublicKey) for key in keys)


def test_the_home_is_one_that_the_commands_open(stage: Stage) -> None:
    assert open_home(stage.place.home.path).path == stage.place.home.path
    assert stage.place.address.startswith("http://127.0.0.1:")


def test_keys_are_closed_to_others(stage: Stage) -> None:
    for path in (stage.place.folder, stage.place.keys, *stage.place.keys.iterdir()):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077


def test_members_are_added_once(tmp_path: Path) -> None:
    place = make_place(tmp_path / "home")
    add_members(place)
    add_members(place)
    place.engine.dispose()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(HomeError, match="not empty"):
        make_place(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_free_port_is_one() -> None:
    assert 1024 <= free_port() <= 65535
