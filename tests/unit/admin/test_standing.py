"""Every reason for which a certificate does not count, told with the rule that the wire would cite."""

import secrets
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.standing import Standing, explain
from esb.admin.trust import Trust
from esb.certs.answers import Answers
from esb.certs.ca import Subject, create_authority, issue, serial_number, sign_crl
from esb.certs.chain import ChainJudge
from esb.certs.crl import CrlSet, ListEnd, load_crls
from esb.certs.keys import generate_key
from esb.certs.ocsp_answer import Word
from esb.certs.requests import make_request, read_request
from esb.kernel.directory import CertificateUse, MemberStatus
from esb.registry.acts import acting
from esb.registry.certificates import add_certificate, revoke_certificate
from esb.registry.database import open_database
from esb.registry.members import add_member, set_member_status
from esb.registry.migrations import upgrade
from esb.registry.models import MemberKind, RevocationReason

NOW = 1_800_000_000.0
DAY = 86_400.0
KEY, ROOT = create_authority("Root", "p256", NOW, 400)
SIGNING = CertificateUse.SIGNING


def made(days: int = 100, key: Any = KEY, root: Any = ROOT, now: float = NOW, kind: str = "p256") -> x509.Certificate:
    request = read_request(make_request(generate_key(kind), "x").public_bytes(Encoding.DER))
    serial = serial_number(secrets.token_bytes(16))
    return issue(key, root, request, Subject("DIN", "DIN"), SIGNING, now, days, serial)


def trusting(*anchors: x509.Certificate, crls: CrlSet | None = None) -> Trust:
    return Trust(ChainJudge((), anchors), crls or CrlSet(), (), anchors)


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    opened = open_database(f"sqlite:///{tmp_path / 'r.db'}")
    upgrade(opened)
    with acting(opened, "operator", NOW) as act:
        add_member(act, "DIN", "Daxili İşlər Nazirliyi", "Ministry of Internal Affairs", MemberKind.STATE)
    yield opened
    opened.dispose()


def register(engine: Any, certificate: x509.Certificate, use: CertificateUse = SIGNING) -> str:
    with acting(engine, "operator", NOW) as act:
        return add_certificate(act, certificate.public_bytes(Encoding.DER), "DIN", use)


def told(engine: Any, certificate: x509.Certificate, trust: Trust | None = None, now: float = NOW) -> Standing:
    return explain(certificate, trust or trusting(ROOT), engine, now)


def test_a_good_one(engine: Any) -> None:
    certificate = made()
    register(engine, certificate)
    standing = told(engine, certificate)
    assert (standing.good, standing.rule, standing.owner) == (True, "", "DIN")
    assert standing.owner_name == "Daxili İşlər Nazirliyi / Ministry of Internal Affairs"
    assert [(link.anchor, link.problem) for link in standing.path] == [(False, ""), (True, "")]
    assert "digitalSignature" in standing.usages


def test_each_reason_has_the_wires_rule_and_a_next_step(engine: Any) -> None:
    other_key, other = create_authority("Root", "p256", NOW, 400)
    good, forged, held, tls = made(), made(key=other_key, root=other), made(), made()
    for each in (good, forged, held):
        register(engine, each)
    register(engine, tls, CertificateUse.TLS)
    with acting(engine, "operator", NOW) as act:
        revoke_certificate(act, sha256(held.public_bytes(Encoding.DER)).hexdigest(), RevocationReason.KEY_COMPROMISE)
    listed = load_crls(
        [sign_crl(KEY, ROOT, [(good.serial_number, NOW, "superseded")], 1, NOW, 7).public_bytes(Encoding.DER)],
        [ROOT],
        NOW,
        0,
    )
    old = replace(listed, reasons={}, ends=(ListEnd(ROOT, NOW - 1),))
    for certificate, trust, now, rule in (
        (made(), None, NOW, "CRT-01"),
        (forged, None, NOW, "CRT-02"),
        (good, trusting(other), NOW, "CRT-02"),
        (good, None, NOW + 200 * DAY, "CRT-03"),
        (good, None, NOW - DAY, "CRT-02"),
        (held, None, NOW, "CRT-05"),
        (good, trusting(ROOT, crls=listed), NOW, "CRT-05"),
        (tls, None, NOW, "CRT-06"),
        (good, trusting(ROOT, crls=old), NOW, "CRT-07"),
    ):
        standing = told(engine, certificate, trust, now)
        assert standing.rule == rule, standing
        assert standing.verdict
        assert standing.next
        assert not standing.good


def test_what_a_responder_says_is_told_as_such(engine: Any) -> None:
    member = made()
    register(engine, member)
    digest = sha256(member.public_bytes(Encoding.DER)).hexdigest()
    for words, rule, source in (
        ({}, "CRT-07", "not asked"),
        ({digest: Word(None, NOW - 9, NOW + 9)}, "", "by a responder's answer, good until 20"),
        ({digest: Word("superseded", NOW - 9, NOW + 9)}, "CRT-05", "by a responder's answer"),
    ):
        trust = replace(trusting(ROOT), answers=Answers(words, True, 0.0))
        standing = told(engine, member, trust)
        assert standing.rule == rule
        assert standing.revocation.startswith(source)
        assert standing.revoked == (words[digest].revoked if words else None)


def test_a_broken_path_says_where_and_why(engine: Any) -> None:
    other_key, other = create_authority("Root", "p256", NOW, 400)
    assert "another key signed it" in told(engine, made(key=other_key, root=other)).path[-1].problem
    stranger_key, stranger = create_authority("Stranger", "p256", NOW, 400)
    assert "not among the anchors: CN=Stranger" in told(engine, made(key=stranger_key, root=stranger)).path[-1].problem
    assert "ended on" in told(engine, made(), now=NOW + 500 * DAY).path[-1].problem
    assert "signs no messages" in told(engine, ROOT).path[-1].problem


def test_what_comes_next_and_what_else_matters(engine: Any) -> None:
    ending, next_one = made(days=20), made(days=200)
    register(engine, ending)
    assert "nothing takes its place" in told(engine, ending).notes[0]
    digest = register(engine, next_one)
    standing = told(engine, ending)
    assert [each for each, _ in standing.others] == [digest]
    assert "another of the same owner and use goes on" in standing.notes[0]
    with acting(engine, "operator", NOW) as act:
        set_member_status(act, "DIN", MemberStatus.SUSPENDED, "test")
    assert any("ACC-01" in note for note in told(engine, ending).notes)
