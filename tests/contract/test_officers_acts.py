"""Officers' acts on members and grants, each in a transaction of its own, on SQLite and PostgreSQL."""

import re
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from esb.admin import grants, members
from esb.admin.endings import announce_endings
from esb.admin.grants import TwoOfficersWanted
from esb.admin.members import NoAgreement, Particulars, set_standing
from esb.admin.papers import Paper
from esb.kernel.contract import Contract
from esb.kernel.directory import CertificateUse, MemberStatus
from esb.kernel.names import ServiceId
from esb.registry.acts import acting, list_changes
from esb.registry.agreements import Agreement, add_agreement, end_agreement
from esb.registry.certificates import add_certificate, get_certificate
from esb.registry.contracts import put_contract
from esb.registry.database import open_database, reading
from esb.registry.documents import get_document
from esb.registry.errors import Conflict, Forbidden, NotFound
from esb.registry.grants import Leave, get_grant, list_grants
from esb.registry.members import add_member, add_system, get_member
from esb.registry.models import GrantStatus, MemberKind, RevocationReason
from esb.registry.notice_models import MailboxRow, NoticeRow
from esb.registry.services import Terms, add_service
from esb.registry.snapshot import build_directory, refresh

NOW = 1_790_000_000.0
DAY = 86_400.0
SERVICE = ServiceId("DIN", "IAMAS", "PersonQuery", "v1")
LEAVE = Leave("pension", "Law 55", NOW)
BANK = Particulars("BANK", "Bank", "Bank", MemberKind.BANK, "1400040231")


@pytest.fixture
def engine(database_url: str, make_contract: Callable[..., Contract]) -> Iterator[Engine]:
    """A registry with a service of DIN, and DSMF, which may want to ask it."""
    engine = open_database(database_url)
    with acting(engine, "operator", NOW) as act:
        for code in ("DIN", "DSMF"):
            add_member(act, code, f"{code} az", f"{code} en", MemberKind.STATE)
        add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
        add_service(act, SERVICE, put_contract(act, b"packed", make_contract()), Terms("https://provider.example/"))
    yield engine
    engine.dispose()


def told(engine: Engine) -> list[tuple[str, str, list[str]]]:
    """Topic, what it is about, and to whom, of every notice."""
    with reading(engine) as session:
        rows = session.execute(sa.select(NoticeRow.id, NoticeRow.topic, NoticeRow.about).order_by(NoticeRow.id)).all()
        boxes = session.execute(sa.select(MailboxRow.notice, MailboxRow.recipient)).all()
    return [(topic.value, about, sorted(who for one, who in boxes if one == number)) for number, topic, about in rows]


def standing(engine: Engine, number: int) -> GrantStatus:
    with reading(engine) as session:
        return get_grant(session, number).status


def let(engine: Engine, status: MemberStatus, code: str = "DSMF", required: bool = False, now: float = NOW) -> bool:
    return set_standing(engine, code, status, "decision 7", agreement_required=required, author="leyla", now=now)


def ask(engine: Engine, author: str = "leyla", leave: Leave = LEAVE, **more: object) -> int:
    return grants.request(engine, "DSMF", SERVICE, leave, author=author, now=NOW, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("applied", {"suspended"}),
        ("applied active", {"applied"}),
        ("applied active suspended", {"applied"}),
        ("applied active suspended active", {"applied"}),
        ("applied left", {"active", "suspended"}),
        ("applied active left", {"active", "suspended"}),
        ("applied active suspended left", {"active", "suspended"}),
        ("applied active left applied", {"suspended"}),
    ],
)
def test_a_member_goes_the_lawful_way_and_no_other(engine: Engine, path: str, refused: set[str]) -> None:
    steps = path.split()
    for step in steps:
        if step == "applied":
            members.apply(engine, BANK, reason="applies", author="leyla", now=NOW)
        else:
            assert let(engine, MemberStatus(step), "BANK")
    for status in MemberStatus:
        if status.value in refused:
            with pytest.raises(Conflict, match="cannot become"):
                let(engine, status, "BANK")
        with reading(engine) as session:
            assert get_member(session, "BANK").status.value == steps[-1]
    assert let(engine, MemberStatus(steps[-1]), "BANK") is False
    with reading(engine) as session:
        changes = [one for one in list_changes(session) if one.key == "BANK" and one.act == "update"]
    assert all(one.detail["reason"] for one in changes)
    assert len(changes) == len(steps) - 1


