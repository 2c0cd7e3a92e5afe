"""An outage that the bus meets is told once by all its processes, and its end by whichever lives, on both databases."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import PlainCertificates
from sqlalchemy import Engine

from esb.admin.outages import STEADY_SECONDS, Outages
from esb.kernel.clock import ManualClock
from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.registry.acts import acting, find_changes
from esb.registry.contracts import put_contract
from esb.registry.database import open_database, reading
from esb.registry.grants import Leave, add_grant
from esb.registry.interruptions import announce_maintenance, tell_outage, tell_outage_over
from esb.registry.mailbox import list_mailbox
from esb.registry.members import add_member, add_system
from esb.registry.models import MemberKind
from esb.registry.notices import Topic
from esb.registry.services import Terms, add_service
from esb.registry.snapshot import build_directory
from esb.routing.breaker import Breaker

NOW = 1_790_000_000.0
SERVICE = ServiceId.parse("DIN/IAMAS/PersonQuery/v1")
ENDPOINT = "https://provider.example/"


class Process:
    """One process of a bus: a breaker of its own, and what tells of it."""

    def __init__(self, engine: Engine, plain: PlainCertificates, clock: ManualClock) -> None:
        self.engine, self.plain, self.clock = engine, plain, clock
        self.breaker = Breaker(3, 10.0)
        self.outages = Outages(engine, self.breaker, self.directory, clock)

    def directory(self) -> Any:
        with reading(self.engine) as session:
            return build_directory(session.connection(), self.plain.known, self.plain.index, self.clock.now())

    def fails(self) -> None:
        for _ in range(3):
            self.breaker.failed(ENDPOINT, self.clock.monotonic())

    def look(self) -> None:
        step = self.outages.look()
        if step is not None:
            step()


@pytest.fixture
def make(
    database_url: str, make_contract: Callable[..., Contract], plain_certificates: PlainCertificates
) -> Iterator[Any]:
    engine, clock = open_database(database_url), ManualClock(NOW)
    with acting(engine, "operator", NOW) as act:
        for code in ("DIN", "DSMF", "VN"):
            add_member(act, code, code, code, MemberKind.STATE)
        add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
        add_service(act, SERVICE, put_contract(act, b"packed", make_contract()), Terms(ENDPOINT))
        add_grant(act, "DSMF", SERVICE, Leave("p", "Law 1", NOW))
    yield SimpleNamespace(engine=engine, clock=clock, process=lambda: Process(engine, plain_certificates, clock))
    engine.dispose()


def told(make: Any, recipient: str = "DSMF") -> list[Topic]:
    with reading(make.engine) as session:
        return [letter.topic for letter in list_mailbox(session, recipient)]


def test_several_processes_tell_it_once_and_one_that_lives_tells_its_end(make: Any) -> None:
    first, second = make.process(), make.process()
    for one in (first, second):
        one.look()
        one.fails()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: one.look(), (first, second)))
    assert told(make) == told(make, "DIN") == [Topic.OUTAGE]
    assert told(make, "VN") == []
    with reading(make.engine) as session:
        [change] = find_changes(session, kind="outage")
    assert (change.act, change.author) == ("begin", "bus")

    # Both die.  A third one, which never saw the provider fail, reaches it.
    third = make.process()
    third.look()
    third.breaker.succeeded(ENDPOINT)
    third.look()
    assert told(make) == [Topic.OUTAGE], "it may come and go"
    make.clock.advance(STEADY_SECONDS)
    third.look()
    assert told(make) == [Topic.OUTAGE, Topic.OUTAGE_OVER]
    third.look()
    assert third.breaker.watched == frozenset()


def test_a_provider_that_comes_and_goes_is_told_of_once(make: Any) -> None:
    process = make.process()
    for _ in range(3):
        process.fails()
        process.look()
        process.breaker.succeeded(ENDPOINT)
        process.look()
        make.clock.advance(STEADY_SECONDS - 1)
    assert told(make) == [Topic.OUTAGE]
    process.look()
    make.clock.advance(1)
    process.look()
    assert told(make) == [Topic.OUTAGE, Topic.OUTAGE_OVER]


def test_what_an_officer_told_is_the_officers_to_end_and_maintenance_is_no_outage(make: Any) -> None:
    process = make.process()
    with acting(make.engine, "officer", NOW) as act:
        tell_outage(act, f"service:{SERVICE}", "power is out")
    process.fails()
    process.look()
    assert process.breaker.watched == frozenset()
    process.breaker.succeeded(ENDPOINT)
    process.look()
    make.clock.advance(STEADY_SECONDS)
    process.look()
    assert told(make) == [Topic.OUTAGE]
    with acting(make.engine, "officer", NOW) as act:
        announce_maintenance(act, "DIN", None, NOW, NOW + 3_600, "new disks")
    other = make.process()
    with acting(make.engine, "officer", NOW) as act:
        tell_outage_over(act, f"service:{SERVICE}")
    other.fails()
    other.look()
    assert told(make)[-1] is Topic.OUTAGE_OVER
