"""A template's messages verify, by libxmlsec and by the bus; the foreign ones are not canonical as they come."""

import time
from functools import cache

import pytest
import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from support.client import NS, Reply, verify_with_xmlsec

from esb.bench.signing import Party, Style, Template, hole
from esb.certs.ca import create_authority
from esb.certs.index import build_index, build_known
from esb.certs.keys import FileKey
from esb.certs.plain_info import read_plain
from esb.certs.profile import SignatureLimits
from esb.certs.verify import Verifier
from esb.kernel.directory import CertificateUse, KnownCertificate
from esb.kernel.soap import SoapVersion, open_envelope
from esb.kernel.xml import XmlLimits, parse_message

BODY = b'<b:Ask xmlns:b="urn:bench"><b:row n="1"></b:row></b:Ask>'
LIMITS = SignatureLimits()


@cache
def party(kind: str) -> Party:
    # A certificate that signed itself is enough where only the message's signature is asked.
    key, certificate = create_authority("AAA", kind, time.time(), 30)
    return Party("AAA", FileKey(key), certificate)


def known(who: Party) -> KnownCertificate:
    return build_known(who.certificate.public_bytes(Encoding.DER), "AAA", CertificateUse.SIGNING, None, None)


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize("action", [None, "urn:bench:Ask"])
def test_what_libxmlsec_and_the_bus_say(kind: str, style: Style, version: SoapVersion, action: str | None) -> None:
    who = party(kind)
    template = Template(who, BODY, version, style, action)
    index = build_index([known(who)])
    for ident in ("one", "two"):
        message = template.message(ident, time.time())
        covered = verify_with_xmlsec(Reply(200, {}, message), who.certificate)
        assert covered == {"Body", "Timestamp", *(("MessageID", "Action") if action else ())}
        envelope = open_envelope(parse_message(message, XmlLimits()), message)
        verified = Verifier(LIMITS).verify(envelope, index)
        assert verified.signer.owner == "AAA"
        assert len(verified.blocks) == (2 if action else 0)


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_no_two_messages_have_one_identity(style: Style, kind: str) -> None:
    who = party(kind)
    template = Template(who, BODY, style=style)
    index = build_index([known(who)])
    now = time.time()
    identities = set()
    for number in range(5):
        message = template.message(f"m{number}", now)
        envelope = open_envelope(parse_message(message, XmlLimits()), message)
        identities.add(Verifier(LIMITS).verify(envelope, index).identity)
    assert len(identities) == 5


def test_canonical_parts_stand_on_the_wire_as_they_are_signed_and_foreign_ones_do_not() -> None:
    who = party("p256")
    for style in Style:
        message = Template(who, BODY, style=style).message("x", time.time())
        root = etree.fromstring(message)
        parts = [root.find(f".//{path}", NS) for path in ("s11:Body", "wsu:Timestamp", "ds:SignedInfo")]
        forms = [etree.tostring(part, method="c14n", exclusive=True, with_tail=False) for part in parts]
        assert [form in message for form in forms] == [style is Style.CANONICAL] * 3
        shortcut = read_plain(parse_message(message, XmlLimits()).find(".//ds:SignedInfo", NS), LIMITS, b"")
        assert (shortcut is not None) is (style is Style.CANONICAL)


@pytest.mark.parametrize("style", Style)
def test_holes_of_the_body_are_filled_and_signed(style: Style) -> None:
    who = party("p256")
    body = b'<b:Ask xmlns:b="urn:bench"><b:row n="%b">%b</b:row></b:Ask>' % (hole("n"), hole("fin"))
    template = Template(who, body, style=style)
    for number, fin in ((1, "5ABC123"), (2, "Ələkbər")):
        message = template.message(f"m{number}", time.time(), filling={"n": str(number), "fin": fin})
        verify_with_xmlsec(Reply(200, {}, message), who.certificate)
        assert f">{fin}<".encode() in message


def test_a_changed_message_does_not_verify() -> None:
    who = party("p256")
    message = Template(who, BODY).message("x", time.time())
    with pytest.raises(xmlsec.Error):
        verify_with_xmlsec(Reply(200, {}, message.replace(b'n="1"', b'n="2"')), who.certificate)


def test_a_filling_that_needs_an_escape_is_refused() -> None:
    template = Template(party("p256"), b'<b:Ask xmlns:b="urn:bench">%b</b:Ask>' % hole("fin"))
    for text in ("a<b", "a&b", 'a"b', "a\nb"):
        with pytest.raises(ValueError, match="plain text"):
            template.message("x", time.time(), filling={"fin": text})


def test_a_hole_that_nothing_fills_is_an_error() -> None:
    template = Template(party("p256"), b'<b:Ask xmlns:b="urn:bench">%b</b:Ask>' % hole("fin"))
    with pytest.raises(KeyError):
        template.message("x", time.time())
