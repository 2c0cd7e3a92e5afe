"""CertificateExpired: told apart from revoked and unknown."""

from collections.abc import Callable

from support.client import Consumer
from support.place import Place, cached_key
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

DAY = 86_400


def test_the_day_after(asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]) -> None:
    code = place.member(fresh_name(), enrol=False).code
    key = cached_key("p256")
    brief = Consumer(code, key, place.enrol(code, key, days=1))
    place.grant(code)
    place.settle()
    expect_person(asker.ask(brief, version=version))
    place.clock.shift = 1.5 * DAY
    exchange = asker.ask(brief, version=version)
    expect_refusal(exchange, rules.CRT_EXPIRED, consumer=exchange.records[-1].entry.consumer)
