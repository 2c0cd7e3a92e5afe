"""A form that is remembered makes verifying quicker and decides nothing: with it and without it the verdict is one."""

import base64
import dataclasses
import re

import pytest
from support.rig import NOW, party

from esb.certs import forms
from esb.certs.client import signed_request
from esb.certs.forms import Forms
from esb.certs.index import build_index
from esb.certs.profile import SignatureLimits
from esb.certs.verify import Verifier
from esb.kernel import namespaces as ns
from esb.kernel.faults import Refusal
from esb.kernel.soap import SoapVersion, open_envelope
from esb.kernel.xml import XmlLimits, parse_message

BODY = b'<p:GetPerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin></p:GetPerson>'


def opened(data):
    return open_envelope(parse_message(data, XmlLimits()), data)


def message(number, body=BODY, headers=(), who="EESMN", version=SoapVersion.V11, at=NOW):
    return signed_request(party(who).signer, version, body, headers, at, f"m-{number}")


@pytest.fixture
def index():
    return build_index([party("EESMN").known, party("DIN").known])


@pytest.fixture
def verifier():
    return Verifier(SignatureLimits())


def said(verifier, data, index):
    """Everything that a verifier says, with elements by their places."""
    envelope = opened(data)
    tree = envelope.root.getroottree()
    try:
        found = verifier.verify(envelope, index)
    except Refusal as refusal:
        return refusal.rule.id, refusal.reason, refusal.particulars

    def place(element):
        return None if element is None else tree.getpath(element)

    def part(one):
        return place(one.element), one.id, one.canonical, one.prefixes, one.sha256

    return (
        found.signer.sha256,
        part(found.body),
        part(found.timestamp),
        [part(block) for block in found.blocks],
        place(found.security),
        place(found.signature),
        place(found.token),
        found.algorithm,
        found.identity,
        found.created,
        found.expires,
    )


@pytest.fixture
def quick(monkeypatch):
    """How many messages were recognized by their form."""
    seen = []
    find = Forms.find

    def watched(self, data):
        found = find(self, data)
        seen.append(found is not None)
        return found

    monkeypatch.setattr(Forms, "find", watched)
    return seen


HEADERS = (
    f'<w:MessageID xmlns:w="{ns.WSA}">urn:uuid:1</w:MessageID>'.encode(),
    f'<w:To xmlns:w="{ns.WSA}">http://bus.test/services/x</w:To>'.encode(),
)


@pytest.mark.parametrize("version", list(SoapVersion))
@pytest.mark.parametrize("headers", [(), HEADERS])
def test_the_second_message_is_recognized_and_verified_alike(verifier, index, quick, version, headers):
    for number in range(3):
        fresh = tuple(header.replace(b"uuid:1", b"uuid:%d" % number) for header in headers)
        data = message(number, BODY.replace(b"123", b"%03d" % number), fresh, version=version, at=NOW + number)
        assert said(verifier, data, index) == said(Verifier(SignatureLimits()), data, index)
    assert quick[0::2] == [False, True, True]


def test_each_sender_has_its_own_form(verifier, index, quick):
    for number, who in enumerate(["EESMN", "DIN", "EESMN", "DIN"]):
        assert said(verifier, message(number, who=who), index)[0] == party(who).known.sha256
    assert quick == [False, False, True, True]


def test_a_certificate_that_is_no_more_registered_is_unknown_at_once(verifier, index, quick):
    said(verifier, message(1), index)
    refusal = said(verifier, message(2), build_index([party("DIN").known]))
    assert quick == [False, True]
    assert refusal[0] == "CRT-01"


