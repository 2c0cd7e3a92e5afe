"""The end of a bus of several workers: in order at the first signal, and at once at the second."""

import http.client
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from support.client import Reply, post
from support.place import PERSONS, Place
from support.pressure import Pressure
from support.provider import Delivered, Given, persons
from support.way import path_of

from esb.audit.entry import Kind
from esb.registry.services import update_service


def test_under_load_what_was_begun_is_answered_and_on_record(make_own: Callable[..., Place]) -> None:
    place = make_own()
    with place.acting() as act:
        update_service(act, PERSONS, timeout=30.0)  # however slow the load is on a busy machine
    arrived, released = threading.Event(), threading.Event()

    def slow(request: Delivered) -> Given:
        if not arrived.is_set():  # the first
            arrived.set()
            released.wait(20)
        return persons(request)

    place.provider.answer = slow
    begun: list[Reply] = []
    message = place.consumers["EESMN"].sign()
    with place.serve(workers=2):
        bus = place.bus
        assert bus is not None
        asking = threading.Thread(target=lambda: begun.append(post(place.port, path_of(PERSONS), message)))
        asking.start()
        assert arrived.wait(10)
        with Pressure(place, place.consumers["EESMN"], threads=4, pause=0.01) as pressure:
            pressure.wait_for(20)
            # As a service manager does that tells every process of the service: it is no second signal to anybody.
            for pid in (*bus.workers().values(), bus.pid):
                os.kill(pid, signal.SIGTERM)
            bus.wait_for("stopping", 3)
            time.sleep(0.5)
            released.set()
            asking.join(20)
            assert bus.process.wait(30) == 0
    assert {(reply.status, reply.rule) for reply in pressure.answers} <= {(200, ""), (503, "BUS-04")}
    good = [reply for reply in pressure.answers if reply.status == 200]
    assert len(good) >= 10
    for reply in [*good, *(each for each in begun if each.status == 200)]:
        assert [one.entry.kind for one in place.records(reply.exchange)] == [Kind.REQUEST, Kind.ANSWER]
    assert [reply.status for reply in begun] == [200]


def test_a_second_signal_ends_it_at_once(make_own: Callable[..., Place]) -> None:
    place = make_own(SHLUZ_DOOR_DRAIN_SECONDS="3600")
    arrived, released = threading.Event(), threading.Event()

    def never(request: Delivered) -> Given:
        arrived.set()
        released.wait(60)
        return persons(request)

    place.provider.answer = never

    def ask() -> None:
        with suppress(OSError, http.client.HTTPException):
            post(place.port, path_of(PERSONS), place.consumers["EESMN"].sign())

    with place.serve(workers=1):
        bus = place.bus
        assert bus is not None
        asking = threading.Thread(target=ask)
        asking.start()
        assert arrived.wait(10)
        bus.signal(signal.SIGINT)
        bus.wait_for("stopping", 2)
        assert bus.process.poll() is None
        bus.signal(signal.SIGINT)
        assert bus.process.wait(30) == 0
        released.set()
        asking.join(30)
    # What was accepted stays on record, though nobody was answered.
    assert place.last_record().entry.kind in (Kind.REQUEST, Kind.REFUSAL)
