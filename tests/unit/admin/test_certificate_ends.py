"""The end of a certificate is announced at each step, once, to its owner and the operator, and not when it is moot."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from esb.admin.certificate_ends import AHEAD, announce_certificate_endings, of_files, own_warning, registered
from esb.certs.ca import Subject, create_authority, issue, serial_number
from esb.certs.keys import generate_key
from esb.certs.requests import make_request, read_request
from esb.kernel.directory import CertificateUse
from esb.registry.acts import acting
from esb.registry.certificates import add_certificate, revoke_certificate
from esb.registry.database import open_database, reading
from esb.registry.members import add_member
from esb.registry.migrations import upgrade
from esb.registry.models import MemberKind, RevocationReason
from esb.registry.notice_models import MailboxRow, NoticeRow

NOW = 1_800_000_000.0
DAY = 86_400.0
_KEY, _ROOT = create_authority("Root", "p256", NOW, 400)


def certificate(days: int, use: CertificateUse = CertificateUse.SIGNING, age: int = 99) -> Any:
    """One that ends in so many days and has lasted for others."""
    request = read_request(make_request(generate_key("p256"), "x").public_bytes(Encoding.DER))
    begun, serial = NOW - age * DAY, serial_number(bytes([days % 256]) * 16)
    return issue(_KEY, _ROOT, request, Subject("DIN", "DIN"), use, begun, days + age, serial)


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    made = open_database(f"sqlite:///{tmp_path / 'r.db'}")
    upgrade(made)
    with acting(made, "operator", NOW) as act:
        add_member(act, "DIN", "DİN", "MIA", MemberKind.STATE)
    yield made
    made.dispose()


def add(engine: Any, days: int, use: CertificateUse = CertificateUse.SIGNING, age: int = 99) -> str:
    with acting(engine, "operator", NOW) as act:
        return add_certificate(act, certificate(days, use, age).public_bytes(Encoding.DER), "DIN", use)


def told(engine: Any) -> list[tuple[str, int]]:
    with reading(engine) as session:
        rows = session.execute(
            select(MailboxRow.recipient, NoticeRow.facts).join(NoticeRow, NoticeRow.id == MailboxRow.notice)
        )
        return sorted((recipient, facts["days"]) for recipient, facts in rows)


def test_each_step_is_told_once_to_owner_and_operator(engine: Any) -> None:
    add(engine, 100)
    assert announce_certificate_endings(engine, {}, "bus", NOW) == 0
    days = []
    for day in range(101):
        at = NOW + day * DAY + 60
        for _ in range(2):
            if announce_certificate_endings(engine, {}, "bus", at):
                days.append(100 - day)
    assert days == list(AHEAD)
    assert [days for recipient, days in told(engine) if recipient == "DIN"] == [0, 6, 29, 59]
    assert [days for recipient, days in told(engine) if recipient == "@operator"] == [0, 6, 29, 59]


def test_steps_that_were_missed_are_not_made_up_for(engine: Any) -> None:
    add(engine, 5)
    assert announce_certificate_endings(engine, {}, "bus", NOW) == 1
    assert told(engine) == [("@operator", 5), ("DIN", 5)]


def test_of_a_short_life_no_step_is_told_at_its_beginning(engine: Any) -> None:
    add(engine, 30, age=0)
    assert announce_certificate_endings(engine, {}, "bus", NOW + 60) == 0
    assert announce_certificate_endings(engine, {}, "bus", NOW + 23 * DAY) == 1


def test_what_is_revoked_or_outlived_is_not_told_of(engine: Any) -> None:
    revoked = add(engine, 20)
    with acting(engine, "operator", NOW) as act:
        revoke_certificate(act, revoked, RevocationReason.SUPERSEDED)
    add(engine, 21)
    add(engine, 200)
    assert announce_certificate_endings(engine, {}, "bus", NOW) == 0
    add(engine, 22, CertificateUse.TLS)
    assert announce_certificate_endings(engine, {}, "bus", NOW) == 1


def test_the_buss_own_are_told_to_the_operator_and_warned_of(engine: Any, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors"
    anchors.mkdir()
    (anchors / "root.pem").write_bytes(_ROOT.public_bytes(Encoding.PEM))
    (anchors / "notes.txt").write_text("none")
    (tmp_path / "bus.pem").write_bytes(certificate(6).public_bytes(Encoding.PEM))
    files = {"anchor": anchors, "signature": tmp_path / "bus.pem", "door": None, "gone": tmp_path / "x.pem"}
    assert [(each.use, each.until > NOW) for each in of_files(files)] == [("anchor", True), ("signature", True)]
    assert announce_certificate_endings(engine, files, "bus", NOW) == 1
    assert told(engine) == [("@operator", 6)]
    assert own_warning(files, NOW) == "signature ends in 6.0 days: bus.pem"
    assert own_warning(files, NOW - 2 * DAY) == ""
    assert "has ended" in own_warning(files, NOW + 7 * DAY)


def test_the_registered_are_listed_by_their_end(engine: Any) -> None:
    late, soon = add(engine, 50), add(engine, 3)
    rows = registered(engine, "DIN")
    assert [each.sha256 for each in rows] == [soon, late]
    assert rows[0].state(NOW) == "in force"
    assert rows[0].state(NOW + 4 * DAY) == "ended"
    assert registered(engine, "") == []
