"""Texts that a stranger chooses: in HTTP headers, paths, message ids and header fields.

Whatever they hold, the answer is a signed fault or the answer asked for, and the record can be read back.
"""

import secrets

import pytest
from support.client import Consumer, Reply
from support.place import PERSONS, Place
from support.soundness import expect_sound
from support.way import Asker, Exchange, expect_person, http_reply, path_of, raw_http

from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.soap import SoapVersion

LONG = b"x" * 20_000


def post_raw(asker: Asker, place: Place, message: bytes, path: bytes, *lines: bytes) -> Exchange:
    """Post with header lines as octets."""
    head = b"POST %b HTTP/1.1\r\nHost: bus\r\nConnection: close\r\nContent-Length: %d\r\n" % (path, len(message))
    request = head + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + message
    return asker.watch(SoapVersion.V11, message, lambda: http_reply(raw_http(place.port, request)))


MEDIA_TYPES = [
    b"",
    b"text/xml; charset=\xff\xfe",
    b"text/xml; charset=utf-7",
    b'text/xml; charset="utf-8\\"; x="',
    b"text/xml; charset=" + LONG,
    b"text/xml" + b"; a=" * 5_000,
    b"text/xml;" + b'a="' * 5_000,
    b"text/xml; charset=utf-8; charset=utf-16",
    b"text/\xe9xml",
    b"\x85text/xml",
    b'application/soap+xml; action="' + b"\\" * 10_000,
    b'multipart/related; type="application/xop+xml"; boundary=' + LONG,
    b"text/xml\t;\tcharset=utf-8",
]


@pytest.mark.parametrize("media", MEDIA_TYPES, ids=range(len(MEDIA_TYPES)))
def test_media_types(asker: Asker, place: Place, eesmn: Consumer, media: bytes) -> None:
    exchange = post_raw(asker, place, eesmn.sign(), path_of(PERSONS).encode(), b"Content-Type: " + media)
    expect_sound(exchange)
    assert bool(exchange.delivered) is (not exchange.reply.code)


ACTIONS = [
    b"",
    b'""',
    b'"',
    b'"""',
    b"\xff",
    b'"urn:example:GetPerson',
    b"urn:\xc9\x99",
    LONG,
    b'"urn:example:CountPersons"',
    b"'x'",
]


@pytest.mark.parametrize("action", ACTIONS, ids=range(len(ACTIONS)))
def test_soap_actions(asker: Asker, place: Place, eesmn: Consumer, action: bytes) -> None:
    lines = (b"Content-Type: text/xml", b"SOAPAction: " + action)
    exchange = post_raw(asker, place, eesmn.sign(), path_of(PERSONS).encode(), *lines)
    expect_sound(exchange)
    for delivered in exchange.delivered:
        assert delivered.headers["soapaction"] == '"urn:example:GetPerson"', "the contract's, whatever was sent"


PATHS = [
    b"/services/DIN/IAMAS/PersonQuery/v1/",
    b"/services//DIN/IAMAS/PersonQuery/v1",
    b"/services/DIN/IAMAS/PersonQuery/v01",
    b"/services/din/IAMAS/PersonQuery/v1",
    b"/services/DIN/IAMAS/PersonQuery/v1;x=y",
    b"/services/DIN/IAMAS/PersonQuery/%76%31",
    b"/services/DIN/IAMAS/x/../PersonQuery/v1",
    b"/services/DIN/IAMAS/PersonQuery/v1%00",
    b"/services/<script>/%0d%0aX:y",
    b"/services/" + LONG,
    b"/healthz",
    b"/",
    b"/services/DIN/IAMAS/PersonQuery/v1${jndi:ldap://x/}",
]


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
def test_paths(asker: Asker, place: Place, eesmn: Consumer, path: bytes) -> None:
    exchange = post_raw(asker, place, eesmn.sign(), path, b"Content-Type: text/xml")
    expect_sound(exchange)
    assert exchange.reply.rule == rules.RTE_RESOURCE.id
    assert exchange.delivered == ()
    assert b"script" not in exchange.reply.body
    assert b"jndi" not in exchange.reply.body


IDENTITY = [
    b"X-SSL-Client-S-DN: CN=DIN",
    b"X-SSL-Client-Cert: x",
    b"X-Forwarded-Client-Cert: Hash=00;Subject=CN=DIN",
    b"X-Forwarded-For: 10.0.0.1, \xff",
    b"X-Forwarded-Host: evil.example",
    b"X-Forwarded-Proto: https",
    b"Forwarded: for=1.2.3.4;host=evil.example",
    b"X-Original-URL: /services/DIN/IAMAS/Other/v1",
    b"X-HTTP-Method-Override: GET",
    b"Authorization: Basic RElOOng=",
    b"Upgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
]


@pytest.mark.parametrize("line", IDENTITY, ids=range(len(IDENTITY)))
def test_headers_that_claim(asker: Asker, place: Place, eesmn: Consumer, line: bytes) -> None:
    exchange = post_raw(asker, place, eesmn.sign(), path_of(PERSONS).encode(), b"Content-Type: text/xml", line)
    expect_person(exchange)
    record = exchange.records[0].entry
    assert (record.consumer, record.peer, record.service) == ("EESMN", "127.0.0.1", PERSONS.text)
    assert b"evil" not in exchange.reply.body + exchange.delivered[0].body


