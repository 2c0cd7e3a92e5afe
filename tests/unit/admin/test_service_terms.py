"""Consumers are told of what concerns them when a service changes, in the act that changes it; on both databases."""

from collections.abc import Callable

import pytest

from esb.admin.service_terms import change_terms
from esb.kernel.contract import Contract
from esb.kernel.directory import ServiceStatus
from esb.kernel.names import ServiceId
from esb.registry.acts import acting
from esb.registry.contracts import put_contract
from esb.registry.database import open_database, reading
from esb.registry.errors import NotFound
from esb.registry.grants import Leave, add_grant
from esb.registry.mailbox import list_mailbox
from esb.registry.members import add_member, add_system
from esb.registry.models import MemberKind
from esb.registry.services import Terms, add_service

SERVICE = ServiceId.parse("DIN/IAMAS/PersonQuery/v1")
NOW = 1_700_000_000.0


@pytest.fixture
def engine(database_url: str, make_contract: Callable[..., Contract]):  # type: ignore[no-untyped-def]
    engine = open_database(database_url)
    with acting(engine, "operator", NOW) as act:
        for code in ("DIN", "EESMN", "TN"):
            add_member(act, code, f"{code} Nazirliyi", code, MemberKind.STATE)
        add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
        digest = put_contract(act, b"packed", make_contract())
        add_service(act, SERVICE, digest, Terms("http://10.0.0.1/person"))
        add_grant(act, "EESMN", SERVICE, Leave("work", "Law 1", NOW - 1))
    yield engine
    engine.dispose()


def letters(engine, member: str) -> list[str]:  # type: ignore[no-untyped-def]
    with reading(engine) as session:
        return [one.topic.value for one in list_mailbox(session, member)]


def test_those_who_may_ask_are_told_that_it_is_suspended(engine) -> None:  # type: ignore[no-untyped-def]
    before = letters(engine, "EESMN").count("service-changed")
    told = change_terms(engine, SERVICE, author="operator", now=NOW, status=ServiceStatus.SUSPENDED)
    assert told == {"EESMN"}
    assert letters(engine, "EESMN").count("service-changed") == before + 1
    assert "service-changed" not in letters(engine, "TN")


def test_where_the_provider_is_concerns_nobody_else(engine) -> None:  # type: ignore[no-untyped-def]
    told = change_terms(engine, SERVICE, author="operator", now=NOW, endpoint="http://10.0.0.2/person", timeout=9.0)
    assert told == frozenset()
    assert "service-changed" not in letters(engine, "EESMN")


def test_what_is_so_already_is_not_told_again(engine) -> None:  # type: ignore[no-untyped-def]
    assert change_terms(engine, SERVICE, author="operator", now=NOW, status=ServiceStatus.ACTIVE) == frozenset()


def test_a_service_that_is_not_there_changes_nothing(engine) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NotFound):
        change_terms(engine, ServiceId.parse("DIN/IAMAS/Other/v1"), author="operator", now=NOW, timeout=3.0)
