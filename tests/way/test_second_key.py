"""A bus with a second, RSA key beside its P-256 one: who signs with RSA reads answers and faults signed with RSA;
everybody else, and every provider, sees the first key alone."""

from collections.abc import Callable, Iterator

import pytest
from cryptography import x509
from support.client import Consumer, Reply, verify_with_xmlsec
from support.place import SECOND_KEY, Place
from support.way import Asker, Exchange

from esb.kernel import rules
from esb.kernel.faults import Rule
from esb.kernel.soap import SoapVersion


@pytest.fixture(scope="module")
def two_keys(make_own: Callable[..., Place]) -> Iterator[Place]:
    place = make_own(**SECOND_KEY)
    place.make_second_key()
    place.member("RSA", "rsa2048")
    place.grant("RSA")
    with place.serve():
        yield place


@pytest.fixture
def asker(two_keys: Place) -> Asker:
    two_keys.provider.reset()
    return Asker(two_keys)


@pytest.fixture(params=["EESMN", "RSA"])
def consumer(request: pytest.FixtureRequest, two_keys: Place) -> Consumer:
    return two_keys.consumers[request.param]


def fitting(place: Place, consumer: Consumer) -> x509.Certificate:
    return place.second_certificate if consumer.code == "RSA" else place.bus_certificate


def expect(exchange: Exchange, certificate: x509.Certificate, rule: Rule | None = None) -> None:
    """Signed with this certificate's key, and cited rule."""
    assert verify_with_xmlsec(exchange.reply, certificate) >= {"Body", "Timestamp", "Receipt"}
    assert exchange.reply.rule == ("" if rule is None else rule.id)
    assert len(exchange.delivered) == (rule is None)


def test_an_answer(asker: Asker, two_keys: Place, consumer: Consumer, version: SoapVersion) -> None:
    exchange = asker.ask(consumer, version=version)
    expect(exchange, fitting(two_keys, consumer))
    delivered = Reply(200, {}, exchange.delivered[0].body)
    assert "Body" in verify_with_xmlsec(delivered, two_keys.bus_certificate), "providers see the first key alone"


def test_a_refusal_after_the_signature_was_verified(
    asker: Asker, two_keys: Place, consumer: Consumer, version: SoapVersion
) -> None:
    body = b'<p:GetPerson xmlns:p="urn:example:person"><p:fin>x</p:fin></p:GetPerson>'
    expect(asker.ask(consumer, body, version), fitting(two_keys, consumer), rules.SCH_REQUEST)
    expect(asker.ask(consumer, version=version, created=1.0), fitting(two_keys, consumer), rules.TIM_OLD)


def test_a_refusal_of_a_signature_is_signed_as_that_one_claims(
    asker: Asker, two_keys: Place, consumer: Consumer, version: SoapVersion
) -> None:
    """A stack that begins with SHA-1 must be able to verify the fault which says so."""
    message = consumer.sign(version=version)
    altered = message.replace(b"5ABC123", b"5ABC124")
    expect(asker.send(altered, version), fitting(two_keys, consumer), rules.SIG_DIGEST)
    weak = message.replace(b'-sha256"></ds:SignatureMethod>', b'-sha1"></ds:SignatureMethod>')
    assert weak != message
    expect(asker.send(weak, version), fitting(two_keys, consumer), rules.SIG_ALGORITHM)
    both = message.decode().encode("utf-16").replace("5ABC123".encode("utf-16")[2:], "5ABC124".encode("utf-16")[2:])
    media = {SoapVersion.V11: "text/xml; charset=utf-16", SoapVersion.V12: "application/soap+xml; charset=utf-16"}
    expect(asker.send(both, version, media=media[version]), fitting(two_keys, consumer), rules.SIG_DIGEST)


def test_what_claims_nothing_is_answered_with_the_first_key(
    asker: Asker, two_keys: Place, version: SoapVersion
) -> None:
    message = two_keys.consumers["RSA"].sign(version=version)
    unsigned = f'<s:Envelope xmlns:s="{version.value}"><s:Body/></s:Envelope>'.encode()
    expect(asker.send(unsigned, version), two_keys.bus_certificate, rules.SIG_PRESENT)
    expect(asker.send(message[:-3], version), two_keys.bus_certificate, rules.XML_WELL_FORMED)
