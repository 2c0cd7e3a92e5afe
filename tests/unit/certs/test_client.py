"""Whole signed envelopes: whatever the Body holds, what is placed must be what was digested."""

import hashlib

import pytest

from esb.certs.client import mark, mark_body, signed_request
from esb.certs.verify import SignatureLimits, Verifier
from esb.kernel import namespaces as ns
from esb.kernel.faults import Refusal
from esb.kernel.soap import SoapVersion


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<a/>",
        b'<a xmlns="urn:a" b="1"  c = "2"><d xmlns=""/></a>',
        # the same prefixes as the Body's own, with the same and with other meanings
        f'<soap:Fault xmlns:soap="{ns.SOAP11}"><faultcode>soap:Client</faultcode></soap:Fault>'.encode(),
        b'<soap:a xmlns:soap="urn:other" xmlns:wsu="urn:other2"><wsu:b/></soap:a>',
        f'<x:a xmlns:x="urn:x" xmlns:wsu="{ns.WSU}" wsu:Id="own"/>'.encode(),
        "<a>Şlüz\r\n</a>".encode(),
    ],
)
@pytest.mark.parametrize("version", list(SoapVersion))
def test_any_content_verifies(identity, index, forge, content, version):
    message = signed_request(identity().signer, version, content, [], 1.8e9, "c")
    verified = Verifier(SignatureLimits()).verify(forge.envelope(message), index)
    assert verified.body.canonical in message
    assert len(verified.body.element) == (1 if content else 0)


def test_blocks_are_signed_each(identity, index, forge):
    blocks = [b"<a/>", b'<b xmlns="urn:b" Id="kept"/>']
    message = signed_request(identity().signer, SoapVersion.V11, b"", blocks, 1.8e9, "c", lifetime=10)
    verified = Verifier(SignatureLimits()).verify(forge.envelope(message), index)
    assert [part.id for part in verified.blocks] == ["H1-c", "H2-c"]
    assert verified.expires == 1.8e9 + 10


def test_marking_gives_an_identifier_and_the_digest_of_what_is_placed():
    part = mark(b'<x:a  xmlns:x="urn:x"  xmlns:unused="urn:u"/>', "i1")
    assert part.octets == f'<x:a xmlns:wsu="{ns.WSU}" xmlns:x="urn:x" wsu:Id="i1"></x:a>'.encode()
    assert part.digest.sha256 == hashlib.sha256(part.octets).digest()
    assert b"unused" not in part.octets


def test_what_is_not_xml_is_refused():
    with pytest.raises(Refusal):
        mark_body(SoapVersion.V11, b"<a>", "i")
    for octets in (b"", b"<a/><b/>", b"text"):
        with pytest.raises(ValueError, match="one element"):
            mark(octets, "i")
