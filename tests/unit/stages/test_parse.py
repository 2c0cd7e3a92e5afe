"""The envelope is taken apart once, and what is mandatory and unknown ends it."""

import pytest
from support.rig import Rig

from esb.kernel import namespaces as ns
from esb.kernel.faults import Refusal
from esb.kernel.soap import SoapVersion


def envelope(header: str = "", version: SoapVersion = SoapVersion.V11) -> bytes:
    return (
        f'<s:Envelope xmlns:s="{version.value}"><s:Header>{header}</s:Header><s:Body><a/></s:Body></s:Envelope>'
    ).encode()


def must(tag: str, uri: str, version: SoapVersion, more: str = "") -> str:
    return f'<h:{tag} xmlns:h="{uri}" s:mustUnderstand="1" {more}/>'


def refused(rig: Rig, message: bytes, version: SoapVersion) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        rig.parsed(message, version)
    return refusal.value


def test_a_message_is_taken_apart(rig: Rig, version: SoapVersion) -> None:
    parsed = rig.parsed(envelope('<h xmlns="urn:h"/>', version), version)
    assert parsed.envelope.version is version
    assert [block.tag for block in parsed.envelope.blocks] == ["{urn:h}h"]
    assert parsed.envelope.payload is not None
    assert parsed.envelope.payload.tag == "a"


@pytest.mark.parametrize("other", list(SoapVersion))
def test_envelope_and_media_type_must_agree(rig: Rig, version: SoapVersion, other: SoapVersion) -> None:
    if other is version:
        return
    refusal = refused(rig, envelope(version=other), version)
    assert (refusal.rule.id, refusal.particulars) == ("MSG-10", {"mediaType": version.media_type})


@pytest.mark.parametrize(
    ("tag", "uri"),
    [
        ("Security", ns.WSSE),
        ("To", ns.WSA),
        ("Action", ns.WSA_2004),
        ("Exchange", ns.EXCHANGE),
    ],
)
def test_what_the_bus_reads_may_be_mandatory(rig: Rig, version: SoapVersion, tag: str, uri: str) -> None:
    rig.parsed(envelope(must(tag, uri, version), version), version)


@pytest.mark.parametrize(
    ("tag", "uri"),
    [
        ("Transaction", "urn:other"),
        ("SecurityTokenReference", ns.WSSE),
        ("SecurityContext", ns.WSSE),
        ("ExchangeOther", ns.EXCHANGE),
        ("Receipt", ns.EXCHANGE),
    ],
)
def test_what_it_does_not_read_may_not(rig: Rig, version: SoapVersion, tag: str, uri: str) -> None:
    refusal = refused(rig, envelope(must(tag, uri, version), version), version)
    assert (refusal.rule.id, refusal.particulars) == ("MSG-12", {"block": f"{{{uri}}}{tag}"})


def test_a_block_for_somebody_else_is_not_ours_to_understand(rig: Rig) -> None:
    block = must("Other", "urn:other", SoapVersion.V11, 's:actor="urn:somebody"')
    rig.parsed(envelope(block))
    block = must("Other", "urn:other", SoapVersion.V11, f's:actor="{ns.BUS_ACTOR}"')
    assert refused(rig, envelope(block), SoapVersion.V11).rule.id == "MSG-12"


def test_the_configured_limits_hold(rig: Rig) -> None:
    from esb.kernel.xml import XmlLimits

    rig.way.xml = XmlLimits(max_bytes=100)
    assert refused(rig, envelope(), SoapVersion.V11).rule.id == "MSG-04"