def test_an_agreement_must_be_in_force_where_the_settings_say_so(engine: Engine) -> None:
    members.apply(engine, BANK, reason="applies", author="leyla", now=NOW)
    with pytest.raises(NoAgreement, match="esb member agreement add BANK"):
        let(engine, MemberStatus.ACTIVE, "BANK", required=True)
    with reading(engine) as session:
        assert get_member(session, "BANK").status is MemberStatus.APPLIED
    with acting(engine, "leyla", NOW) as act:
        add_agreement(act, "BANK", Agreement("1", NOW + DAY, NOW + 3 * DAY))
    for moment in (NOW, NOW + 3 * DAY):
        with pytest.raises(NoAgreement):
            let(engine, MemberStatus.ACTIVE, "BANK", required=True, now=moment)
    assert let(engine, MemberStatus.ACTIVE, "BANK", required=True, now=NOW + DAY)
    let(engine, MemberStatus.SUSPENDED, "BANK", now=NOW + DAY)
    with acting(engine, "leyla", NOW + DAY) as act:
        end_agreement(act, "BANK", "1", "terminated")
    with pytest.raises(NoAgreement):
        let(engine, MemberStatus.ACTIVE, "BANK", required=True, now=NOW + DAY)
    assert let(engine, MemberStatus.ACTIVE, "BANK", now=NOW + DAY)


def test_who_joins_without_an_agreement_where_one_is_demanded_leaves_no_trace(engine: Engine) -> None:
    with pytest.raises(NoAgreement):
        members.join(engine, BANK, agreement_required=True, author="leyla", now=NOW)
    with reading(engine) as session, pytest.raises(NotFound):
        get_member(session, "BANK")
    paper = Paper("agreement.txt", b"we agree", "text/plain")
    terms = Agreement("1", NOW - DAY)
    members.join(engine, BANK, agreement=terms, paper=paper, agreement_required=True, author="leyla", now=NOW)
    with reading(engine) as session:
        added = [one for one in list_changes(session) if one.kind == "agreement"]
        assert get_document(session, added[0].detail["document"]).content == b"we agree"


def test_who_leaves_loses_grants_and_certificates_and_all_are_told(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        kept = add_certificate(act, b"der of DSMF", "DSMF", CertificateUse.SIGNING)
    mine = grants.give(engine, "DSMF", SERVICE, LEAVE, two_officers=False, author="leyla", now=NOW)
    assert let(engine, MemberStatus.SUSPENDED, "DIN")
    assert told(engine)[-1] == ("member-status", "member:DIN", ["DIN", "DSMF"])
    assert standing(engine, mine) is GrantStatus.APPROVED
    assert let(engine, MemberStatus.LEFT, "DSMF")
    assert standing(engine, mine) is GrantStatus.REVOKED
    with reading(engine) as session:
        assert get_certificate(session, kept).revoked is RevocationReason.CESSATION_OF_OPERATION
    members.apply(engine, Particulars("DSMF", "a", "b", MemberKind.STATE), reason="again", author="leyla", now=NOW)
    let(engine, MemberStatus.ACTIVE, "DSMF")
    assert standing(engine, mine) is GrantStatus.REVOKED


def test_one_person_cannot_give_what_takes_two(engine: Engine) -> None:
    with pytest.raises(TwoOfficersWanted, match="esb grant request"):
        grants.give(engine, "DSMF", SERVICE, LEAVE, two_officers=True, author="leyla", now=NOW)
    number = ask(engine)
    for name in ("leyla", "Leyla", " LEYLA "):
        with pytest.raises(Forbidden):
            grants.approve(engine, number, author=name, now=NOW)
    assert standing(engine, number) is GrantStatus.REQUESTED
    grants.approve(engine, number, author="aydin", now=NOW)
    assert told(engine)[-1] == ("grant-changed", f"grant:{number}", ["DIN", "DSMF"])
    # Not by a program's mistake either: the database itself does not take it.
    second = ask(engine, leave=Leave("tax", "Law 7", NOW))
    statement = sa.text("UPDATE grants SET status = 'approved', decided_by = 'leyla', decided_at = :at WHERE id = :id")
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(statement, {"id": second, "at": "2026-01-01 00:00:00+00:00"})


STEPS: dict[str, Callable[[Engine, int], None]] = {
    "approve": lambda engine, number: grants.approve(engine, number, author="aydin", now=NOW),
    "decline": lambda engine, number: grants.decline(engine, number, "no", author="aydin", now=NOW),
    "withdraw": lambda engine, number: grants.withdraw(engine, number, "no", author="leyla", now=NOW),
    "revoke": lambda engine, number: grants.revoke(engine, number, "no", author="aydin", now=NOW),
}


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("", {"revoke"}),
        ("approve", {"approve", "decline", "withdraw"}),
        ("decline", {"approve", "decline", "withdraw", "revoke"}),
        ("withdraw", {"approve", "decline", "withdraw", "revoke"}),
        ("approve revoke", {"approve", "decline", "withdraw"}),
    ],
)
def test_a_grant_goes_the_lawful_way_and_no_other(
    engine: Engine, plain_certificates: object, path: str, refused: set[str]
) -> None:
    known, index = plain_certificates.known, plain_certificates.index  # type: ignore[attr-defined]
    number = ask(engine)
    with reading(engine) as session:
        directory = build_directory(session.connection(), known, index, NOW)
    for step in path.split():
        assert (directory.grants == {}) == (step != "revoke")
        STEPS[step](engine, number)
        with reading(engine) as session:
            directory = refresh(directory, session.connection(), known, index, NOW)
            assert directory == build_directory(session.connection(), known, index, NOW)
    before = standing(engine, number)
    for step in sorted(refused):
        with pytest.raises(Conflict, match="cannot become"):
            STEPS[step](engine, number)
    assert standing(engine, number) is before
    # Only what is approved is read by what routes.
    assert len(directory.grants) == (before is GrantStatus.APPROVED)


