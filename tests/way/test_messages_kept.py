"""Of each message is kept what its service says, sealed."""

from collections.abc import Callable

from support.handmade import unsigned
from support.place import Place
from support.way import Asker, expect_person, granted

from esb.audit.entry import Kind
from esb.kernel.retention import day_text
from esb.registry.retentions import set_retention

_DAY = 86_400


def test_of_each_message_what_its_service_says(asker: Asker, place: Place, fresh_name: Callable[[], str]) -> None:
    wanted = {"full 10": "full ", "headers 20": "headers ", "digests": "digests"}
    services = {kept: granted(place, f"DIN/IAMAS/{fresh_name()}/v1") for kept in wanted}
    with place.acting() as act:
        for kept, service in services.items():
            set_retention(act, service, kept)
    place.settle()
    whole = {}
    for kept, service in services.items():
        exchange = asker.ask(service=service)
        reply = expect_person(exchange)
        whole[kept] = exchange.sent, reply.body
        request, answer = exchange.records
        assert (request.entry.kind, answer.entry.kind) == (Kind.REQUEST, Kind.ANSWER)
        days = {"full 10": 10, "headers 20": 20}.get(kept)
        until = "" if days is None else day_text(place.clock.now() + days * _DAY)
        assert request.entry.kept == answer.entry.kept == f"{wanted[kept]}{until}"
        received, sent = asker.bodies(request)[0], asker.bodies(answer)[1]
        if kept == "full 10":
            assert (received, sent) == whole[kept]
        elif kept == "digests":
            assert (received, sent) == (b"", b"")
        else:
            for cut, octets in ((received, exchange.sent), (sent, reply.body)):
                assert b"SignatureValue" in cut
                assert b"FIN" not in cut
                assert len(cut) < len(octets)


def test_no_file_of_the_home_holds_a_message(asker: Asker, place: Place) -> None:
    marker = b"marker-7f3a9b-not-to-be-found"
    (refusal,) = asker.send(unsigned().replace(b"</", b"<!--" + marker + b"--></", 1)).records
    assert marker in asker.bodies(refusal)[0]
    assert refusal.entry.kept == f"full {day_text(place.clock.now() + 365 * _DAY)}"
    for path in place.home.path.rglob("*"):
        if path.is_file():
            assert marker not in path.read_bytes(), path
