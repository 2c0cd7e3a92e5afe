"""A provider's answer: opened under the message rules, believed when it is signed, and kept as canonical octets."""

from dataclasses import replace

import pytest
from lxml import etree
from support.provider import PERSON, envelope11
from support.rig import NOW, Rig, party

from esb.certs.client import signed_request
from esb.certs.index import build_index
from esb.kernel import namespaces as ns
from esb.kernel.directory import AnswerSignature
from esb.kernel.faults import Refusal
from esb.kernel.message import ProviderAnswer, SignedPart, VerifiedAnswer
from esb.kernel.soap import SoapVersion
from esb.kernel.xml import XmlLimits, canonicalize, parse_message
from esb.stages.verify import payload_of

NOTE = b'<p:NotePerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin></p:NotePerson>'


def gives(rig: Rig, data: bytes, version: SoapVersion = SoapVersion.V11, charset: str | None = None) -> None:
    rig.answer = lambda outgoing: ProviderAnswer(version, data, charset)


def refused(rig: Rig, **more: bytes) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        rig.verified(**more)
    return refusal.value


def signed(rig: Rig, who: str = "DIN", body: bytes = PERSON, created: float = NOW) -> bytes:
    return signed_request(party(who).signer, SoapVersion.V11, body, (), created, "a1")


def test_the_content_is_the_payloads_canonical_form(rig: Rig) -> None:
    found = rig.verified()
    assert found.content == PERSON
    assert (found.prefixes, found.is_fault, found.provider_signed) == ((), False, False)
    assert found.payload is not None
    assert found.payload.tag == "{urn:example:person}GetPersonResponse"


def test_the_providers_headers_stay_behind(rig: Rig) -> None:
    gives(rig, envelope11(PERSON).replace(b"<S:Header/>", b'<S:Header><x:Secret xmlns:x="urn:x"/></S:Header>'))
    assert b"Secret" not in rig.verified().content


@pytest.mark.parametrize(
    ("data", "because"),
    [
        (b"<html/>", "MSG-09"),
        (b"no xml", "MSG-05"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]>' + envelope11(PERSON), "MSG-06"),
        (envelope11(PERSON + PERSON), "MSG-11"),
        (envelope11(PERSON).replace(b"schemas.xmlsoap.org", b"other.test"), "MSG-10"),
        (b"\xff\xfe\x00", "MSG-02"),
    ],
)
def test_what_the_message_rules_do_not_allow_is_the_providers_fault(rig: Rig, data: bytes, because: str) -> None:
    gives(rig, data)
    refusal = refused(rig)
    assert (refusal.rule.id, refusal.particulars["because"]) == ("PRV-03", because)


def test_no_answer_is_one_only_to_a_one_way_operation(rig: Rig) -> None:
    gives(rig, b"")
    assert refused(rig).rule.id == "PRV-03"
    found = rig.verified(rig.signed(NOTE))
    assert (found.payload, found.content, found.is_fault) == (None, b"", False)


def test_an_empty_body_has_no_content(rig: Rig) -> None:
    gives(rig, envelope11(b""))
    assert rig.verified().content == b""


@pytest.mark.parametrize("version", list(SoapVersion))
def test_a_fault_is_known_by_its_own_version(rig: Rig, version: SoapVersion) -> None:
    fault = f'<x:Fault xmlns:x="{version.value}"/>'
    gives(rig, f'<x:Envelope xmlns:x="{version.value}"><x:Body>{fault}</x:Body></x:Envelope>'.encode(), version)
    assert rig.verified().is_fault
    other = {SoapVersion.V11: SoapVersion.V12, SoapVersion.V12: SoapVersion.V11}[version].value
    stranger = f'<y:Fault xmlns:y="{other}"/>'
    gives(rig, f'<x:Envelope xmlns:x="{version.value}"><x:Body>{stranger}</x:Body></x:Envelope>'.encode(), version)
    assert not rig.verified().is_fault


# What a value can need that canonical XML does not see.


def typed(declared: str, value: str, *, on_envelope: bool = True) -> bytes:
    outer, inner = (declared, "") if on_envelope else ("", declared)
    return (
        f'<S:Envelope xmlns:S="{ns.SOAP11}" xmlns:xsi="{ns.XSI}"{outer}><S:Body><r xmlns="urn:r"{inner}>{value}</r>'
        "</S:Body></S:Envelope>"
    ).encode()


def binding(found: VerifiedAnswer, prefix: str) -> str | None:
    return etree.fromstring(found.content).nsmap.get(prefix)


@pytest.mark.parametrize("on_envelope", [True, False])
@pytest.mark.parametrize(
    ("declared", "value", "prefix"),
    [
        (' xmlns:p="urn:p"', '<a xsi:type="p:T"/>', "p"),
        (" xmlns:p='urn:p'", "<a>p:T</a>", "p"),
        (' xmlns:p = "urn:p"', "<a> \n p:T \n </a>", "p"),
        (' xmlns:p="urn:p"', "<a>q:x p:T other</a>", "p"),
        (' xmlns:ə="urn:p"', '<a b="ə:T"/>', "ə"),
        (' xmlns:p="urn:p"', '<a xsi:type="p:Şəxs"/>', "p"),
        (' xmlns:p-1.x="urn:p"', '<a b="p-1.x:T"/>', "p-1.x"),
    ],
)
def test_prefixes_that_values_need_are_kept(
    rig: Rig, declared: str, value: str, prefix: str, on_envelope: bool
) -> None:
    gives(rig, typed(declared, value, on_envelope=on_envelope))
    found = rig.verified()
    assert prefix in found.prefixes
    assert binding(found, prefix) == "urn:p"


