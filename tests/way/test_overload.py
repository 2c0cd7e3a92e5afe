"""Overloaded (BUS-02): more than the bus can finish is refused at once, before work was done."""

import threading
from collections.abc import Callable

from support.place import Place
from support.provider import Delivered, Given, persons
from support.way import Asker, Exchange, expect_person, expect_refusal, granted

from esb.kernel import rules
from esb.kernel.soap import SoapVersion


class Held:
    """A provider that holds what it was asked until it is let go."""

    def __init__(self, place: Place) -> None:
        self.arrived, self.released = threading.Semaphore(0), threading.Event()
        place.provider.answer = self.answer

    def answer(self, request: Delivered) -> Given:
        self.arrived.release()
        self.released.wait(20)
        return persons(request)


def in_thread(work: Callable[[], Exchange]) -> tuple[threading.Thread, list[Exchange]]:
    results: list[Exchange] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    return thread, results


def test_the_bus_as_a_whole(own_place: Callable[..., Place]) -> None:
    place = own_place(SHLUZ_LOAD_MAX_IN_FLIGHT="1", SHLUZ_LOAD_PER_SERVICE_IN_FLIGHT="1")
    with place.serve():
        asker, held = Asker(place), Held(place)
        thread, first = in_thread(asker.ask)
        try:
            assert held.arrived.acquire(timeout=10)
            for version in SoapVersion:
                exchange = asker.ask(version=version)
                reply = expect_refusal(exchange, rules.BUS_LOAD, consumer=exchange.records[-1].entry.consumer)
                assert int(reply.headers["retry-after"]) >= 1
                assert reply.text("//exch:retryable") == "after"
        finally:
            held.released.set()
            thread.join(10)
        assert first[0].reply.status == 200
        place.provider.reset()
        expect_person(asker.ask())


def test_one_slow_service_does_not_take_the_others_share(own_place: Callable[..., Place]) -> None:
    place = own_place(SHLUZ_LOAD_PER_SERVICE_IN_FLIGHT="1")
    with place.serve():
        asker = Asker(place)
        other = granted(place, "DIN/IAMAS/Other/v1")
        held = Held(place)
        thread, first = in_thread(asker.ask)
        try:
            assert held.arrived.acquire(timeout=10)
            exchange = asker.ask()
            expect_refusal(exchange, rules.BUS_LOAD, consumer=exchange.records[-1].entry.consumer)
            place.provider.answer = persons
            expect_person(asker.ask(service=other))
        finally:
            held.released.set()
            thread.join(10)
        assert first[0].reply.status == 200
