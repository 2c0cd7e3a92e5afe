"""Errands: one process of all does them, and another goes on when it is gone."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine

from esb.admin.errands import LEASE, LEASE_SECONDS, Errands, announce_due
from esb.admin.postman import Delivered
from esb.kernel.clock import ManualClock
from esb.registry.acts import acting
from esb.registry.channels import add_channel
from esb.registry.database import open_database
from esb.registry.errors import RegistryUnavailable
from esb.registry.leases import take_lease
from esb.registry.notice_models import ChannelKind
from esb.registry.notices import OPERATOR
from esb.registry.outbox import claim


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    engine = open_database(sqlite_database)
    yield engine
    engine.dispose()


class Party:
    """One process's errands, with a postman that only counts."""

    def __init__(self, engine: Engine, clock: ManualClock, name: str, every: float = 3_600.0) -> None:
        self.delivered = 0
        self.announced: list[float] = []
        self.said: list[str] = []
        man: Any = SimpleNamespace(holder=name, deliver=self._deliver)
        self.errands = Errands(
            engine, man, {"ends": self._announce}, clock, every, lambda text, **_: self.said.append(text)
        )

    def _deliver(self, stop: Any) -> Delivered:
        self.delivered += 1
        return Delivered()

    def _announce(self, now: float) -> int:
        self.announced.append(now)
        return 0


def test_one_of_two_does_them(engine: Engine) -> None:
    clock = ManualClock(1_000.0)
    a, b = Party(engine, clock, "a"), Party(engine, clock, "b")
    for _ in range(10):
        a.errands.turn()
        b.errands.turn()
        clock.advance(1)
    assert (a.delivered, b.delivered) == (10, 0)
    assert len(a.announced) == 1, "not at every turn"
    assert a.said == ["this worker delivers notices"]


def test_another_takes_over_within_seconds(engine: Engine) -> None:
    clock = ManualClock(1_000.0)
    a, b = Party(engine, clock, "a"), Party(engine, clock, "b")
    a.errands.turn()
    b.errands.turn()
    seconds = 0
    while not b.errands.leads:  # a is dead and says nothing
        clock.advance(1)
        seconds += 1
        b.errands.turn()
    assert seconds <= LEASE_SECONDS + 3
    a.errands.turn()
    assert not a.errands.leads, "who comes back finds another at work"


def test_an_orderly_end_lets_another_begin_at_once(engine: Engine) -> None:
    clock = ManualClock(1_000.0)
    a = Party(engine, clock, "a")
    a.errands.start()
    for _ in range(400):
        if a.delivered:
            break
        import time

        time.sleep(0.01)
    assert a.delivered
    assert a.errands.stop(5)
    assert take_lease(engine, LEASE, "b", clock.now(), 6.0)


def test_what_is_due_is_announced_again_after_its_time(engine: Engine) -> None:
    clock = ManualClock(1_000.0)
    a = Party(engine, clock, "a", every=60)
    for _ in range(130):
        a.errands.turn()
        clock.advance(1)
    assert a.announced == [1_000.0, 1_060.0, 1_120.0]


def test_each_round_fails_alone(caplog: pytest.LogCaptureFixture) -> None:
    def away(now: float) -> int:
        raise RegistryUnavailable("the registry is away")

    def broken(now: float) -> int:
        raise ZeroDivisionError("5ABC123")

    said: list[dict[str, Any]] = []
    failed = announce_due(
        {"first": away, "second": broken, "third": lambda now: 3}, 5.0, lambda text, **facts: said.append(facts)
    )
    assert failed == {"first": "the registry is away", "second": "ZeroDivisionError"}
    assert said == [{"what": "third", "count": 3}]


def test_what_a_dead_worker_had_in_hand_is_sent_by_the_next_at_once(engine: Engine) -> None:
    clock = ManualClock(1_000.0)
    a, b = Party(engine, clock, "a"), Party(engine, clock, "b")
    a.errands.turn()
    with acting(engine, "officer", 1_000.0) as act:
        add_channel(act, OPERATOR, ChannelKind.MAIL, "duty@bus.example", "code")
    [parcel] = claim(engine, "a", clock.now(), 120)
    clock.advance(LEASE_SECONDS + 1)
    b.errands.turn()
    [again] = claim(engine, "b", clock.now(), 120)
    assert again.id == parcel.id
    clock.advance(LEASE_SECONDS / 2)
    b.errands.turn()
    assert claim(engine, "c", clock.now(), 120) == [], "what it has in hand itself stays its own"
