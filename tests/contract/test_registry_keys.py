"""Hosted keys and kept revocation data on both databases: what counts, since when, and what is refused."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from esb.kernel.directory import AnswerSignature, CertificateUse
from esb.kernel.names import ServiceId
from esb.registry.acts import acting, list_changes
from esb.registry.certificates import add_certificate, revoke_certificate
from esb.registry.contracts import put_contract
from esb.registry.database import open_database, reading
from esb.registry.errors import Conflict, NotFound
from esb.registry.hosted_keys import end_hosted_key, host_key, hosted_key_of, hosted_keys
from esb.registry.members import add_member, add_system
from esb.registry.models import MemberKind, RevocationReason
from esb.registry.revocation import Answered, Kept, keep, last_kept, newest_answers
from esb.registry.services import Terms, add_service, get_service, update_service

NOW = 1_800_000_000.0
SERVICE = ServiceId.parse("DIN/IAMAS/Ask/v1")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_database(database_url)
    with acting(opened, "operator", NOW) as act:
        for code in ("DIN", "EESMN"):
            add_member(act, code, code, code, MemberKind.STATE)
    yield opened
    opened.dispose()


def certificate(
    engine: Engine, content: bytes, owner: str = "DIN", use: CertificateUse = CertificateUse.SIGNING
) -> str:
    with acting(engine, "operator", NOW) as act:
        return add_certificate(act, content, owner, use)


def test_one_key_is_in_force_and_those_before_it_have_ended(engine: Engine) -> None:
    first, second = certificate(engine, b"1"), certificate(engine, b"2")
    for digest in (first, second):
        with acting(engine, "operator", NOW) as act:
            host_key(act, "DIN", "DIN.key", digest)
    with reading(engine) as session:
        assert hosted_keys(session) == [("DIN", "DIN.key", second)]
        change = list_changes(session)[-1]
    assert (change.act, change.kind, change.key) == ("host", "hosted-key", "DIN")
    with acting(engine, "operator", NOW + 1) as act, pytest.raises(Conflict, match="hosted key already"):
        host_key(act, "DIN", "DIN.key", first)


def test_only_a_members_own_good_signing_certificate_will_do(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        revoke_certificate(act, add_certificate(act, b"r", "DIN", CertificateUse.SIGNING), RevocationReason.SUPERSEDED)
    for content, owner, use in (
        (b"r", "DIN", CertificateUse.SIGNING),
        (b"t", "DIN", CertificateUse.TLS),
        (b"e", "EESMN", CertificateUse.SIGNING),
    ):
        digest = certificate(engine, content, owner, use)
        with acting(engine, "operator", NOW) as act, pytest.raises(Conflict, match="in force"):
            host_key(act, "DIN", "DIN.key", digest)
    with acting(engine, "operator", NOW) as act, pytest.raises(NotFound):
        host_key(act, "DIN", "DIN.key", "0" * 64)


def test_a_service_is_signed_for_only_while_there_is_a_key(engine: Engine, make_contract: object) -> None:
    contract = make_contract("Ask")  # type: ignore[operator]
    with acting(engine, "operator", NOW) as act:
        add_system(act, "DIN", "IAMAS", "x", "x")
        add_service(act, SERVICE, put_contract(act, b"packed", contract), Terms("http://provider.example/"))
        with pytest.raises(NotFound, match="esb member hosted-key DIN"):
            update_service(act, SERVICE, answer_signature=AnswerSignature.HOSTED)
    digest = certificate(engine, b"1")
    with acting(engine, "operator", NOW) as act:
        host_key(act, "DIN", "DIN.key", digest)
        update_service(act, SERVICE, answer_signature=AnswerSignature.HOSTED)
    with reading(engine) as session:
        assert get_service(session, SERVICE).answer_signature is AnswerSignature.HOSTED
    with acting(engine, "operator", NOW + 1) as act, pytest.raises(Conflict, match="change that service first"):
        end_hosted_key(act, "DIN")
    with acting(engine, "operator", NOW + 1) as act:
        update_service(act, SERVICE, answer_signature=AnswerSignature.IGNORED)
        end_hosted_key(act, "DIN")
    with reading(engine) as session, pytest.raises(NotFound):
        hosted_key_of(session, "DIN")


def test_the_newest_answer_about_each_registered_certificate_is_found(engine: Engine) -> None:
    first, second, silent = (certificate(engine, content) for content in (b"1", b"2", b"3"))
    with reading(engine) as session:
        assert (newest_answers(session), last_kept(session)) == ([], 0)
    for place, (subject, since, status, reason) in enumerate(
        [
            (first, 100.0, "good", None),
            (first, 300.0, "revoked", "superseded"),
            (first, 200.0, "good", None),
            (second, 100.0, "good", None),
            ("f" * 64, 100.0, "good", None),
        ]
    ):
        keep(engine, Kept("ocsp", subject, b"%d" % place, since, since + 50, status, reason), NOW)
    keep(engine, Kept("crl", silent, b"a list", 100.0, 200.0), NOW)
    with reading(engine) as session:
        assert {each.subject: each for each in newest_answers(session)} == {
            first: Answered(first, "revoked", "superseded", 300.0, 350.0),
            second: Answered(second, "good", None, 100.0, 150.0),
        }
        assert last_kept(session) == 6
