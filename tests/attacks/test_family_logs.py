"""Texts that a stranger chose, in the log of a bus that serves: one line stays one line, and says no more than it may.

The bus is configured as ``esb serve`` does it, in both forms, at the level that writes the most; every field of HTTP
and of a message that could reach a line is filled with what forges lines, steers terminals, or looks things up.
"""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
import structlog
from attacks.forging import forge
from attacks.siege import Canary
from lxml import etree
from support.client import GET_PERSON, Consumer, post
from support.place import PERSONS, Place, copy_place, make_place
from support.provider import Given, Provider, envelope11
from support.way import FIN, MEDIA, path_of, raw_http

from esb.certs.ca import create_authority
from esb.kernel import namespaces as ns
from esb.kernel.soap import SoapVersion
from esb.logs import configure

FORGED: Final = "FORGED"
HOSTILE: Final = (
    f"a\r\n2026-11-22T00:00:00Z ERROR bus: {FORGED}", f'a\n{{"level":"error","event":"{FORGED}"}}', "\x1b[2J\x1b[31m",
    "\x1b]0;title\x07", "\x9b31m", "\x00", "\x08\x08\x08", "\x7f", "\u202egnp.exe", "\u2066x\u2069", "\u200b\u200d",
    "\u2028x", "\x85x", "\ufeff", "\U000e0041", "\ud83d", "${jndi:CANARY}", "${${lower:j}ndi:CANARY}", "%n%n%s%x",
    "{0.__class__}", "{event}", "<script>alert(1)</script>", "'; DROP TABLE record; --", "=cmd|' /C calc'!A0",
    "x" * 5_000, '","level":"critical","x":"', "\\u000a", "\\x1b[2J", "&#10;&#27;", "%0d%0aSet-Cookie:%20x",
    "$(touch /tmp/x)", "`id`",
)  # fmt: skip
_LOGS: Final = ("bus", "server", "door", "log_legacy")  # the last is how Twisted names what it says in its old way
_STEERS: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


@contextmanager
def logged(form: str) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in ("spyne", "zeep")}
    stream = io.StringIO()
    configure(form, "debug", stream)
    try:
        yield stream
    finally:
        structlog.reset_defaults()
        root.handlers[:] = before
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    provider = Provider()
    yield make_place(tmp_path_factory.mktemp("logged") / "home", provider)
    provider.close()


def xml(text: str) -> str:
    """A text as it can stand in XML 1.0: what cannot is left out."""
    lawful = "".join(
        each for each in text if each in "\t\n\r" or (ord(each) >= 0x20 and not 0xD800 <= ord(each) < 0xE000)
    )
    escaped = lawful.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return escaped.replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;")


def messages(consumer: Consumer, text: str) -> Iterator[bytes]:
    """A text in each place of a message that something might tell of."""
    value = xml(text)
    for local in ("MessageID", "Action", "To", "ReplyTo", "Unheard"):
        yield consumer.sign(headers=(f'<a:{local} xmlns:a="{ns.WSA}">{value}</a:{local}>'.encode(),))
    for local in ("client", "id", "purpose", "officer", "caseNumber", "onBehalfOf", "legalBasis"):
        header = f'<e:Exchange xmlns:e="{ns.EXCHANGE}"><e:{local}>{value}</e:{local}></e:Exchange>'
        yield consumer.sign(headers=(header.encode(),))
    yield consumer.sign(GET_PERSON.replace(b"5ABC123", value.encode()))
    yield consumer.sign(f"<x>{value}</x>".encode())
    yield consumer.sign(f'<x a="{value}"/>'.encode())
    yield GET_PERSON.replace(b"5ABC123", value.encode())
    yield text.encode("utf-8", "surrogatepass")

    def algorithm(root: Any, signature: Any) -> None:
        signature[0][1].set("Algorithm", etree.fromstring(f'<x a="{value}"/>').get("a"))

    def reference(root: Any, signature: Any) -> None:
        signature[0][2].set("URI", etree.fromstring(f'<x a="#{value}"/>').get("a"))

    def issuer(root: Any, signature: Any) -> None:
        wsse = signature[2][0]
        wsse[0].set("URI", etree.fromstring(f'<x a="{value}"/>').get("a"))
        wsse[0].set("ValueType", etree.fromstring(f'<x a="{value}"/>').get("a"))

    for change in (algorithm, reference, issuer):
        yield forge(consumer, SoapVersion.V11, None, change)


