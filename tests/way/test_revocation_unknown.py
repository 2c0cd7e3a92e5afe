"""RevocationUnknown: the authority's list is older than its next update and the grace allow."""

from support.place import Place
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

DAY = 86_400


def test_past_the_lists_time_and_the_grace(asker: Asker, place: Place, version: SoapVersion) -> None:
    """The list is for seven days and the grace a day: after seven and a half it still counts, after nine no more."""
    place.clock.shift = 7.5 * DAY
    expect_person(asker.ask(version=version))
    place.clock.shift = 9 * DAY
    exchange = asker.ask(version=version)
    reply = expect_refusal(exchange, rules.CRT_REVOCATION_UNKNOWN, consumer=exchange.records[-1].entry.consumer)
    assert reply.text("//exch:retryable") == "after"
    place.clock.shift = 0
    expect_person(asker.ask(version=version))