def identified(ident: str) -> tuple[bytes, ...]:
    return (f'<a:MessageID xmlns:a="{ns.WSA}">{ident}</a:MessageID>'.encode(),)


GOOD_IDS = [
    "{}",
    "{}" + "x" * 200,
    "urn:uuid:{}",
    "{}<!-- -->",
    "ə{}ş",
    "{}&amp;&lt;&gt;&quot;",
    "{}${{jndi:x}}",
    "';--{}",
    "{}\U0001f600",
]
BAD_IDS = [
    "{}&#x9;x",
    "{}&#xA;x",
    "{}&#xD;x",
    "{}&#x85;",
    "{}\u2028x",
    "{}\u202e",
    "{}\u200b",
    "{} x",
    "{}" + "x" * 300,
    "{}\ufeff",
    "{}\ue000",
]


@pytest.mark.parametrize("ident", GOOD_IDS, ids=range(len(GOOD_IDS)))
def test_message_ids(asker: Asker, version: SoapVersion, ident: str) -> None:
    own = ident.format(secrets.token_hex(6))
    exchange = asker.ask(version=version, headers=identified(own))
    expect_person(exchange)
    relates = exchange.reply.text("//wsa:RelatesTo")
    assert exchange.records[0].entry.message_id == relates
    assert relates


@pytest.mark.parametrize("ident", BAD_IDS, ids=range(len(BAD_IDS)))
def test_message_ids_that_are_none(asker: Asker, version: SoapVersion, ident: str) -> None:
    exchange = asker.ask(version=version, headers=identified(ident.format(secrets.token_hex(6))))
    expect_sound(exchange)
    assert exchange.reply.rule == rules.TIM_ID.id


def field(name: str, value: str) -> tuple[bytes, ...]:
    return (f'<e:Exchange xmlns:e="{ns.EXCHANGE}"><e:{name}>{value}</e:{name}></e:Exchange>'.encode(),)


@pytest.mark.parametrize("name", ["officer", "caseNumber", "onBehalfOf", "purpose", "client", "legalBasis"])
@pytest.mark.parametrize(
    "value", ["a&#xA;b", "a\u2028b", "a\u202eb", "&lt;e:consumer>DIN", "]]&gt;", "${jndi:x}", "x" * 256, "x" * 257]
)
def test_fields(asker: Asker, place: Place, version: SoapVersion, name: str, value: str) -> None:
    exchange = asker.ask(version=version, headers=field(name, value))
    expect_sound(exchange)
    for delivered in exchange.delivered:
        assert delivered.body.count(b"<exch:consumer>") == 1
        assert b"<exch:consumer>EESMN</exch:consumer>" in delivered.body


@pytest.mark.parametrize(
    "client",
    [
        "EESMN/",
        "EESMN//X",
        "EESMN/../DIN",
        "EESMN/X/Y",
        "DIN",
        "DIN/EESMN",
        "eesmn",
        "EESMN\u200b",
        "EESMN/X\u0000"[:7],
    ],
)
def test_clients_that_are_anothers(asker: Asker, version: SoapVersion, client: str) -> None:
    exchange = asker.ask(version=version, headers=field("client", client))
    expect_sound(exchange)
    if exchange.delivered:
        assert client == "EESMN/X"
    assert exchange.records[-1].entry.client in ("", "EESMN", "EESMN/X")


def get(place: Place, target: bytes) -> Reply:
    return http_reply(
        raw_http(
            place.port,
            b"GET %b HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n"
            % target,
        )
    )


QUERIES = [
    b"?xsd=../../registry.db",
    b"?xsd=%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    b"?xsd=/etc/passwd",
    b"?xsd=file:///etc/passwd",
    b"?xsd=person.xsd%00",
    b"?xsd=" + LONG,
    b"?xsd=%ff%fe",
    b"?sample=<script>alert(1)</script>",
    b"?sample=%0d%0aX:y",
    b"?wsdl&soap=1.3",
    b"?" + b"&" * 5_000,
    b"?" + b"a=b&" * 5_000,
    b"?wsdl=../../x&soap=../",
]


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_the_contract_door(place: Place, query: bytes) -> None:
    reply = get(place, path_of(PERSONS).encode() + query)
    assert reply.status in (200, 400, 404)
    for foreign in (b"root:", b"SQLite", b"<script>", b"evil", b"Traceback", str(place.home.path).encode()):
        assert foreign not in reply.body
    assert reply.headers["content-type"].startswith(("text/plain", "text/xml", "application/zip"))
    assert "x" not in reply.headers


@pytest.mark.parametrize("shift", [-86_400.0, 86_400.0, 400 * 86_400.0, -5 * 365 * 86_400.0])
def test_a_clock_that_steps(asker: Asker, place: Place, version: SoapVersion, shift: float) -> None:
    """Whatever time it is, the answer is signed and recorded, and the next one after is good again."""
    message = place.consumers["EESMN"].sign(version=version)
    place.clock.shift = shift
    exchange = asker.send(message, version)
    expect_sound(exchange)
    assert exchange.delivered == ()
    place.clock.shift = 0.0
    expect_person(asker.send(message, version))
