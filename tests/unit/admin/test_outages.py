"""What an outage is told of; how it is told on both databases is in tests/contract/test_outages_told.py."""

from dataclasses import replace
from typing import Any

import pytest
from support.rig import Rig

from esb.admin.outages import endpoints_of, subjects_of
from esb.kernel.directory import Directory, Maintenance, ServiceStatus
from esb.kernel.names import ServiceId

HERE, THERE = "https://here.example/", "https://there.example/"
NOW = 1_000.0


def directory(*services: tuple[str, str], **more: Any) -> Directory:
    rig = Rig()
    made = [replace(rig.service, id=ServiceId.parse(name), endpoint=endpoint) for name, endpoint in services]
    return replace(rig.way.directory, services={one.id.path: one for one in made}, **more)


BOTH = ("DIN/A/One/v1", "DIN/A/Two/v1")


@pytest.mark.parametrize(
    ("services", "subjects"),
    [
        ([(BOTH[0], HERE), (BOTH[1], HERE)], ["member:DIN"]),
        ([(BOTH[0], HERE), (BOTH[1], THERE)], [f"service:{BOTH[0]}"]),
        ([(BOTH[0], HERE)], [f"service:{BOTH[0]}"]),
        ([(BOTH[0], HERE), ("VN/A/One/v1", HERE)], [f"service:{BOTH[0]}", "service:VN/A/One/v1"]),
        ([(BOTH[0], THERE)], []),
    ],
)
def test_an_outage_is_of_each_service_there_or_of_all_that_a_member_has(
    services: list[tuple[str, str]], subjects: list[str]
) -> None:
    assert subjects_of(directory(*services), HERE, NOW) == subjects


def test_a_service_that_the_bus_hosts_itself_has_no_provider() -> None:
    assert subjects_of(directory((BOTH[0], "")), "", NOW) == []


def test_what_is_under_announced_maintenance_or_suspended_is_told_already() -> None:
    announced = Maintenance("DIN", frozenset({BOTH[0]}), NOW - 1, NOW + 1)
    services = [(BOTH[0], HERE), (BOTH[1], HERE)]
    assert subjects_of(directory(*services, maintenance=(announced,)), HERE, NOW) == [f"service:{BOTH[1]}"]
    assert subjects_of(directory(*services, maintenance=(announced,)), HERE, NOW + 1) == ["member:DIN"]
    active = directory((BOTH[0], HERE))
    stopped = {path: replace(one, status=ServiceStatus.SUSPENDED) for path, one in active.services.items()}
    assert subjects_of(replace(active, services=stopped), HERE, NOW) == []


def test_where_it_is_that_is_out() -> None:
    found = directory((BOTH[0], HERE), (BOTH[1], THERE), ("VN/A/One/v1", ""))
    assert endpoints_of(found, "member:DIN") == {HERE, THERE}
    assert endpoints_of(found, f"service:{BOTH[1]}") == {THERE}
    assert endpoints_of(found, "member:VN") == frozenset()
