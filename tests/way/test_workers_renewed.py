"""SIGHUP renews the workers: new processes with the configuration of that time, and nobody is refused meanwhile."""

import signal
import time
from collections.abc import Callable

from support.place import PERSONS, Place
from support.pressure import Pressure
from support.way import MEDIA, path_of

from esb.audit.entry import Kind
from esb.kernel.soap import SoapVersion
from esb.registry.services import update_service


def test_under_load_no_connection_is_refused_and_no_exchange_fails(crew: Place) -> None:
    bus = crew.bus
    assert bus is not None
    # New workers start beside the provider, which must not be too late by that.
    with crew.acting() as act:
        update_service(act, PERSONS, timeout=20.0)
    crew.settle()
    before, times = bus.workers(), len(bus.of("restarted"))
    with Pressure(crew, crew.consumers["EESMN"], threads=4) as pressure:
        pressure.wait_for(40)
        bus.signal(signal.SIGHUP)
        bus.wait_for("restarted", times + 1)
        pressure.wait_for(40)
    assert pressure.failures == []
    assert {reply.status for reply in pressure.answers} == {200}
    assert not set(before.values()) & set(bus.workers().values())
    # Those that keep their connections were told to open new ones.
    assert pressure.closed >= 1
    for reply in pressure.answers[::10]:
        assert [one.entry.kind for one in crew.records(reply.exchange)] == [Kind.REQUEST, Kind.ANSWER]
    bus.wait(lambda: sum(line["pid"] in before.values() for line in bus.of("worker ended")) == 2, "the old ones' end")
    assert {line["ended"] for line in bus.of("worker ended") if line["pid"] in before.values()} == {"exit code 0"}


def test_a_connection_that_was_silent_meanwhile_is_good_for_one_more_request(crew: Place) -> None:
    """Its client cannot know that the process behind it has a successor."""
    bus = crew.bus
    assert bus is not None
    times = len(bus.of("restarted"))
    kept = bus.connect_to_each()
    bus.signal(signal.SIGHUP)
    bus.wait_for("restarted", times + 1)
    time.sleep(1.0)
    for connection in kept.values():
        connection.request(
            "POST", path_of(PERSONS), crew.consumers["EESMN"].sign(), {"Content-Type": MEDIA[SoapVersion.V11]}
        )
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("connection")) == (200, "close")
        assert answer.read()


def test_a_broken_configuration_leaves_the_workers_as_they_are(crew: Place) -> None:
    bus = crew.bus
    assert bus is not None
    before, file = bus.workers(), crew.home.path / "esb.toml"
    good = file.read_text(encoding="utf-8") if file.exists() else ""
    file.write_text(good + '\n[time]\nwindow_seconds = "a while"\n', encoding="utf-8")
    try:
        with Pressure(crew, crew.consumers["EESMN"], threads=2, pause=0.02) as pressure:
            bus.signal(signal.SIGHUP)
            told = bus.wait(
                lambda: next((x for x in bus.lines if x["event"].startswith("restart broken off")), None), "why"
            )
            pressure.wait_for(10)
    finally:
        file.write_text(good, encoding="utf-8")
    assert "time.window_seconds" in told["reason"]
    assert told["level"] == "error"
    assert told["not_renewed"] == 2
    assert bus.workers() == before
    assert pressure.failures == []
    assert {reply.status for reply in pressure.answers} == {200}


def test_a_new_configuration_counts_from_then_on(make_own: Callable[..., Place]) -> None:
    """One worker is enough for it."""
    place = make_own()
    with place.serve(workers=1):
        bus = place.bus
        assert bus is not None
        kept = bus.connect_to_each()[0]
        (place.home.path / "esb.toml").write_text("[door]\nbody_bytes = 2000\n", encoding="utf-8")
        assert _ask(kept, place) == (200, "")
        bus.signal(signal.SIGHUP)
        bus.wait_for("restarted")
        fresh = bus.connect_to_each()[0]
        assert _ask(fresh, place) == (413, "MSG-04")
    assert bus.process.returncode == 0


def _ask(connection: object, place: Place) -> tuple[int, str]:
    from support.client import Reply

    connection.request(  # type: ignore[attr-defined]
        "POST", path_of(PERSONS), place.consumers["EESMN"].sign(), {"Content-Type": MEDIA[SoapVersion.V11]}
    )
    answer = connection.getresponse()  # type: ignore[attr-defined]
    reply = Reply(answer.status, {}, answer.read())
    return reply.status, reply.rule
