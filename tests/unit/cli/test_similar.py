"""`esb service similar` and the warning of `esb service add`."""

import json
from collections.abc import Callable

from click.testing import Result
from support.place import CONTRACTS

Run = Callable[..., Result]
WSDL = str(CONTRACTS / "person.wsdl")


def test_a_second_service_of_the_same_data_is_warned_of_and_found(office: Run) -> None:
    assert "Nothing registered" in office("service", "similar", "--wsdl", WSDL).stdout
    first = office("service", "add", "DIN/IAMAS/PersonQuery/v1", "--wsdl", WSDL)
    assert "something like it" not in first.stdout
    second = office("service", "add", "EESMN/EMAS/Persons/v1", "--wsdl", WSDL)
    assert second.exit_code == 0
    assert "something like it is registered already" in second.stdout
    assert "DIN/IAMAS/PersonQuery/v1" in second.stdout
    found = json.loads(office("service", "similar", "EESMN/EMAS/Persons/v1", "--json").stdout)
    assert [each["key"] for each in found] == ["DIN/IAMAS/PersonQuery/v1"]
    assert found[0]["reasons"]
    assert "born" in office("service", "similar", "DIN/IAMAS/PersonQuery/v1").stdout
    assert office("service", "similar").exit_code == 2
    assert office("resource", "similar", "DIN/NOTHING").exit_code == 1