def requests(text: str, message: bytes) -> Iterator[bytes]:
    """A text in each place of a request, as octets and as a percent-encoded path."""
    octets = text.encode("utf-8", "surrogatepass")
    quoted = "".join(f"%{each:02x}" for each in octets).encode()
    visible = bytes(each if 0x21 <= each < 0x7F else 0x5F for each in octets)
    head = b"Host: bus\r\nConnection: close\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n" % len(message)
    own = path_of(PERSONS).encode()
    for path in (
        b"/services/" + quoted,
        b"/services/DIN/" + visible,
        b"/" + visible,
        own + b"?" + visible,
        own + b"/" + visible,
    ):
        yield b"POST %b HTTP/1.1\r\n" % path + head + b"\r\n" + message
        yield b"GET %b HTTP/1.1\r\nHost: bus\r\nConnection: close\r\n\r\n" % path
    for name in (b"User-Agent", b"SOAPAction", b"X-Forwarded-For", b"Referer", b"Content-Encoding", b"Accept-Encoding"):
        yield b"POST %b HTTP/1.1\r\n" % own + head + name + b": " + octets + b"\r\n\r\n" + message
    for line in (b"Host: " + octets, octets + b": x", b"Content-Type: " + octets, b"Expect: " + octets):
        yield b"POST %b HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n" % own + line + b"\r\n\r\n"
    yield octets + b" / HTTP/1.1\r\nHost: b\r\n\r\n"


@pytest.mark.parametrize("form", ["json", "human"])
def test_what_strangers_write_stays_a_value(
    template: Place, tmp_path_factory: pytest.TempPathFactory, form: str
) -> None:
    canary, provider = Canary(), Provider()
    with logged(form) as stream:
        place = copy_place(
            template, tmp_path_factory.mktemp("log") / "home", provider, SHLUZ_REGISTRY_POLL_SECONDS="60"
        )
        consumer = place.consumers["EESMN"]
        before = stream.getvalue().count("\n")
        sent = 0
        with place.serve():
            for number, hostile in enumerate(HOSTILE if form == "json" else HOSTILE[::2]):
                text = hostile.replace("CANARY", canary.url)
                for message in messages(consumer, text):
                    sent += 1
                    post(place.port, path_of(PERSONS), message)
                # What came in over HTTP takes the most ways to say little: every third text goes them all.
                for octets in requests(text, consumer.sign()) if number % 3 == 0 else ():
                    sent += 1
                    raw_http(place.port, octets)
                provider.answer = answering(text)
                post(place.port, path_of(PERSONS), consumer.sign())
                provider.reset()
    written = stream.getvalue()
    lines = written.split("\n")[:-1]
    assert len(lines) - before > sent / 3, "the log was silent, so nothing was tried"
    assert not canary.was_called()
    canary.close()
    provider.close()
    assert not _STEERS.search(written), _STEERS.search(written)
    assert FIN not in written
    for line in lines:
        expect_line(form, line)


def answering(text: str) -> Callable[[Any], Given]:
    """A provider that says a text in its status line's media type and in its fault."""
    media = "".join(each if 0x20 <= ord(each) < 0x7F else "_" for each in text)[:200]
    said = f"<faultcode>S:Server</faultcode><faultstring>{xml(text)}</faultstring>"
    fault = f"<S:Fault xmlns:S='{ns.SOAP11}'>{said}</S:Fault>"
    return lambda request: Given(envelope11(fault.encode()), 500, f"text/xml; x={media}")


def expect_line(form: str, line: str) -> None:
    """One line that the bus itself began, with the facts that it has and no others."""
    if form == "json":
        found = json.loads(line)
        assert found["level"] in ("debug", "info", "warning"), line
        assert found["log"] in _LOGS or "." in found["log"] or found["log"].startswith("esb"), line
        assert FORGED not in found["event"], line
        assert all(isinstance(value, str | int | float | bool | None | list | dict) for value in found.values())
    else:
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING) +[\w.]+: ", line), line
    assert len(line) < 5_000


def test_names_in_certificates(template: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What a certificate says of itself is told nowhere in the log."""
    key, authority = create_authority("Evil \u202e\u001b[31m CA", "p256", 1_700_000_000.0, 4_000)
    with logged("json") as stream:
        place = copy_place(template, tmp_path_factory.mktemp("named") / "home", Provider())
        sender = Consumer("EESMN", key, authority)
        with place.serve():
            for version in SoapVersion:
                post(place.port, path_of(PERSONS), forge(sender, version), MEDIA[version])
    assert "Evil" not in stream.getvalue()
    assert not _STEERS.search(stream.getvalue())