def test_other_terms_replace_the_old_in_one_moment(engine: Engine, plain_certificates: object) -> None:
    known, index = plain_certificates.known, plain_certificates.index  # type: ignore[attr-defined]
    old = grants.give(engine, "DSMF", SERVICE, LEAVE, two_officers=False, author="leyla", now=NOW)
    wider = ask(engine, leave=Leave("pension", "Law 55", NOW, per_day=5), replaces=old)
    with reading(engine) as session:
        before = build_directory(session.connection(), known, index, NOW)
    assert [grant.id for grant in before.grants["DSMF", SERVICE.text]] == [old]
    grants.approve(engine, wider, author="aydin", now=NOW)
    with reading(engine) as session:
        after = refresh(before, session.connection(), known, index, NOW)
    assert [grant.id for grant in after.grants["DSMF", SERVICE.text]] == [wider]


def test_endings_are_told_once_each_and_what_was_missed_is_not(engine: Engine) -> None:
    leave = Leave("pension", "Law 55", NOW, valid_until=NOW + 100 * DAY)
    number = grants.give(engine, "DSMF", SERVICE, leave, two_officers=False, author="leyla", now=NOW)
    grants.give(engine, "DSMF", SERVICE, LEAVE, two_officers=False, author="leyla", now=NOW)
    with acting(engine, "leyla", NOW) as act:
        add_agreement(act, "DIN", Agreement("1", NOW, NOW + 50 * DAY))
        add_agreement(act, "DSMF", Agreement("1", NOW, NOW + 50 * DAY))
        add_agreement(act, "DSMF", Agreement("2", NOW + 49 * DAY))
    before = len(told(engine))
    days: list[tuple[int, str]] = []
    for day in [*range(0, 92), *range(96, 102)]:
        written = announce_endings(engine, "timer", NOW + day * DAY + 1)
        assert announce_endings(engine, "timer", NOW + day * DAY + 2) == 0
        days += [(day, about.partition(":")[0]) for _, about, _ in told(engine)[before + len(days) :]]
        assert written >= 0
    assert days == [
        (0, "agreement"),
        (20, "agreement"),
        (40, "grant"),
        (43, "agreement"),
        (49, "agreement"),
        (50, "agreement"),
        (70, "grant"),
        (96, "grant"),
        (99, "grant"),
    ]
    assert set(map(str, told(engine)[before:])) == {
        str(("grant-ending", f"grant:{number}", ["DIN", "DSMF"])),
        str(("agreement-ending", "agreement:1", ["@operator", "DIN"])),
    }
    with reading(engine) as session:
        facts = session.scalars(sa.select(NoticeRow.facts).order_by(NoticeRow.id.desc())).first()
        assert len(list_grants(session)) == 2
    assert facts is not None
    assert (facts["days"], facts["service"], re.sub(r"\..*", "", str(facts["ends_at"]))) == (
        1,
        SERVICE.text,
        str(int(NOW + 100 * DAY)),
    )
