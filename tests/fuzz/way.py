"""The whole way in memory: a message that was changed anyhow is answered by a signed fault or was what its signer
signed, is on record once, and never makes the bus fail."""

import itertools
from functools import cache
from typing import Final

from fuzz import tree
from fuzz.dice import Dice
from fuzz.signing import HONEST, Signed, sign_again
from fuzz.target import Found, Target
from lxml import etree
from support.client import GET_PERSON
from support.rig import MEDIA, NOW, PERSONS, Rig, done, party
from support.styles import STYLES

from esb.audit.entry import Kind
from esb.endpoints.exchange import ExchangeDoor
from esb.kernel import namespaces as ns
from esb.kernel.http import HttpRequest, Peer
from esb.kernel.soap import SoapVersion

_BODIES: Final = (
    GET_PERSON,
    b'<p:CountPersons xmlns:p="urn:example:person"/>',
    b'<p:GetPerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin><p:remark>r</p:remark></p:GetPerson>',
)
_HEADERS: Final = (
    (),
    (f'<e:Exchange xmlns:e="{ns.EXCHANGE}"><e:id>i1</e:id><e:purpose>test</e:purpose></e:Exchange>'.encode(),),
    (f'<a:To xmlns:a="{ns.WSA}">http://bus.test{PERSONS.path}</a:To>'.encode(),
     f'<a:MessageID xmlns:a="{ns.WSA}">urn:1</a:MessageID>'.encode()),
)  # fmt: skip
_HTTP: Final = (
    {}, {b"soapaction": b'"urn:example:GetPerson"'}, {b"soapaction": b"\xff"}, {b"content-type": b"text/xml"},
    {b"content-type": b"application/soap+xml; action=x"}, {b"content-type": b""},
    {b"content-type": b"multipart/related"}, {b"content-type": b"text/xml; charset=utf-16"},
)  # fmt: skip


@cache
def _bases() -> tuple[tuple[SoapVersion, bytes], ...]:
    from esb.certs.client import signed_request

    made = [
        (version, signed_request(party(HONEST).signer, version, body, headers, NOW, "m"))
        for version in SoapVersion
        for body in _BODIES
        for headers in _HEADERS
    ]
    return (
        *made,
        *((version, style.message(party(HONEST), version)) for style in STYLES.values() for version in SoapVersion),
    )


def one(data: bytes) -> None:
    """A good message, changed and perhaps signed again, goes the whole way."""
    dice = Dice(data)
    rig = _rig()
    rig.evidence.records.clear()
    rig.failures.clear()
    version, base = dice.pick(_bases())
    root = etree.fromstring(base)
    signed = Signed()
    for _ in range(dice.below(4)):
        root = tree.change(root, dice)
    if dice.below(2):
        sign_again(root, HONEST, dice.pick((0, -1)), signed)
    else:
        sign_again(etree.fromstring(base), HONEST, 0, signed)
    message = etree.tostring(root)
    http = dice.pick(_HTTP) if not dice.below(4) else {}
    headers = {b"content-type": MEDIA[version], **http}
    asked: list[bytes] = []
    given = rig.answer

    def answer(outgoing):  # type: ignore[no-untyped-def]
        asked.append(outgoing.envelope)
        return given(outgoing)

    rig.answer = answer
    try:
        request = HttpRequest("POST", PERSONS.path, "", headers, message, Peer("192.0.2.7"))
        reply = etree.fromstring(done(_door().post(request)).body)
    finally:
        rig.answer = given
    if rig.failures:
        raise Found(f"the bus failed: {rig.failures[0][1]!r}", message) from rig.failures[0][1]
    kinds = [record.entry.kind for record in rig.evidence.records]
    if kinds not in ([Kind.REFUSAL], [Kind.REQUEST, Kind.REFUSAL], [Kind.REQUEST, Kind.ANSWER]):
        raise Found(f"the records are {kinds}", message)
    if len(asked) > 1 or (asked and kinds[0] is not Kind.REQUEST):
        raise Found("something was delivered without a record", message)
    if reply.find(f".//{{{ns.DS}}}Signature") is None:
        raise Found("the reply is not signed", message)
    if asked:
        _expect_signed_payload(asked[0], signed, message)


def _expect_signed_payload(delivered: bytes, signed: Signed, message: bytes) -> None:
    """The payload that reached the provider stands, as it is, in a Body that the consumer's key signed."""
    payload = etree.tostring(etree.fromstring(delivered)[-1][0], method="c14n", exclusive=True)
    for octets in signed.by(HONEST):
        try:
            part = etree.fromstring(octets)
        except etree.XMLSyntaxError:
            continue
        if (
            part.tag.endswith("}Body")
            and len(part)
            and payload == etree.tostring(part[0], method="c14n", exclusive=True)
        ):
            return
    raise Found("the provider got what nobody signed", message)


@cache
def _door() -> ExchangeDoor:
    numbers = itertools.count(1)
    return ExchangeDoor(_rig().bus, _rig().clock, lambda _: f"x-{next(numbers)}")


@cache
def _rig() -> Rig:
    rig = Rig()
    rig.way.breaker = type(rig.way.breaker)(1_000_000, 1.0)
    return rig


def _programs() -> list[bytes]:
    return [
        bytes((base, count, 3, 5, kind, 1, 2))
        for base in range(0, 50, 3)
        for count in (0, 1)
        for kind in range(0, 22, 3)
    ]


TARGET = Target("way", one, _programs, (), longest=200)
