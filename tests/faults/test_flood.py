"""Five times what the bus can carry: queues and memory are bounded, the excess refused at once; then all is well."""

import time
from collections.abc import Callable

import pytest
from support.faults.flood import Flood
from support.faults.processes import PATIENCE
from support.faults.scene import Scene

_MIB = 1024 * 1024


def expect_bounded(flood: Flood) -> None:
    """Everybody was answered, or refused with a signed 503 that says when to come back."""
    counts = flood.counts
    assert counts["answered"] + counts["refused"] + counts["not asked"] == len_of(flood)
    assert {name for name in counts if name[:3].isdigit()} <= {"503 BUS-02"}, counts
    assert counts["without Retry-After"] == 0
    assert counts["refused"], f"no excess: {counts}"
    assert flood.slowest_refusal < PATIENCE


def len_of(flood: Flood) -> int:
    counts = flood.counts
    return counts["sent"] + counts["not asked"]


def expect_calm(scene: Scene) -> None:
    """A good question passes within the time that is allowed, and at the usual speed from then on."""
    scene.well()
    began = time.monotonic()
    for _ in range(5):
        assert scene.ask()["status"] == 200
    assert time.monotonic() - began < PATIENCE
    scene.expect_sound()


def test_five_times_what_a_provider_can_do(play: Callable[..., Scene], full: bool) -> None:
    """The provider does twenty a second.  It is not overrun, and the bus keeps no more waiting than it may."""
    scene = play(
        timeout=30.0,
        environment={
            "SHLUZ_PROVIDER_CONNECTIONS_PER_HOST": "4",
            "SHLUZ_LOAD_MAX_IN_FLIGHT": "64",
            "SHLUZ_LOAD_PER_SERVICE_IN_FLIGHT": "24",
        },
    )
    scene.provider.behave("slow", 0.2)
    assert scene.ask()["status"] == 200
    before = scene.bus.memory
    flood = scene.flood(1000 if full else 400, rate=100, connections=300).run()
    expect_bounded(flood)
    assert flood.counts["503 BUS-02"] >= len_of(flood) // 2
    # Of those that were let in none was refused later on: that is what the bounds are for.
    assert flood.counts["answered"] >= 4 / 0.2 * flood.seconds / 4
    told = scene.provider.most()
    assert told["most_busy"] <= 4
    assert told["most_open"] <= 4
    assert scene.bus.memory - before < 128 * _MIB
    scene.provider.behave("good")
    expect_calm(scene)


def test_whoever_finds_no_connection_to_the_provider_is_told_when_to_come_back(play: Callable[..., Scene]) -> None:
    limits = {"SHLUZ_PROVIDER_CONNECTIONS_PER_HOST": "1", "SHLUZ_PROVIDER_WAITING_PER_HOST": "1"}
    scene = play(timeout=5.0, environment=limits)
    scene.provider.behave("slow", 0.3)
    flood = scene.flood(10, rate=0, connections=10).run()
    assert flood.counts["503 BUS-02"]
    assert flood.counts["without Retry-After"] == 0


@pytest.mark.timeout(600)
def test_five_times_what_the_machine_can_do(play: Callable[..., Scene], full: bool) -> None:
    """No provider holds anything up here: the bus's own processor is what there is too little of."""
    scene = play(
        environment={"SHLUZ_LOAD_MAX_IN_FLIGHT": "64", "SHLUZ_LOAD_PER_SERVICE_IN_FLIGHT": "48"}, every=10, timeout=30.0
    )
    measured = scene.flood(400, rate=0, connections=16).run()
    assert measured.counts["answered"] == 400
    carried = 400 / measured.seconds
    before = scene.bus.memory
    flood = scene.flood(int(carried * 5 * (10 if full else 2)), rate=carried * 5, connections=600).run()
    expect_bounded(flood)
    assert flood.counts["answered"] >= 50
    assert scene.bus.memory - before < 256 * _MIB
    expect_calm(scene)


def test_more_connections_than_the_door_has(play: Callable[..., Scene]) -> None:
    """The last ones in are told so before a message is read, so in plain HTTP; the next are cut."""
    scene = play(environment={"SHLUZ_DOOR_CONNECTIONS": "20"})
    scene.provider.behave("slow", 0.1)
    assert scene.ask()["status"] == 200
    flood = scene.flood(300, rate=0, connections=300).run()
    counts = flood.counts
    assert {name for name in counts if name[:3].isdigit()} == {"503"}, counts
    assert counts["without Retry-After"] == 0
    assert counts["turned away"]
    assert counts["answered"]
    assert counts["hung"] == 0
    scene.provider.behave("good")
    expect_calm(scene)
