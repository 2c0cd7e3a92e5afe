"""What the provider gets: only what was signed, and signatures that still hold, however the consumer writes."""

import base64
import hashlib

import pytest
from lxml import etree
from support.client import NS
from support.rig import Rig, party
from support.styles import STYLES, Writing, verified_by_xmlsec

from esb.kernel import namespaces as ns
from esb.kernel.directory import SignatureMode
from esb.kernel.faults import Refusal
from esb.kernel.soap import SoapVersion

OTHER = {SoapVersion.V11: SoapVersion.V12, SoapVersion.V12: SoapVersion.V11}
style = pytest.mark.parametrize("writing", STYLES.values(), ids=STYLES)


def payload(envelope: bytes) -> bytes:
    """The content of the Body, in a form that prefixes of the surroundings do not change."""
    body = etree.fromstring(envelope)[-1]
    return etree.tostring(body[0], method="c14n", exclusive=True, with_comments=False)


def sent(rig: Rig, writing: Writing, version: SoapVersion) -> tuple[bytes, bytes]:
    """A message in a client's style, and what the provider gets of it."""
    message = writing.message(party("EESMN"), version)
    return message, rig.routed(message, version).outgoing.envelope


@style
def test_a_carried_signature_still_verifies(rig: Rig, version: SoapVersion, writing: Writing) -> None:
    rig.serve(signature=SignatureMode.CARRY)
    message, envelope = sent(rig, writing, version)
    root = etree.fromstring(envelope)
    assert root.tag == f"{{{version.value}}}Envelope"
    assert [etree.QName(block).localname for block in root[0]][:3] == ["Security", "Forwarded", "Security"]
    covered = verified_by_xmlsec(envelope, 2, party("EESMN"))
    assert covered >= {"Body", "Timestamp"}
    assert verified_by_xmlsec(envelope, 0, rig.bus_party) == {"Body", "Timestamp", "Forwarded"}
    assert payload(envelope) == payload(message)
    roles = [block.get(f"{{{version.value}}}{'actor' if version is SoapVersion.V11 else 'role'}") for block in root[0]]
    assert roles.count(ns.BUS_ACTOR) == 1


@style
def test_under_the_buss_signature_the_content_is_the_same(rig: Rig, version: SoapVersion, writing: Writing) -> None:
    message, envelope = sent(rig, writing, version)
    assert verified_by_xmlsec(envelope, 0, rig.bus_party) == {"Body", "Timestamp", "Forwarded"}
    assert payload(envelope) == payload(message)
    assert [etree.QName(block).localname for block in etree.fromstring(envelope)[0]] == ["Security", "Forwarded"]


@style
def test_without_signatures_the_body_goes_alone(rig: Rig, version: SoapVersion, writing: Writing) -> None:
    rig.serve(signature=SignatureMode.NONE)
    message, envelope = sent(rig, writing, version)
    root = etree.fromstring(envelope)
    assert [etree.QName(part).localname for part in root] == ["Body"]
    assert payload(envelope) == payload(message)


@style
def test_for_a_provider_of_the_other_version_it_is_said_in_that(
    rig: Rig, version: SoapVersion, writing: Writing
) -> None:
    rig.serve(provider_version=OTHER[version])
    message, envelope = sent(rig, writing, version)
    assert etree.fromstring(envelope)[-1].tag == f"{{{OTHER[version].value}}}Body"
    assert verified_by_xmlsec(envelope, 0, rig.bus_party) == {"Body", "Timestamp", "Forwarded"}
    assert payload(envelope) == payload(message)


@pytest.mark.parametrize(
    "name", [name for name in STYLES if name.startswith("a type")] + ["WSS4J, lists of what the content uses"]
)
@pytest.mark.parametrize("mode", list(SignatureMode))
def test_the_types_that_values_name_stay_the_same(rig: Rig, mode: SignatureMode, name: str) -> None:
    rig.serve(signature=mode)
    _, envelope = sent(rig, STYLES[name], SoapVersion.V11)
    like = etree.fromstring(envelope)[-1][0][1]
    prefix, _, local = like.get(f"{{{ns.XSI}}}type").partition(":")
    assert (like.nsmap[prefix], local) == ("urn:example:person", "Citizen")


def test_a_default_namespace_that_only_a_value_needs_goes_along(rig: Rig) -> None:
    body = (
        '<g:GetPerson xmlns:g="urn:example:person"><g:fin>5ABC123</g:fin><g:like xmlns="urn:example:person" '
        f'xmlns:xsi="{ns.XSI}" xsi:type="Person"><g:fin>5ABC123</g:fin><g:surname>a</g:surname><g:name>b</g:name>'
        "<g:born>1990-05-12</g:born></g:like></g:GetPerson>"
    )
    for provider_version in (None, SoapVersion.V12):
        rig = Rig()
        rig.serve(provider_version=provider_version)
        writing = Writing(body=body, body_list="#default", order="tTs")
        _, envelope = sent(rig, writing, SoapVersion.V11)
        assert etree.fromstring(envelope)[-1][0][1].nsmap[None] == "urn:example:person"
        verified_by_xmlsec(envelope, 0, rig.bus_party)


