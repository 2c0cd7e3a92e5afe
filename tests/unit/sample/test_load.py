"""What the sample's loading refuses, and what it leaves alone."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from esb.kernel.directory import MemberStatus
from esb.registry.acts import acting
from esb.registry.database import open_database, reading
from esb.registry.errors import Invalid
from esb.registry.grants import list_grants, revoke_grant
from esb.registry.members import add_member, get_member, list_members, set_member_status
from esb.registry.models import MemberKind
from esb.registry.services import list_services
from esb.sample.load import RegistryInUse, load_sample, steps
from esb.sample.mix import national_month

NOW = 1_790_000_000.0


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    engine = open_database(sqlite_database)
    yield engine
    engine.dispose()


def test_a_registry_with_others_is_left_alone_unless_told(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        add_member(act, "MINE", "Mənimki", "Mine", MemberKind.BANK)
    with pytest.raises(RegistryInUse, match="member MINE"):
        load_sample(engine, author="operator", now=NOW)
    with reading(engine) as session:
        assert [row.code for row in list_members(session)] == ["MINE"]
    assert load_sample(engine, author="operator", now=NOW, into_existing=True).members == 43


@pytest.mark.long
def test_loaded_again_it_gives_nothing_back_that_was_taken(engine: Engine) -> None:
    told: list[int] = []
    load_sample(engine, author="operator", now=NOW, told=lambda _, count: told.append(count))
    assert sum(told) == steps(national_month())
    with acting(engine, "operator", NOW) as act:
        set_member_status(act, "DIN", MemberStatus.SUSPENDED, "a test")
        revoke_grant(act, 1, "a test")
    again = load_sample(engine, author="operator", now=NOW + 1)
    assert (again.members, again.systems, again.services, again.grants) == (0, 0, 0, 0)
    with reading(engine) as session:
        assert get_member(session, "DIN").status is MemberStatus.SUSPENDED
        assert len(list_grants(session)) == 830


def test_a_wrong_providers_address_loads_nothing(engine: Engine) -> None:
    with pytest.raises(Invalid, match="absolute URL"):
        load_sample(engine, author="operator", now=NOW, provider="somewhere")
    with reading(engine) as session:
        assert (list_members(session), list_services(session)) == ([], [])
