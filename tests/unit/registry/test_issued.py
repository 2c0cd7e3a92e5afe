"""The register of what was issued, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from esb.kernel.directory import CertificateUse
from esb.registry.acts import acting, list_changes
from esb.registry.certificates import add_certificate, list_certificates, revoke_certificate
from esb.registry.database import open_database, reading
from esb.registry.errors import Conflict, NotFound
from esb.registry.issued import (
    Issued,
    IssuedBook,
    check_key_is_free,
    enter_issued,
    enter_list,
    get_issued,
    last_list_number,
    missing_of,
    release_certificate,
    revoked_serials,
    unentered_certificates,
)
from esb.registry.members import add_member
from esb.registry.models import MemberKind, RevocationReason

NOW = 1_790_000_000.0
CA, OTHER = "c" * 64, "d" * 64
HOLD = RevocationReason.CERTIFICATE_HOLD


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    with acting(engine, "operator", NOW) as act:
        add_member(act, "DIN", "Daxili İşlər", "Interior", MemberKind.STATE)
    yield engine
    engine.dispose()


def issued(number: int, **changes: object) -> Issued:
    facts: dict[str, object] = {
        "sha256": f"{number:064x}",
        "der": bytes([number]),
        "issuer": CA,
        "serial": (1 << 126) + number,
        "profile": "member-signing",
        "subject": "CN=DIN",
        "owner": "DIN",
        "key_sha256": f"{number:064x}",
        "not_before": NOW,
        "not_after": NOW + 86_400,
        **changes,
    }
    return Issued(**facts)  # type: ignore[arg-type]


def test_a_serial_number_is_issued_once_by_one_authority(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        enter_issued(act, issued(1))
        enter_issued(act, issued(2, issuer=OTHER, serial=issued(1).serial))
        with pytest.raises(Conflict, match="issued before"):
            enter_issued(act, issued(3, serial=issued(1).serial))
    with reading(engine) as session:
        assert missing_of(session, [issued(3).sha256, issued(1).sha256]) == [issued(3).sha256]
        assert get_issued(session, issued(1).sha256).requester == "operator"
        with pytest.raises(NotFound):
            get_issued(session, issued(3).sha256)
        assert [change.act for change in list_changes(session) if change.kind == "certificate"] == ["issue", "issue"]


def test_a_key_is_free_for_its_holder_alone_and_for_nobody_once_lost(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        enter_issued(act, issued(1))
        check_key_is_free(act.session, issued(1).key_sha256, "DIN")
        with pytest.raises(Conflict, match="somebody else"):
            check_key_is_free(act.session, issued(1).key_sha256, "")
        revoke_certificate(act, issued(1).sha256, RevocationReason.KEY_COMPROMISE)
        with pytest.raises(Conflict, match="others may have it"):
            check_key_is_free(act.session, issued(1).key_sha256, "DIN")


def test_both_registers_say_the_same_of_one_certificate(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        digest = add_certificate(act, b"der", "DIN", CertificateUse.SIGNING)
        assert unentered_certificates(act.session) == [(b"der", "DIN", CertificateUse.SIGNING)]
        enter_issued(act, issued(1, sha256=digest))
        assert unentered_certificates(act.session) == []
        revoke_certificate(act, digest, HOLD)
    with reading(engine) as session:
        assert get_issued(session, digest).revoked is HOLD
        assert list_certificates(session)[0].revoked is HOLD
        assert revoked_serials(session, CA) == [(issued(1).serial, NOW, "certificateHold")]
    with acting(engine, "operator", NOW) as act:
        release_certificate(act, digest)
        assert get_issued(act.session, digest).revoked is None
        assert list_certificates(act.session)[0].revoked is None
        with pytest.raises(Conflict, match="not on hold"):
            release_certificate(act, digest)


def test_lists_are_numbered_by_their_authority(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        assert last_list_number(act.session, CA) == 0
        enter_list(act, CA, 1, None, "a" * 64, 0, NOW + 86_400)
        enter_list(act, CA, 2, 1, "b" * 64, 0, NOW + 86_400)
        assert (last_list_number(act.session, CA), last_list_number(act.session, OTHER)) == (2, 0)


def test_the_book_follows_the_register(engine: Engine) -> None:
    book = IssuedBook(CA)

    def refreshed() -> bool:
        with reading(engine) as session:
            return book.refresh(session.connection())

    with acting(engine, "operator", NOW) as act:
        enter_issued(act, issued(1))
        enter_issued(act, issued(2, issuer=OTHER))
    assert refreshed()
    assert not refreshed()
    assert set(book.standings) == {issued(1).serial}
    before = book.standings
    with acting(engine, "operator", NOW + 5) as act:
        revoke_certificate(act, issued(1).sha256, HOLD)
        enter_issued(act, issued(3))
    assert refreshed()
    assert before[issued(1).serial].revoked is None, "whoever reads the old one goes on with it"
    standing = book.standings[issued(1).serial]
    assert (standing.revoked, standing.revoked_at, standing.not_after) == (HOLD, NOW + 5, NOW + 86_400)
    assert issued(3).serial in book.standings
    assert book.at == NOW + 5
    with acting(engine, "operator", NOW + 6) as act:
        add_member(act, "EESMN", "Əmək", "Labour", MemberKind.STATE)
    assert not refreshed()
    assert book.at == NOW + 6


def test_the_book_reads_anew_what_was_put_back_to_an_earlier_state(engine: Engine) -> None:
    book = IssuedBook(CA)
    with acting(engine, "operator", NOW) as act:
        enter_issued(act, issued(1))
    with reading(engine) as session:
        book.refresh(session.connection())
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM issued")
        connection.exec_driver_sql("DELETE FROM changes")
    with acting(engine, "operator", NOW + 9) as act:
        enter_issued(act, issued(2))
    with reading(engine) as session:
        assert book.refresh(session.connection())
    assert set(book.standings) == {issued(2).serial}
