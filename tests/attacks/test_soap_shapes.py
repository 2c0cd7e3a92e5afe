"""Envelopes of the wrong shape: whoever reads first or last, by path or by id, must find the same one Body."""

import pytest

from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.soap import SoapVersion, is_for_bus, must_understand, open_envelope
from esb.kernel.xml import XmlLimits, parse_message

V11, V12 = SoapVersion.V11, SoapVersion.V12
BODY, HEADER = "<s:Body><a/></s:Body>", "<s:Header><b/></s:Header>"
STYLE = 's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"'


def opened(content, version, attributes=""):
    text = f'<s:Envelope xmlns:s="{version.value}" {attributes}>{content}</s:Envelope>'
    return open_envelope(parse_message(text.encode(), XmlLimits()))


def rule_of(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value.rule


def other(version):
    return V12 if version is V11 else V11


@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize(
    "content",
    [
        BODY + BODY,
        HEADER + BODY + BODY,
        BODY + "<s:Body/>",
        "<s:Body/>" + BODY,
        HEADER + HEADER + BODY,
        "<s:Header/>" + HEADER + BODY,
        BODY + HEADER,
        HEADER + BODY + HEADER,
        BODY + "<x/>",
        "<x/>" + BODY,
        HEADER + "<x/>" + BODY,
        BODY + '<x xmlns="urn:x"/>',
        "",
        HEADER,
        "<x/>",
        f"<s:Envelope>{BODY}</s:Envelope>",
        f"{BODY}<s:Envelope>{BODY}</s:Envelope>",
        f"<wrapper>{BODY}</wrapper>",
        f"<wrapper>{BODY}</wrapper>" + BODY,
        "<Body/>",
        '<Body xmlns="urn:other"/>' + BODY,
        "<s:body/>",
        "<s:BODY/>",
        "text" + BODY,
        BODY + "text",
        HEADER + "text" + BODY,
        HEADER + BODY + "\u00a0",
        "<![CDATA[text]]>" + BODY,
        BODY + "<!-- -->text<!-- -->",
        "<s:Header>text<b/></s:Header>" + BODY,
        "<s:Header><b/>text</s:Header>" + BODY,
        "<s:Header>text</s:Header>" + BODY,
    ],
)
def test_another_shape_than_header_and_body_is_refused(version, content):
    assert rule_of(opened, content, version) is rules.SOAP_ENVELOPE


@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize("content", ["<s:Body/>", "<s:Header/>"])
def test_the_other_versions_parts_are_strangers(version, content):
    """Two Bodies, each of them the only one to a reader of one version."""
    strange = content.replace("<s:", f'<t:Body xmlns:t="{other(version).value}"/><s:')
    assert rule_of(opened, strange + BODY, version) is rules.SOAP_ENVELOPE
    assert rule_of(opened, BODY + f'<t:Body xmlns:t="{other(version).value}"/>', version) is rules.SOAP_ENVELOPE


@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize(
    "content",
    [
        "<a/><b/>",
        "<a/><a/>",
        "text",
        "<a/>text",
        "text<a/>",
        "<a/><![CDATA[x]]>",
        "\u00a0",
        "&#x200B;<a/>",
        "<a/><s:Fault/>",
    ],
)
def test_a_body_of_several_parts_or_of_text_is_refused(version, content):
    assert rule_of(opened, f"<s:Body>{content}</s:Body>", version) is rules.SOAP_ONE_CHILD


@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize("content", ["", " \r\n\t", "<!--x-->", "<![CDATA[ ]]>", "&#32;"])
def test_blanks_are_no_text(version, content):
    assert opened(f"{content}<s:Body>{content}</s:Body>{content}", version).payload is None
    assert opened(f"<s:Body>{content}<a/>{content}</s:Body>", version).payload.tag == "a"


@pytest.mark.parametrize("version", SoapVersion)
def test_an_envelope_inside_the_body_is_only_a_payload(version):
    """The outer Body is the one that counts; whoever asks for the inner one asks for an operation of that name."""
    inner = "<s:Envelope><s:Body><evil/></s:Body></s:Envelope>"
    envelope = opened(f"<s:Body>{inner}</s:Body>", version)
    assert envelope.body is envelope.root[0]
    assert envelope.payload.tag == f"{{{version.value}}}Envelope"


@pytest.mark.parametrize("version", SoapVersion)
def test_a_body_inside_a_header_is_only_a_block(version):
    envelope = opened(f"<s:Header><s:Body><evil/></s:Body></s:Header>{BODY}", version)
    assert envelope.payload.tag == "a"


@pytest.mark.parametrize(
    "namespace",
    [
        "http://schemas.xmlsoap.org/soap/envelope",
        "http://www.w3.org/2003/05/soap-envelope/",
        "http://www.w3.org/2001/12/soap-envelope",
        "HTTP://schemas.xmlsoap.org/soap/envelope/",
        "urn:x",
    ],
)
def test_another_namespace_is_another_version(namespace):
    text = f'<s:Envelope xmlns:s="{namespace}"><s:Body/></s:Envelope>'
    assert rule_of(open_envelope, parse_message(text.encode(), XmlLimits())) is rules.SOAP_VERSION


@pytest.mark.parametrize(
    "text", ["<Envelope/>", f'<s:Body xmlns:s="{ns.SOAP11}"/>', f'<s:envelope xmlns:s="{ns.SOAP11}"/>', "<a/>"]
)
def test_another_root_is_no_envelope(text):
    assert rule_of(open_envelope, parse_message(text.encode(), XmlLimits())) is rules.SOAP_ENVELOPE


@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize(
    ("attributes", "content"),
    [
        ("", f"<s:Header {STYLE}/>{BODY}"),
        ("", f"<s:Body {STYLE}><a/></s:Body>"),
        ("", f"<s:Body {STYLE}/>"),
        ("", f"<s:Body><a {STYLE}/></s:Body>"),
        ("", '<s:Body s:encodingStyle=""><a/></s:Body>'),
    ],
)
def test_encoded_messages_are_refused(version, attributes, content):
    assert rule_of(opened, content, version, attributes) is rules.SOAP_ENCODING


# Header blocks that must be understood: whose they are decides

ROLES = {
    V11: {
        None: True,
        "": True,
        ns.SOAP11_NEXT: True,
        ns.BUS_ACTOR: True,
        "urn:other": False,
        "http://other.example/": False,
    },
    V12: {
        None: True,
        "": True,
        ns.SOAP12_NEXT: True,
        ns.SOAP12_ULTIMATE: True,
        ns.BUS_ACTOR: True,
        ns.SOAP12_NONE: False,
        "urn:other": False,
    },
}


@pytest.mark.parametrize("value", ["1", "true", "\n1 "])
@pytest.mark.parametrize(
    ("version", "role", "ours"),
    [(version, role, ours) for version in SoapVersion for role, ours in ROLES[version].items()],
)
def test_what_must_be_understood_and_is_addressed_to_the_bus(version, role, ours, value):
    attribute = "actor" if version is V11 else "role"
    named = "" if role is None else f's:{attribute}="{role}"'
    block = opened(f'<s:Header><x s:mustUnderstand="{value}" {named}/></s:Header>{BODY}', version).blocks[0]
    assert (must_understand(block, version) and is_for_bus(block, version)) is ours


@pytest.mark.parametrize("version", SoapVersion)
@pytest.mark.parametrize("attribute", ["mustUnderstand", "t:mustUnderstand"])
def test_an_attribute_of_another_namespace_demands_nothing(version, attribute):
    block = f'<x xmlns:t="{other(version).value}" {attribute}="1"/>'
    assert not must_understand(opened(f"<s:Header>{block}</s:Header>{BODY}", version).blocks[0], version)