CHANGES = [
    (rb"5ABC123", b"5ABC999"),
    (rb"(wsu:Id=\"Body-)", rb'Id="a" \1'),
    (rb'URI="#Body-[^"]*"', b'URI="#Body-other"'),
    (rb'URI="#TS-[^"]*"', b'URI="#Body-m-2"'),
    (rb"(<wsu:Created>2)", rb"<wsu:Created>3"),
    (rb"<wsu:Created>[^<]*", b"<wsu:Created>never"),
    (rb"<wsu:Created>[^<]*", b"<wsu:Created>"),
    (rb"<wsu:Expires>[^<]*</wsu:Expires>", b""),
    (rb"<wsu:Expires>[^<]*", b"<wsu:Expires>1999-01-01T00:00:00Z"),
    (rb"(<ds:DigestValue>)[^<]*", rb"\1AAAA"),
    (rb"(<ds:DigestValue>)(.)", rb"\1A"),
    (rb"(<ds:DigestValue>[^<]*)", rb"\1 "),
    (rb"(<ds:SignatureValue>)[^<]*", rb"\1AAAA"),
    (rb"(<ds:SignatureValue>.{20})", rb"\1&#10;"),
    (rb"(<ds:SignatureValue>.{20})", b"\\1\n"),
    (rb"(<ds:SignatureValue>)", rb"\1!"),
    (rb"(</wsse:Security>)", rb"<wsse:UsernameToken/>\1"),
    (rb"(</soap:Header>)", rb"<x/>\1"),
    (rb"(<wsse:Security )", rb'\1soap:mustUnderstand="1" '),
    (rb"(<p:GetPerson )", rb'\1Id="Body-m-2" '),
    (rb"(<p:GetPerson )", rb'\1id="TS-&#109;-2" '),
    (rb"(<p:GetPerson )", rb'\1a="Body-m-2" '),
    (rb"(<p:fin>)", rb"\1Body-m-2"),
    (rb"ecdsa-sha256", b"ecdsa-sha512"),
    (rb"xmlenc#sha256", b"xmlenc#sha512"),
    (rb"(<soap:Body)", rb"<soap:Body/>\1"),
    (rb"(<soap:Body)", rb"<!-- -->\1"),
    (rb"(BinarySecurityToken [^>]*>.{30}).", rb"\1A"),
    (rb"(<ds:Signature )", rb"<ds:Signature/>\1"),
    (rb"X509-m-2", b"Body-m-2"),
    (rb'SIG-m-2"', b'TS-m-2"'),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_message_is_refused_as_by_one_that_remembers_nothing(verifier, index, change):
    said(verifier, message(1), index)
    pattern, instead = change
    for data in (message(2), message(2, headers=HEADERS)):
        changed = re.sub(pattern, instead, data)
        assert changed != data
        try:
            opened(changed)
        except Refusal:
            continue
        assert said(verifier, changed, index) == said(Verifier(SignatureLimits()), changed, index)


def roomy(number, inside, who="EESMN"):
    """A message whose methods hold this text, signed so."""
    data = re.sub(
        rb"(</ds:(?:Signature|Digest)Method>)", inside.replace(b"\\", rb"\\") + rb"\1", message(number, who=who)
    )
    signed = re.search(rb"<ds:SignedInfo.*</ds:SignedInfo>", data, re.DOTALL)
    value = base64.b64encode(party(who).signer._key.sign(signed.group().replace(b"\r\n", b"\n")))
    return re.sub(rb"(?<=<ds:SignatureValue>)[^<]*", value, data)


@pytest.mark.parametrize("inside", [b"\n  ", b"\r\n\t"])
def test_white_space_in_a_method_is_part_of_the_form(verifier, index, quick, inside):
    for number in (1, 2):
        data = roomy(number, inside)
        assert said(verifier, data, index)[0] == party("EESMN").known.sha256
        assert said(verifier, data, index) == said(Verifier(SignatureLimits()), data, index)
    assert quick == [False, True, False, True, True, False]
    for other in (b"\n", b"1", b"\n  1", b"<x/>", b"\xc2\xa0"):
        data = roomy(3, other)
        assert said(verifier, data, index) == said(Verifier(SignatureLimits()), data, index)


def test_a_header_that_is_not_plain_is_not_learnt_from(verifier, index, quick):
    for change in ((b"<soap:Header>", b"<soap:Header><!-- x -->"), (b'Id="SIG', b'Id="&#83;IG')):
        data = message(1).replace(*change)
        for _ in range(2):
            said(verifier, data, index)
    assert not any(quick)


def test_what_is_remembered_is_bounded(verifier, index, monkeypatch):
    monkeypatch.setattr(forms, "_MOST_LEARNT", 6)
    for number in range(20):
        said(verifier, message(number).replace(b"<soap:Header>", b"<soap:Header>" + b" " * number), index)
    known = verifier._forms._known
    assert len(known) == 1
    assert all(len(each) <= forms._MOST_FORMS for each in known.values())
    assert list(verifier._forms._learnt.values()) == [6]
    monkeypatch.setattr(forms, "_MOST_TOKENS", 1)
    said(verifier, message(99, who="DIN"), index)
    assert len(known) == 1


def test_what_failed_is_not_learnt_from(verifier, index, quick):
    for _ in range(2):
        said(verifier, message(1).replace(b"5ABC123", b"5ABC999"), index)
    assert not any(quick)


def test_a_form_is_not_changed_by_those_who_have_it(verifier, index):
    said(verifier, message(1), index)
    ((form,),) = verifier._forms._known.values()
    with pytest.raises(dataclasses.FrozenInstanceError):
        form.certificate = b""
