"""A provider that fails again and again gets a pause: refused at once, and asked again after it."""

import socket
from collections.abc import Callable

from support.place import Place
from support.way import Asker, expect_person, expect_refusal, granted

from esb.kernel import rules
from esb.kernel.soap import SoapVersion
from esb.registry.database import reading
from esb.registry.mailbox import list_mailbox
from esb.registry.notices import Topic
from esb.registry.services import update_service


def test_it_is_left_alone_for_a_while(own_place: Callable[..., Place]) -> None:
    place = own_place(SHLUZ_BREAKER_FAILURES="2", SHLUZ_BREAKER_PAUSE_SECONDS="0.6", SHLUZ_REGISTRY_POLL_SECONDS="0.3")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with place.serve():
        asker = Asker(place)
        service = granted(place, "DIN/IAMAS/Tired/v1", endpoint=closed)
        for version in SoapVersion:
            exchange = asker.ask(version=version, service=service)
            expect_refusal(exchange, rules.PRV_CONNECT, consumer="EESMN", after_record=True)
        for version in SoapVersion:
            exchange = asker.ask(version=version, service=service)
            recorded = len(exchange.records) == 2
            reply = expect_refusal(exchange, rules.PRV_BREAKER, consumer="EESMN", after_record=recorded)
            assert int(reply.headers["retry-after"]) >= 1
        # Whom it touches is told, once, by the bus itself.
        told: list[Topic] = []
        deadline = place.clock.monotonic() + 20
        while not told:
            assert place.clock.monotonic() < deadline, "no outage was told"
            with reading(place.engine) as session:
                told = [one.topic for one in list_mailbox(session, "EESMN") if one.about == f"service:{service}"]
        assert told == [Topic.OUTAGE]
        # Others are not the worse for it.
        expect_person(asker.ask())
        with place.acting() as act:
            update_service(act, service, endpoint=place.provider.url)
        place.settle()
        deadline = place.clock.monotonic() + 10
        while (exchange := asker.ask(service=service)).reply.rule == "PRV-05":
            assert place.clock.monotonic() < deadline
        expect_person(exchange)
