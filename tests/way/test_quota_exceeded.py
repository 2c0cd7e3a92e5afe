"""QuotaExceeded: 429 in both SOAP versions, with the time after which asking makes sense."""

import time
from collections.abc import Callable

from support.place import Place
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

DAY = 86_400


def test_per_second(asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]) -> None:
    consumer = place.member(fresh_name())
    place.grant(consumer.code, per_second=2)
    place.settle()
    place.clock.stopped = float(int(time.time())) + 0.25
    for _ in range(2):
        expect_person(asker.ask(consumer, version=version))
    reply = expect_refusal(asker.ask(consumer, version=version), rules.ACC_QUOTA_SECOND, consumer=consumer.code)
    assert int(reply.headers["retry-after"]) == 1
    assert reply.text("//exch:retryable") == "after"
    place.clock.stopped += 1
    expect_person(asker.ask(consumer, version=version))


def test_per_day(asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]) -> None:
    consumer = place.member(fresh_name())
    place.grant(consumer.code, per_day=2, valid_from=time.time() - 3 * DAY)
    place.settle()
    # An hour before tomorrow's midnight UTC: within the life of certificates and lists, whatever the hour is now.
    midnight = int(time.time()) // DAY * DAY + 2 * DAY
    place.clock.stopped = float(midnight - 3600)
    for _ in range(2):
        expect_person(asker.ask(consumer, version=version))
        place.clock.stopped += 10
    reply = expect_refusal(asker.ask(consumer, version=version), rules.ACC_QUOTA_DAY, consumer=consumer.code)
    assert 0 < int(reply.headers["retry-after"]) <= 3600
    place.clock.stopped = float(midnight + 1)
    expect_person(asker.ask(consumer, version=version))


def test_what_was_refused_does_not_count(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]
) -> None:
    consumer = place.member(fresh_name())
    place.grant(consumer.code, per_day=1)
    place.settle()
    bad = b'<p:GetPerson xmlns:p="urn:example:person"><p:nif>5ABC123</p:nif></p:GetPerson>'
    for _ in range(3):
        expect_refusal(asker.ask(consumer, bad, version), rules.SCH_REQUEST, consumer=consumer.code)
    expect_person(asker.ask(consumer, version=version))


def test_each_grant_has_its_own(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]
) -> None:
    one, other = place.member(fresh_name()), place.member(fresh_name())
    for consumer in (one, other):
        place.grant(consumer.code, per_day=1)
    place.settle()
    expect_person(asker.ask(one, version=version))
    expect_refusal(asker.ask(one, version=version), rules.ACC_QUOTA_DAY, consumer=one.code)
    expect_person(asker.ask(other, version=version))


def test_the_days_count_goes_on_after_a_restart(own_place: Callable[..., Place]) -> None:
    place = own_place()
    consumer = place.member("LIMITED")
    place.grant("LIMITED", per_day=1)
    with place.serve():
        expect_person(Asker(place).ask(consumer))
    with place.serve():
        expect_refusal(Asker(place).ask(consumer), rules.ACC_QUOTA_DAY, consumer="LIMITED")
