"""A service's contracts in time, and its end, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from conftest import PlainCertificates
from sqlalchemy import Engine, select

from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.acts import acting
from esb.registry.contracts import put_contract
from esb.registry.database import open_database, reading
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.grants import Leave, add_grant, revoke_grant
from esb.registry.members import add_member, add_system
from esb.registry.models import MemberKind
from esb.registry.notice_models import MailboxRow, NoticeRow
from esb.registry.revisions import list_revisions, revise_contract
from esb.registry.services import Terms, add_service, get_service
from esb.registry.snapshot import build_directory, refresh
from esb.registry.sunsets import announce_sunsets, cancel_sunset, get_sunset, set_sunset

V1, V2 = (ServiceId("DIN", "IAMAS", "PersonQuery", version) for version in ("v1", "v2"))
DAY = 86_400.0
NOW = 1_790_000_000.0


@pytest.fixture
def engine(database_url: str, make_contract: Callable[..., Contract]) -> Iterator[Engine]:
    """A registry with two versions of a service, and three members of which two may ask the first."""
    engine = open_database(database_url)
    with acting(engine, "operator.first", NOW) as act:
        for code in ("DIN", "MAS", "DSMF", "VN"):
            add_member(act, code, code, code, MemberKind.STATE)
        add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
        digest = put_contract(act, b"first", make_contract("Ask"))
        for service in (V1, V2):
            add_service(act, service, digest, Terms("https://provider.example/"))
        for code in ("MAS", "DSMF"):
            add_grant(act, code, V1, Leave("test", "Law 1", NOW))
    yield engine
    engine.dispose()


def told(engine: Engine) -> list[tuple[str, list[str]]]:
    """The stages that were told, with whom, oldest first."""
    with reading(engine) as session:
        return [
            (
                notice.facts["stage"],
                sorted(session.scalars(select(MailboxRow.recipient).where(MailboxRow.notice == notice.id))),
            )
            for notice in session.scalars(select(NoticeRow).order_by(NoticeRow.id))
        ]


def test_a_revision_takes_the_contracts_place_and_leaves_a_trail(
    engine: Engine, make_contract: Callable[..., Contract]
) -> None:
    with reading(engine) as session:
        before = get_service(session, V1).contract
        assert [(each.number, each.author) for each in list_revisions(session, V1)] == [(1, "operator.first")]
    with acting(engine, "operator.second", NOW + 5) as act:
        fresh = put_contract(act, b"second", make_contract("Ask", "More"))
        number = revise_contract(
            act, V1, fresh, instead_of=before, report={"verdict": "compatible"}, provider_version=SoapVersion.V12
        )
    assert number == 2
    with reading(engine) as session:
        found = list_revisions(session, V1)
        assert [(each.number, each.contract, each.from_at, each.author, each.report) for each in found] == [
            (1, before, NOW, "operator.first", None),
            (2, fresh, NOW + 5, "operator.second", {"verdict": "compatible"}),
        ]
        row = get_service(session, V1)
        assert (row.contract, row.provider_version) == (fresh, SoapVersion.V12)
        assert get_service(session, V2).contract == before


def test_a_revision_of_a_contract_that_was_changed_meanwhile_is_refused(
    engine: Engine, make_contract: Callable[..., Contract]
) -> None:
    with acting(engine, "operator", NOW) as act:
        fresh = put_contract(act, b"second", make_contract("Ask", "More"))
        with pytest.raises(Conflict, match="meanwhile"):
            revise_contract(act, V1, fresh, instead_of=fresh, report={})
        with pytest.raises(NotFound):
            revise_contract(act, V1, "0" * 64, instead_of=get_service(act.session, V1).contract, report={})


def test_consumers_are_told_of_an_end_in_time_and_once(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        set_sunset(act, V1, NOW + 45 * DAY, V2)
        set_sunset(act, V1, NOW + 45 * DAY, V2)
    assert told(engine) == [("set", ["DSMF", "MAS"])]
    assert announce_sunsets(engine, "timer", NOW + DAY) == 0
    assert announce_sunsets(engine, "timer", NOW + 15 * DAY) == 1
    assert announce_sunsets(engine, "timer", NOW + 16 * DAY) == 0
    assert announce_sunsets(engine, "timer", NOW + 44.5 * DAY) == 1
    with acting(engine, "operator", NOW + 44.6 * DAY) as act:
        add_grant(act, "VN", V1, Leave("test", "Law 1", NOW))
    assert announce_sunsets(engine, "timer", NOW + 45 * DAY) == 1
    assert announce_sunsets(engine, "timer", NOW + 90 * DAY) == 0
    everybody = ["DSMF", "MAS"]
    assert told(engine) == [
        ("set", everybody),
        ("30 days ahead", everybody),
        ("1 days ahead", everybody),
        ("done", [*everybody, "VN"]),
    ]


def test_who_may_ask_no_more_is_not_told(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        for number in (1, 2):
            revoke_grant(act, number, "no longer needed")
        set_sunset(act, V1, NOW + 45 * DAY)
    assert told(engine) == []
    assert announce_sunsets(engine, "timer", NOW + 46 * DAY) == 0


def test_an_end_can_be_moved_and_taken_back(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        set_sunset(act, V1, NOW + 5 * DAY)
    with acting(engine, "operator", NOW + 1) as act:
        set_sunset(act, V1, NOW + 90 * DAY, V2)
        found = get_sunset(act.session, V1)
        assert found is not None
        assert (found.at, found.successor) == (NOW + 90 * DAY, V2)
    with acting(engine, "operator", NOW + 2) as act:
        cancel_sunset(act, V1)
        assert get_sunset(act.session, V1) is None
        with pytest.raises(NotFound, match="no sunset"):
            cancel_sunset(act, V1)
    assert [stage for stage, _ in told(engine)] == ["set", "set", "cancelled"]


def test_what_cannot_be_an_end_is_refused(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        with pytest.raises(Invalid, match="passed"):
            set_sunset(act, V1, NOW)
        with pytest.raises(Invalid, match="itself"):
            set_sunset(act, V1, NOW + DAY, V1)
        with pytest.raises(NotFound):
            set_sunset(act, V1, NOW + DAY, ServiceId("DIN", "IAMAS", "PersonQuery", "v9"))
        set_sunset(act, V2, NOW + DAY)
        with pytest.raises(Conflict, match="outlives"):
            set_sunset(act, V1, NOW + 2 * DAY, V2)


def test_the_directory_knows_the_end_built_anew_or_refreshed(
    engine: Engine, plain_certificates: PlainCertificates
) -> None:
    ready = plain_certificates.known, plain_certificates.index
    with reading(engine) as session:
        before = build_directory(session.connection(), *ready, NOW)
    assert before.services[V1.path].deprecated is None
    with acting(engine, "operator", NOW) as act:
        set_sunset(act, V1, NOW + DAY, V2)
    with reading(engine) as session:
        after = refresh(before, session.connection(), *ready, NOW)
        anew = build_directory(session.connection(), *ready, NOW)
    wanted = replace(before.services[V1.path], sunset=NOW + DAY, successor=V2.text, deprecated=NOW)
    assert after.services[V1.path] == anew.services[V1.path] == wanted
    assert after.services[V2.path] == before.services[V2.path]
    with acting(engine, "operator", NOW) as act:
        cancel_sunset(act, V1)
    with reading(engine) as session:
        assert refresh(after, session.connection(), *ready, NOW).services[V1.path] == before.services[V1.path]
