"""Where messages name persons, and what persons are told of it: officers' acts, on SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine
from support.place import CONTRACTS

from esb.admin.deferrals import decide, defer
from esb.admin.subject_paths import name_subjects
from esb.kernel.canonical import canonical_json
from esb.kernel.directory import CertificateIndex, Operation
from esb.kernel.names import ServiceId
from esb.kernel.plain import from_plain, to_plain
from esb.registry.acts import acting, list_changes
from esb.registry.contracts import put_contract
from esb.registry.database import open_database, reading
from esb.registry.deferrals import Deferral, all_deferrals
from esb.registry.errors import Conflict, Forbidden
from esb.registry.grants import Leave, approve_grant, request_grant
from esb.registry.members import add_member, add_system
from esb.registry.models import MemberKind
from esb.registry.services import Terms, add_service
from esb.registry.snapshot import build_directory, refresh
from esb.registry.subject_models import DeferralStatus, Telling
from esb.wsdl.pack import pack
from esb.wsdl.read import read_contract

NOW = 1_790_000_000.0
SERVICE = ServiceId("DIN", "IAMAS", "PersonQuery", "v1")
OTHER = ServiceId("DIN", "IAMAS", "Other", "v1")
P = "{urn:example:person}"
CONTRACT = read_contract(CONTRACTS / "person.wsdl")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    with acting(engine, "operator", NOW) as act:
        for code in ("DIN", "EESMN"):
            add_member(act, code, code, code, MemberKind.STATE)
        add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
        digest = put_contract(act, pack(CONTRACT), CONTRACT)
        for service in (SERVICE, OTHER):
            add_service(act, service, digest, Terms("http://10.0.0.1/person"))
    yield engine
    engine.dispose()


def directory(engine: Engine):  # type: ignore[no-untyped-def]
    with reading(engine) as session:
        return build_directory(session.connection(), lambda *_: None, lambda _: CertificateIndex(), NOW)


def operation(found, service: ServiceId, name: str) -> Operation:  # type: ignore[no-untyped-def]
    return next(each for each in found.services[service.path].operations.values() if each.name == name)


def test_paths_are_in_the_snapshot_of_their_own_service_and_of_no_other(engine: Engine) -> None:
    before = directory(engine)
    assert operation(before, SERVICE, "GetPerson").subjects is None
    asked = ("GetPerson/fin", "GetPerson/like/fin")
    named = name_subjects(engine, SERVICE, "GetPerson", asked, ["GetPersonResponse/person/fin"], author="a", now=NOW)
    with reading(engine) as session:
        after = refresh(before, session.connection(), lambda *_: None, lambda _: CertificateIndex(), NOW)
    assert after == directory(engine)
    found = operation(after, SERVICE, "GetPerson")
    assert found.subjects == named
    assert [path.text for path in named.answer] == [f"{P}GetPersonResponse/{P}person/{P}fin"]
    assert operation(after, SERVICE, "NotePerson").subjects is None
    assert operation(after, OTHER, "GetPerson").subjects is None
    # A signed snapshot says nothing of operations that nobody named persons in, so that older nodes still read it.
    assert from_plain(Operation, to_plain(found)) == found
    assert b"subjects" not in canonical_json(to_plain(operation(after, OTHER, "GetPerson")))
    name_subjects(engine, SERVICE, "GetPerson", (), (), author="a", now=NOW)
    assert directory(engine).services == before.services
    with reading(engine) as session:
        acts = [row.detail["subject"] for row in list_changes(session) if "subject" in row.detail]
    assert [each["operation"] for each in acts] == ["GetPerson", "GetPerson"]
    assert acts[1]["answer"] == [[path.text for path in named.answer], []]


@pytest.fixture
def grant(engine: Engine) -> int:
    with acting(engine, "first", NOW) as act:
        number = request_grant(act, "EESMN", SERVICE, Leave("search", "Law 2", NOW))
    with acting(engine, "second", NOW) as act:
        approve_grant(act, number)
    return number


RULE = Deferral(Telling.HIDDEN, days=30)


def test_two_officers_defer_and_two_end_it(engine: Engine, grant: int) -> None:
    number = defer(engine, grant, RULE, "Law on operative search", author="first", now=NOW)
    for officer in ("first", " FIRST "):
        with pytest.raises(Forbidden, match="another officer"):
            decide(engine, number, DeferralStatus.APPROVED, author=officer, now=NOW)
    with reading(engine) as session:
        assert all_deferrals(session).of(grant, "EESMN", SERVICE.text) == ()
    assert decide(engine, number, DeferralStatus.APPROVED, author="second", now=NOW) == grant
    with pytest.raises(Conflict):
        decide(engine, number, DeferralStatus.DECLINED, "no", author="second", now=NOW)
    with reading(engine) as session:
        found = all_deferrals(session)
    assert found.of(grant, "EESMN", SERVICE.text) == (RULE,)
    assert found.of(None, "EESMN", SERVICE.text) == (RULE,)  # a refusal must not give away what is hidden
    assert found.of(None, "EESMN", OTHER.text) == found.of(grant + 1, "EESMN", SERVICE.text) == ()
    end = defer(engine, grant, Deferral(Telling.WHOLE), "Closed", author="second", now=NOW)
    with pytest.raises(Forbidden):
        decide(engine, end, DeferralStatus.APPROVED, author="second", now=NOW)
    decide(engine, end, DeferralStatus.APPROVED, author="first", now=NOW)
    with reading(engine) as session:
        assert not all_deferrals(session).of(grant, "EESMN", SERVICE.text)[0].defers(1, NOW)
        acts = [(row.act, row.author) for row in list_changes(session) if row.kind == "deferral"]
    assert acts == [("request", "first"), ("approve", "second"), ("request", "second"), ("approve", "first")]


def test_a_grant_that_replaces_another_is_deferred_like_it(engine: Engine, grant: int) -> None:
    number = defer(engine, grant, RULE, "Law", author="first", now=NOW)
    decide(engine, number, DeferralStatus.APPROVED, author="second", now=NOW)
    with acting(engine, "first", NOW) as act:
        after = request_grant(act, "EESMN", SERVICE, Leave("search on", "Law 2", NOW), replaces=grant)
    with acting(engine, "second", NOW) as act:
        approve_grant(act, after)
    with reading(engine) as session:
        assert all_deferrals(session).of(after, "EESMN", SERVICE.text) == (RULE,)
    own = defer(engine, after, Deferral(Telling.COUNTED, days=1), "Law", author="first", now=NOW)
    with pytest.raises(Forbidden, match="declines"):
        decide(engine, own, DeferralStatus.WITHDRAWN, "mine", author="second", now=NOW)
    decide(engine, own, DeferralStatus.APPROVED, author="second", now=NOW)
    with reading(engine) as session:
        found: Callable[..., object] = all_deferrals(session).of
        assert found(after, "EESMN", SERVICE.text) == (Deferral(Telling.COUNTED, days=1),)
        assert found(grant, "EESMN", SERVICE.text) == (RULE,)
