"""Envelopes taken apart, and who a header block is addressed to."""

import pytest

from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.soap import SoapVersion, is_for_bus, must_understand, open_envelope, role_of
from esb.kernel.xml import XmlLimits, parse_message

V11, V12 = SoapVersion.V11, SoapVersion.V12


def opened(text, version=V11):
    """Open ``text`` with the prefix ``s`` bound to the SOAP version."""
    envelope = f'<s:Envelope xmlns:s="{version.value}">{text}</s:Envelope>'
    return open_envelope(parse_message(envelope.encode(), XmlLimits()))


def block(attributes, version):
    envelope = opened(f'<s:Header><b xmlns="urn:b" {attributes}/></s:Header><s:Body/>', version)
    return envelope.blocks[0]


@pytest.mark.parametrize("version", SoapVersion)
def test_an_envelope_is_taken_apart(version):
    envelope = opened(
        '\n<s:Header>\n<a xmlns="u:a"/> <b xmlns="u:b"/></s:Header>\t<s:Body> <q:x xmlns:q="u:q"/>\n</s:Body>\r\n',
        version,
    )
    assert envelope.version is version
    assert [each.tag for each in envelope.blocks] == ["{u:a}a", "{u:b}b"]
    assert envelope.header is envelope.root[0]
    assert envelope.body is envelope.root[1]
    assert envelope.payload is envelope.body[0]


@pytest.mark.parametrize("version", SoapVersion)
def test_neither_header_nor_payload_is_needed(version):
    envelope = opened("<s:Body/>", version)
    assert (envelope.header, envelope.blocks, envelope.payload) == (None, (), None)


@pytest.mark.parametrize("version", SoapVersion)
def test_the_media_type_is_that_of_the_binding(version):
    assert version.media_type == {V11: "text/xml", V12: "application/soap+xml"}[version]


@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize(
    "text",
    [
        '<s:Header s:encodingStyle="{style}"/><s:Body/>',
        '<s:Body s:encodingStyle="{style}"/>',
        '<s:Body><x s:encodingStyle="{style}"/></s:Body>',
    ],
)
def test_an_encoding_style_is_refused_on_parts_of_the_envelope_and_on_the_bodys_child(version, text):
    """WS-I Basic Profile R1005 and R1006; SOAP 1.2 section 5.1.1 for the parts."""
    with pytest.raises(Refusal) as caught:
        opened(text.format(style="http://schemas.xmlsoap.org/soap/encoding/"), version)
    assert caught.value.rule is rules.SOAP_ENCODING


def styled(version):
    message = f'<s:Envelope xmlns:s="{version.value}" s:encodingStyle="urn:any"><s:Body/></s:Envelope>'
    return parse_message(message.encode(), XmlLimits())


def test_an_encoding_style_on_the_envelope_is_lawful_in_soap_1_1_where_soap_lite_always_writes_it():
    assert open_envelope(styled(V11)).payload is None


def test_an_encoding_style_is_refused_on_a_soap_1_2_envelope():
    with pytest.raises(Refusal) as caught:
        open_envelope(styled(V12))
    assert caught.value.rule is rules.SOAP_ENCODING


@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize(
    ("value", "mandatory"), [("1", True), ("true", True), (" 1 ", True), ("0", False), ("false", False)]
)
def test_must_understand(version, value, mandatory):
    assert must_understand(block(f's:mustUnderstand="{value}"', version), version) is mandatory


@pytest.mark.parametrize("version", SoapVersion)
def test_nothing_is_mandatory_that_does_not_say_so(version):
    assert not must_understand(block('mustUnderstand="1"', version), version)  # in no namespace, so not SOAP's


def test_what_nobody_may_process_is_not_mandatory():
    """SOAP 1.2 section 2.2: nodes must not act in the role none."""
    assert not must_understand(block(f's:role="{ns.SOAP12_NONE}" s:mustUnderstand="true"', V12), V12)


@pytest.mark.parametrize(
    ("version", "role", "ours"),
    [
        (V11, None, True),
        (V11, "", True),
        (V11, ns.SOAP11_NEXT, True),
        (V11, ns.BUS_ACTOR, True),
        (V11, "urn:other", False),
        (V12, None, True),
        (V12, "", True),
        (V12, ns.SOAP12_NEXT, True),
        (V12, ns.SOAP12_ULTIMATE, True),
        (V12, ns.BUS_ACTOR, True),
        (V12, ns.SOAP12_NONE, False),
        (V12, "urn:other", False),
    ],
)
def test_whom_a_block_is_addressed_to(version, role, ours):
    attribute = {V11: "actor", V12: "role"}[version]
    header = block("" if role is None else f's:{attribute}="{role}"', version)
    assert role_of(header, version) == role
    assert is_for_bus(header, version) is ours


def test_the_other_versions_attribute_addresses_nobody():
    assert role_of(block('s:role="urn:other"', V11), V11) is None
    assert role_of(block('s:actor="urn:other"', V12), V12) is None
