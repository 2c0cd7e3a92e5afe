"""The registers on SQLite and on PostgreSQL: versions, and any past state."""

import hashlib
import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete
from support.entries import information_resource, personal_system

from esb.registry.acts import acting, list_changes
from esb.registry.database import open_database, reading
from esb.registry.errors import NotFound
from esb.registry.members import add_member
from esb.registry.models import MemberKind
from esb.registry.register_models import ResourceVersionRow
from esb.registry.resource_entry import ResourceStatus
from esb.registry.resource_reading import read_entry
from esb.registry.resources import (
    change_resource,
    get_resource,
    list_resources,
    register_resource,
    resource_history,
    set_resource_status,
)

NOW = 1_764_000_000.25


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    with acting(engine, "officer", NOW) as act:
        add_member(act, "DIN", "Daxili İşlər Nazirliyi", "Ministry of Internal Affairs", MemberKind.STATE)
    yield engine
    engine.dispose()


def test_every_change_is_a_version_with_author_time_and_reason(engine: Engine) -> None:
    with acting(engine, "əvvəl", NOW) as act:
        first = register_resource(act, read_entry(personal_system()), "ilk qeydiyyat")
    with acting(engine, "sonra", NOW + 1) as act:
        change_resource(act, read_entry(personal_system(subjects=11_000_000)), "siyahıyaalma")
    with acting(engine, "üçüncü", NOW + 2) as act:
        set_resource_status(act, first.code, ResourceStatus.REGISTERED, "rəy 12")
    with reading(engine) as session:
        versions = resource_history(session, first.code)
        changes = list_changes(session)[1:]
    assert [(one.number, one.author, one.at, one.reason, one.status.value) for one in versions] == [
        (1, "əvvəl", NOW, "ilk qeydiyyat", "draft"),
        (2, "sonra", NOW + 1, "siyahıyaalma", "draft"),
        (3, "üçüncü", NOW + 2, "rəy 12", "registered"),
    ]
    assert versions[0] == first
    assert [one.entry.subjects for one in versions] == [10_000_000, 11_000_000, 11_000_000]
    for one in versions:
        assert hashlib.sha256(one.document.encode()).hexdigest() == one.sha256
        assert json.loads(one.document)["status"] == one.status.value
    assert [(row.act, row.kind, row.key, row.detail["version"], row.detail["sha256"]) for row in changes] == [
        ("add" if one.number == 1 else "update", "resource", one.code, one.number, one.sha256) for one in versions
    ]
    assert changes[1].detail["changed"] == ["entry.subjects"]
    assert changes[2].detail["changed"] == ["status"]


def test_a_clock_that_was_put_back_takes_no_version_away(engine: Engine) -> None:
    """The newest version is in force whatever its time; at a past time, the newest of those made by then."""
    with acting(engine, "officer", NOW + 60) as act:
        register_resource(act, read_entry(information_resource()), "saat irəlidə")
    with acting(engine, "officer", NOW) as act:
        change_resource(act, read_entry(information_resource(purpose="yeni")), "saat düzəldi")
    with reading(engine) as session:
        assert get_resource(session, "DIN/Yollar").number == 2
        assert get_resource(session, "DIN/Yollar", as_of=NOW).number == 2
        assert get_resource(session, "DIN/Yollar", as_of=NOW + 90).number == 2


# Times in microseconds, close together, so that boundaries are met.
moments = st.lists(st.integers(0, 12), min_size=1, max_size=8, unique=True).map(sorted)
bases = st.integers(0, 4_000_000_000_000_000)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(base=bases, made=moments)
def test_any_past_state_is_right_to_the_microsecond(engine: Engine, base: int, made: list[int]) -> None:
    """A version is in force from its own microsecond, and not one before."""
    with acting(engine, "officer", NOW) as act:
        act.session.execute(delete(ResourceVersionRow))
    for number, moment in enumerate(made, 1):
        with acting(engine, "officer", (base + moment) / 1e6) as act:
            entry = read_entry(information_resource(subjects=number))
            (register_resource if number == 1 else change_resource)(act, entry, "x")
    with reading(engine) as session:
        for moment in range(-1 if base else 0, 14):
            expected = sum(1 for one in made if one <= moment)
            as_of = (base + moment) / 1e6
            listed = list(list_resources(session, as_of))
            assert [one.number for one in listed] == ([expected] if expected else [])
            if expected:
                found = get_resource(session, "DIN/Yollar", as_of=as_of)
                assert (found.number, found.entry.subjects) == (expected, expected)
                assert [found] == listed
            else:
                with pytest.raises(NotFound):
                    get_resource(session, "DIN/Yollar", as_of=as_of)