def test_they_are_kept_in_utf16_too(rig: Rig) -> None:
    text = typed(' xmlns:p="urn:p"', '<a xsi:type="p:T"/>').decode()
    gives(rig, text.encode("utf-16"), charset="utf-16")
    assert binding(rig.verified(), "p") == "urn:p"


@pytest.mark.parametrize("value", ["<a>10:30</a>", "<a>http://x.test/</a>", "<a>urn:x:y</a>", "<a>q:undeclared</a>"])
def test_what_only_looks_like_a_name_needs_nothing(rig: Rig, value: str) -> None:
    gives(rig, typed(' xmlns:p="urn:p"', value))
    assert rig.verified().prefixes == ()


def test_a_prefix_that_no_list_can_hold_does_no_harm(rig: Rig) -> None:
    long = "p" * 300
    gives(rig, typed(f' xmlns:{long}="urn:p" xmlns:a·b="urn:q"', f"<a>{long}:x</a><a>a·b:x</a>"))
    assert rig.verified().prefixes == ()


# Signed answers.


def test_a_signed_answer_of_the_owner_is_believed(rig: Rig) -> None:
    rig.serve(answer_signature=AnswerSignature.REQUIRED)
    gives(rig, signed(rig))
    found = rig.verified()
    assert (found.content, found.provider_signed) == (PERSON, True)


@pytest.mark.parametrize(
    ("change", "because"),
    [
        (lambda data: data.replace(b"Leyla", b"Leyl4"), "SIG-07"),
        (lambda data: envelope11(PERSON), "SIG-01"),
    ],
)
def test_one_that_does_not_hold_is_refused(rig: Rig, change, because: str) -> None:  # type: ignore[no-untyped-def]
    rig.serve(answer_signature=AnswerSignature.REQUIRED)
    gives(rig, change(signed(rig)))
    refusal = refused(rig)
    assert (refusal.rule.id, refusal.particulars) == ("PRV-04", {"because": because})


def test_one_of_another_member_is_refused(rig: Rig) -> None:
    rig.serve(answer_signature=AnswerSignature.REQUIRED)
    gives(rig, signed(rig, "DSMF"))
    refusal = refused(rig)
    assert (refusal.rule.id, refusal.particulars) == ("PRV-04", {"signer": "DSMF"})


def test_an_old_answer_is_not_told_again(rig: Rig) -> None:
    rig.serve(answer_signature=AnswerSignature.REQUIRED)
    gives(rig, signed(rig, created=NOW - 3600))
    assert refused(rig).particulars == {"because": "TIM-02"}


def test_a_revoked_owner_is_not_believed(rig: Rig) -> None:
    rig.serve(answer_signature=AnswerSignature.REQUIRED)
    revoked = replace(party("DIN").known, revoked="superseded")
    certificates = build_index([revoked, party("EESMN").known])
    rig.way.directory = replace(rig.way.directory, certificates=certificates)
    gives(rig, signed(rig))
    assert refused(rig).particulars == {"because": "CRT-05"}


def test_a_signature_that_nobody_demands_is_not_looked_at(rig: Rig) -> None:
    gives(rig, signed(rig).replace(b"Leyla", b"Leyl4"))
    found = rig.verified()
    assert not found.provider_signed
    assert b"Leyl4" in found.content


TAGS = (
    "<s:Body xmlns:w='urn:w' w:Id='a'>",
    "<s:Body>",
    "<s:Body a='x>y'>",
    "<s:Body a='&quot;>'>",
    "<s:Body xmlns='urn:d'>",
    "<Body xmlns='urn:s'>",
)
PAYLOADS = (
    "<p:a xmlns:p='urn:p'><p:b c='1'/>s: w:</p:a>",
    "<a><b xmlns='urn:b'/></a>",
    "<a xmlns=''/>",
    "<a s:b='1'/>",
    "<s:a/>",
    "<w:a xmlns:w='urn:other'><s:b/></w:a>",
    "<a xmlns:s='urn:t' s:b='1'>&#xD;</a>",
    "<a xml:lang='az' xmlns:q='urn:q' t='q:x'/>",
)


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("around", ["", "\n  ", "&#xD;"])
@pytest.mark.parametrize("prefixes", [(), ("q",)])
def test_a_payload_cut_out_of_its_body_is_the_payload_alone(
    tag: str, payload: str, around: str, prefixes: tuple[str, ...]
) -> None:
    name = tag[1:].partition(" ")[0].rstrip(">")
    text = f"<s:Envelope xmlns:s='urn:s' xmlns='urn:e'>{tag}{around}{payload}{around}</{name}></s:Envelope>"
    try:
        body = parse_message(text.encode(), XmlLimits())[0]
    except Refusal:
        assert "w:" in payload or "w:" in tag
        return
    part = SignedPart(body, "a", canonicalize(body, prefixes), prefixes, b"")
    assert payload_of(part) in (None, canonicalize(body[0]))


def test_an_ordinary_signed_answer_is_canonicalized_once() -> None:
    octets = signed_request(party("DIN").signer, SoapVersion.V11, PERSON, (), NOW, "a1")
    body = parse_message(octets, XmlLimits())[1]
    assert payload_of(SignedPart(body, "a", canonicalize(body), (), b"")) == PERSON
