"""ProviderFault: what comes back is no SOAP answer; nothing of it goes on to the consumer."""

from collections.abc import Callable

import pytest
from support.place import Place
from support.provider import PERSON, Delivered, Given, envelope11, envelope12
from support.way import MEDIA, Asker, expect_person, expect_refusal, granted

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

SECRETS = ("5ABC123", "Leyla", "inner-host-17")
ENVELOPE = {SoapVersion.V11: envelope11, SoapVersion.V12: envelope12}
Make = Callable[[SoapVersion], Given]


def soap(version: SoapVersion, change: Callable[[bytes], bytes], status: int = 200) -> Given:
    return Given(change(ENVELOPE[version](PERSON)), status, MEDIA[version])


ANSWERS: dict[str, Make] = {
    "an error page": lambda _: Given(b"<html>502 inner-host-17 5ABC123</html>", 502, "text/html"),
    "a page that looks well": lambda _: Given(b"<html>5ABC123</html>", 200, "text/html"),
    "nothing": lambda v: Given(b"", 200, MEDIA[v]),
    "an empty error": lambda v: Given(b"", 500, MEDIA[v]),
    "garbage": lambda v: Given(b"5ABC123\x00\xff", 200, MEDIA[v]),
    "other XML": lambda v: Given(b"<person>Leyla</person>", 200, MEDIA[v]),
    "a page under SOAP's media type": lambda v: Given(b"<html><body>Leyla</body></html>", 200, MEDIA[v]),
    "cut off": lambda v: soap(v, lambda text: text[:-5]),
    "two Bodies": lambda v: soap(v, lambda text: text.replace(b"</S:Envelope>", b"<S:Body/></S:Envelope>")),
    "two elements": lambda v: soap(v, lambda text: text.replace(b"</S:Body>", b"<x/></S:Body>")),
    "a DTD": lambda v: soap(v, lambda text: b'<!DOCTYPE x [<!ENTITY e "Leyla">]>' + text),
    "an instruction": lambda v: soap(v, lambda text: b"<?x Leyla?>" + text),
    "another charset": lambda v: Given(ENVELOPE[v](PERSON), 200, v.media_type + "; charset=utf-7"),
}


def answering(make: Make) -> Callable[[Delivered], Given]:
    return lambda request: make(SoapVersion.V12 if "soap+xml" in request.headers["content-type"] else SoapVersion.V11)


@pytest.mark.parametrize("kind", ANSWERS)
def test_it_is_refused_and_not_shown(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str], kind: str
) -> None:
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1")
    place.provider.answer = answering(ANSWERS[kind])
    exchange = asker.ask(version=version, service=service)
    reply = expect_refusal(exchange, rules.PRV_ANSWER, consumer="EESMN", after_record=True, secrets=SECRETS)
    assert not any(secret in reply.body.decode() for secret in SECRETS)
    assert len(exchange.delivered) == 1


@pytest.mark.parametrize("how", ["length", "chunks", "gzip"])
def test_an_answer_over_the_limit(own_place: Callable[..., Place], how: str) -> None:
    import gzip

    place = own_place(SHLUZ_PROVIDER_MAX_ANSWER_BYTES="20000")
    big = envelope11(PERSON.replace(b"Leyla", b"Leyla" * 10_000))

    def answer(_: Delivered) -> Given:
        if how == "length":
            return Given(big)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n"
        if how == "gzip":
            packed = gzip.compress(big, mtime=0)
            assert len(packed) < 20_000
            head += b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
            return Given(b"", raw=head + packed)
        return Given(b"", raw=head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(big) + big + b"\r\n0\r\n\r\n")

    place.provider.answer = answer
    with place.serve():
        exchange = Asker(place).ask()
        expect_refusal(exchange, rules.PRV_SIZE, consumer="EESMN", after_record=True, secrets=SECRETS)
        place.provider.reset()
        expect_person(Asker(place).ask())


def test_an_answer_in_the_other_soap_version(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]
) -> None:
    """A provider that speaks both may answer in the version it was asked in, and in no other."""
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1")
    other = {SoapVersion.V11: SoapVersion.V12, SoapVersion.V12: SoapVersion.V11}[version]
    place.provider.answer = lambda _: Given(ENVELOPE[other](PERSON), media=MEDIA[other])
    exchange = asker.ask(version=version, service=service)
    if exchange.reply.status == 200:  # bridged, as for a provider of one version
        expect_person(exchange)
    else:
        expect_refusal(exchange, rules.PRV_ANSWER, consumer="EESMN", after_record=True, secrets=SECRETS)