def test_signatures_cannot_be_carried_into_the_other_version(rig: Rig, version: SoapVersion) -> None:
    rig.serve(signature=SignatureMode.CARRY, provider_version=OTHER[version])
    with pytest.raises(Refusal) as refusal:
        rig.routed(version=version)
    assert (refusal.value.rule.id, refusal.value.particulars) == ("MSG-10", {"wanted": OTHER[version].media_type})


def test_what_the_consumer_did_not_sign_stays_behind(rig: Rig) -> None:
    unsigned = '<x:Secret xmlns:x="urn:x">unsigned</x:Secret>'
    for mode in SignatureMode:
        rig.serve(signature=mode)
        message = rig.signed().replace(b"</soap:Header>", unsigned.encode() + b"</soap:Header>")
        assert b"unsigned" not in rig.routed(message).outgoing.envelope


def test_signed_blocks_go_on_only_where_signatures_are_carried(rig: Rig) -> None:
    block = b'<x:Note xmlns:x="urn:x">signed</x:Note>'
    for mode, there in ((SignatureMode.CARRY, True), (SignatureMode.BUS, False), (SignatureMode.NONE, False)):
        rig.serve(signature=mode)
        assert (b"signed</x:Note>" in rig.routed(rig.signed(headers=(block,))).outgoing.envelope) is there


@pytest.mark.parametrize("version", list(SoapVersion))
def test_a_header_for_the_bus_is_for_the_provider_afterwards(rig: Rig, version: SoapVersion) -> None:
    rig.serve(signature=SignatureMode.CARRY)
    role = "actor" if version is SoapVersion.V11 else "role"
    writing = Writing(security=f' SOAP:{role}="{ns.BUS_ACTOR}" SOAP:mustUnderstand="1"')
    _, envelope = sent(rig, writing, version)
    carried = etree.fromstring(envelope)[0][2]
    assert dict(carried.attrib) == {f"{{{version.value}}}mustUnderstand": "1"}


def test_unsigned_attributes_of_strangers_stay_behind(rig: Rig) -> None:
    rig.serve(signature=SignatureMode.CARRY)
    _, envelope = sent(rig, STYLES["attributes of strangers"], SoapVersion.V11)
    assert dict(etree.fromstring(envelope)[0][2].attrib) == {f"{{{ns.WSU}}}Id": "sec"}


def test_the_provider_is_told_who_asks_and_on_which_ground(rig: Rig) -> None:
    header = (
        f'<e:Exchange xmlns:e="{ns.EXCHANGE}"><e:officer>A &amp; B &lt;x></e:officer>'
        "<e:caseNumber>7</e:caseNumber><e:onBehalfOf>X</e:onBehalfOf></e:Exchange>"
    ).encode()
    rig.allow(purpose="a < b", legal_basis="Law & order")
    routed = rig.routed(rig.signed(headers=(header,)))
    received = routed.accepted.validated.authorized.authenticated.parsed.received
    forwarded = etree.fromstring(routed.outgoing.envelope)[0][1]
    told = {etree.QName(child).localname: child.text for child in forwarded}
    assert told == {
        "exchange": received.exchange,
        "consumer": "EESMN",
        "client": "EESMN",
        "service": "DIN/IAMAS/PersonQuery/v1",
        "operation": "GetPerson",
        "purpose": "a < b",
        "legalBasis": "Law & order",
        "caseNumber": "7",
        "officer": "A & B <x>",
        "onBehalfOf": "X",
        "requestDigest": base64.b64encode(hashlib.sha256(received.raw).digest()).decode(),
        "receivedAt": "2026-09-21T14:13:20.000Z",
    }
    outgoing = routed.outgoing
    assert (outgoing.consumer, outgoing.client, outgoing.operation.name) == ("EESMN", "EESMN", "GetPerson")


def test_an_empty_body_is_forwarded_as_one(rig: Rig, version: SoapVersion) -> None:
    count = rig.service.operations["{urn:example:person}CountPersons"]
    for provider_version in (None, OTHER[version]):
        rig.serve(operations={"": count}, provider_version=provider_version)
        envelope = rig.routed(rig.signed(b"", version=version), version).outgoing.envelope
        assert len(etree.fromstring(envelope)[-1]) == 0
        verified_by_xmlsec(envelope, 0, rig.bus_party)


def test_a_provider_in_its_pause_is_not_written_to(rig: Rig) -> None:
    for _ in range(3):
        rig.way.breaker.failed(rig.service.endpoint, rig.clock.monotonic())
    with pytest.raises(Refusal) as refusal:
        rig.routed()
    assert (refusal.value.rule.id, refusal.value.retry_after) == ("PRV-05", 30)


def test_the_carried_parts_are_the_consumers_octets(rig: Rig) -> None:
    rig.serve(signature=SignatureMode.CARRY)
    routed = rig.routed()
    signature = routed.accepted.validated.authorized.authenticated.signature
    assert signature.body.canonical in routed.outgoing.envelope
    assert signature.timestamp.canonical in routed.outgoing.envelope
    value = signature.signature.findtext("ds:SignatureValue", namespaces=NS)
    assert value is not None
    assert value.encode() in routed.outgoing.envelope
