"""CertificateNotYetValid: certified for a time that has not begun."""

import time
from collections.abc import Callable

from support.client import Consumer
from support.place import Place, cached_key
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

DAY = 86_400


def test_the_day_before(asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]) -> None:
    code = place.member(fresh_name(), enrol=False).code
    key = cached_key("p256")
    early = Consumer(code, key, place.enrol(code, key, now=time.time() + DAY))
    place.grant(code)
    place.settle()
    exchange = asker.ask(early, version=version)
    expect_refusal(exchange, rules.CRT_EARLY, consumer=exchange.records[-1].entry.consumer)
    place.clock.shift = 1.5 * DAY
    expect_person(asker.ask(early, version=version))
