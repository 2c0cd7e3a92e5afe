"""The place holds every member, service and grant of the month, on contracts that stood the check."""

from dataclasses import replace
from pathlib import Path

import pytest

from esb.admin.home import HomeError
from esb.admin.services import ContractUnfit
from esb.bench.month.consumers import consumers_of
from esb.bench.month.mix import Month
from esb.bench.month.place import Place, check_together, make_place, read_contracts
from esb.bench.month.provider import path_of
from esb.registry.certificates import list_certificates
from esb.registry.database import open_database, reading
from esb.registry.grants import list_grants
from esb.registry.members import list_members
from esb.registry.services import list_services


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


def test_an_unfit_contract_among_fit_ones_is_found(small_month: Month) -> None:
    contracts = [contract for _, contract in read_contracts(small_month.services[:3], _endpoint)]
    check_together(contracts)
    name = contracts[1].schemas[0]
    spoilt = contracts[1].documents[name].replace(b'base="xs:date"', b'base="xs:nothing"')
    assert spoilt != contracts[1].documents[name]
    contracts[1] = replace(contracts[1], documents={**contracts[1].documents, name: spoilt})
    with pytest.raises(ContractUnfit, match="nothing"):
        check_together(contracts)
