"""Whom a home believes: answers from the registry beside anchors and lists, and a stamp that tells of new ones."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from support.responder import Outside

from esb.admin.believing import OWN_AUTHORITY, belief_stamp, believe, own_authority
from esb.admin.trust import TrustBroken
from esb.certs.index import CertificateLoader
from esb.certs.ocsp_answer import Word
from esb.certs.standing import check_standing
from esb.kernel import rules
from esb.kernel.directory import CertificateUse
from esb.kernel.faults import Refusal
from esb.registry.acts import acting
from esb.registry.certificates import add_certificate
from esb.registry.database import open_database
from esb.registry.members import add_member
from esb.registry.models import MemberKind
from esb.registry.revocation import Kept, keep

OUTSIDE, OWN = Outside(), Outside("Own CA")
NOW = OUTSIDE.began + 86_400
MEMBER, INSIDE = OUTSIDE.member(), OWN.member()
SHA = MEMBER.fingerprint(SHA256()).hex()


@pytest.fixture
def place(tmp_path: Path, sqlite_database: str) -> Any:
    for name in ("anchors", "crl"):
        (tmp_path / name).mkdir()
    for name, outside in (("national.pem", OUTSIDE), (OWN_AUTHORITY, OWN)):
        (tmp_path / "anchors" / name).write_bytes(outside.root.public_bytes(Encoding.PEM))
    engine = open_database(sqlite_database)
    with acting(engine, "operator", NOW) as act:
        add_member(act, "EESMN", "EESMN", "EESMN", MemberKind.STATE)
        for certificate in (MEMBER, INSIDE):
            add_certificate(act, certificate.public_bytes(Encoding.DER), "EESMN", CertificateUse.SIGNING)
    beliefs = SimpleNamespace(
        anchors=tmp_path / "anchors", crl=tmp_path / "crl", crl_grace_hours=1.0, ocsp="require", ocsp_grace_hours=1.0
    )
    yield SimpleNamespace(beliefs=beliefs, engine=engine)
    engine.dispose()


def rule_of(place: Any, certificate: Any = MEMBER, owner: str = "EESMN", now: float = NOW) -> str:
    known = believe(place.beliefs, place.engine, now).known(CertificateLoader(), lambda: now)
    try:
        check_standing(known(certificate.public_bytes(Encoding.DER), owner, CertificateUse.SIGNING, None), now)
    except Refusal as refusal:
        return refusal.rule.id
    return ""


def say(place: Any, status: str, since: float, until: float) -> None:
    data = f"{status} {since}".encode()
    assert keep(
        place.engine, Kept("ocsp", SHA, data, since, until, status, "superseded" * (status != "good") or None), NOW
    )


def test_the_newest_answer_decides(place: Any) -> None:
    assert rule_of(place) == rules.CRT_REVOCATION_UNKNOWN.id
    stamp = belief_stamp(place.beliefs, place.engine)
    say(place, "good", NOW - 100, NOW + 100)
    assert belief_stamp(place.beliefs, place.engine) != stamp
    assert believe(place.beliefs, place.engine, NOW).stamp == belief_stamp(place.beliefs, place.engine)
    assert rule_of(place) == ""
    assert rule_of(place, now=NOW + 100 + 3600) == ""
    assert rule_of(place, now=NOW + 101 + 3600) == rules.CRT_REVOCATION_UNKNOWN.id
    say(place, "revoked", NOW - 50, NOW + 100)
    assert rule_of(place) == rule_of(place, now=NOW + 9000) == rules.CRT_REVOKED.id
    say(place, "good", NOW - 70, NOW + 500)  # an older one, that somebody replays
    assert rule_of(place) == rules.CRT_REVOKED.id
    trust = believe(place.beliefs, place.engine, NOW)
    assert trust.answers is not None
    assert trust.answers.words == {SHA: Word("superseded", NOW - 50, NOW + 100)}


def test_an_answer_may_be_absent_where_it_is_only_preferred(place: Any) -> None:
    place.beliefs.ocsp = "prefer"
    assert rule_of(place) == ""
    say(place, "revoked", NOW - 50, NOW + 100)
    assert rule_of(place) == rules.CRT_REVOKED.id
    place.beliefs.ocsp = "off"
    assert rule_of(place) == ""


def test_the_homes_own_authority_and_the_buss_own_certificates_need_none(place: Any) -> None:
    assert rule_of(place, INSIDE) == ""
    assert rule_of(place, MEMBER, "") == ""


def test_a_node_without_the_database_is_told(place: Any) -> None:
    with pytest.raises(TrustBroken, match=r"certs\.ocsp needs"):
        believe(place.beliefs, None, NOW)
    place.beliefs.ocsp = "off"
    assert believe(place.beliefs, None, NOW).answers is None


def test_a_home_without_an_authority_has_none(place: Any) -> None:
    assert own_authority(place.beliefs) == OWN.root
    (place.beliefs.anchors / OWN_AUTHORITY).unlink()
    assert own_authority(place.beliefs) is None
