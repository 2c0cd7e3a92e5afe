"""The place holds every member, service and grant of the month, on contracts that stood the check."""

from pathlib import Path

import pytest

from esb.admin.home import HomeError
from esb.bench.month.place import Place, make_place
from esb.bench.month.provider import path_of
from esb.registry.certificates import list_certificates
from esb.registry.database import open_database, reading
from esb.registry.grants import list_grants
from esb.registry.members import list_members
from esb.registry.services import list_services
from esb.sample.consumers import consumers_of
from esb.sample.mix import Month


def _endpoint(service: object) -> str:
    return "http://127.0.0.1:9/x"


@pytest.fixture(scope="module")
def place(small_month: Month, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(
        tmp_path_factory.mktemp("place") / "home", small_month, lambda service: f"http://127.0.0.1:9{path_of(service)}"
    )


def test_everything_is_registered(place: Place, small_month: Month) -> None:
    engine = open_database(place.settings.registry.url)
    try:
        with reading(engine) as session:
            members = {row.code: row.name_az for row in list_members(session)}
            services = {row.name: row for row in list_services(session)}
            grants = {(row.consumer, row.service.name) for row in list_grants(session)}
            owners = [row.owner for row in list_certificates(session)]
    finally:
        engine.dispose()
    assert members == {agency.code: agency.name_az for agency in small_month.agencies}
    assert set(services) == {service.id for service in small_month.services}
    assert grants == {(each.consumer, each.service.id) for each in consumers_of(small_month)}
    assert sorted(str(owner) for owner in owners) == sorted(members)
    assert len({row.contract for row in services.values()}) == len(services)
    assert all(row.endpoint == f"http://127.0.0.1:9/EXIDMET/{row.code}" for row in services.values())


def test_each_agencys_certificate_is_for_its_key(place: Place, small_month: Month) -> None:
    assert set(place.parties) == {agency.code for agency in small_month.agencies}
    for party in place.parties.values():
        assert party.certificate.public_key() == party.key.public_key()


def test_a_folder_in_use_is_left_alone(small_month: Month, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(HomeError, match="not empty"):
        make_place(tmp_path, small_month, _endpoint)
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]
