"""The national sample on both databases: whole, and the same each time."""

from collections import Counter
from typing import Any

from esb.registry.acts import list_changes
from esb.registry.database import open_database, reading
from esb.registry.grants import list_grants
from esb.registry.members import list_members, list_systems
from esb.registry.services import list_services
from esb.sample.load import load_sample
from esb.sample.published import read_published

NOW = 1_790_000_000.0
_FIRST: list[Any] = []


def test_it_is_the_published_state_and_the_same_on_every_database(database_url: str) -> None:
    engine = open_database(database_url)
    try:
        load_sample(engine, author="operator", now=NOW)
        with reading(engine) as session:
            changes = [(row.number, row.act, row.kind, row.key, row.detail) for row in list_changes(session, 0, 9_999)]
            members = {row.code: row for row in list_members(session)}
            systems = list_systems(session)
            services = {row.name.text: row.contract for row in list_services(session)}
            grants = list_grants(session)
    finally:
        engine.dispose()
    published = read_published()
    assert {code: (row.name_az, row.name_en) for code, row in members.items()} == {
        agency.code: (agency.name_az, agency.name_en) for agency in published.agencies
    }
    assert Counter(name.partition("/")[0] for name in services) == {
        agency.code: agency.services for agency in published.agencies
    }
    assert (len(members), len(systems), len(services), len(grants)) == (43, 237, 277, 831)
    assert len(set(services.values())) == 277
    numbers = [row.voen for row in members.values()]
    assert len(set(numbers)) == 43
    assert all(number is not None and number.startswith("99") and number.isdigit() for number in numbers)
    # Every grant has a purpose, a ground and a beginning; a third is a system's, which tells its officer.
    assert {row.valid_from for row in grants} == {1_422_748_800.0}
    assert sum(row.consumer_system is not None and "officer" in row.required_fields for row in grants) == 277
    # Not only alike: the same numbers, digests and details, whatever the database.
    if _FIRST:
        assert changes == _FIRST
    _FIRST[:] = changes
