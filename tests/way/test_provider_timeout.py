"""ProviderTimeout: 504 when the resource's time is over, however slowly the provider goes on."""

import threading
from collections.abc import Callable

from support.place import Place
from support.provider import Delivered, Given, persons
from support.way import Asker, expect_person, expect_refusal, granted

from esb.kernel import rules
from esb.kernel.soap import SoapVersion


def test_a_provider_that_says_nothing(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]
) -> None:
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1", timeout=0.3)
    released = threading.Event()

    def wait(request: Delivered) -> Given:
        released.wait(10)
        return persons(request)

    place.provider.answer = wait
    try:
        exchange = asker.ask(version=version, service=service)
        reply = expect_refusal(exchange, rules.PRV_TIMEOUT, consumer="EESMN", after_record=True)
    finally:
        released.set()
    assert reply.text("//exch:retryable") == "no", "the provider may have acted"
    assert len(exchange.delivered) == 1
    place.provider.reset()
    expect_person(asker.ask(version=version))
