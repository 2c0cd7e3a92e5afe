"""Finding the Security header by a fixed walk; the refusals of whole messages are in test_verify."""

import pytest

from esb.certs.profile import SignatureLimits
from esb.certs.security import find_security, has_security, open_signature
from esb.kernel import namespaces as ns
from esb.kernel.faults import Refusal
from esb.kernel.soap import SoapVersion

LIMITS = SignatureLimits()


def test_headers_for_others_are_not_looked_into(forge, identity):
    other = '<wsse:Security soap:role="urn:other"><ds:Signature/><ds:Signature/>text</wsse:Security>'
    none = other.replace("urn:other", ns.SOAP12_NONE)
    envelope = forge.envelope(forge.text(identity(), blocks=other + none, version=SoapVersion.V12).encode())
    found = find_security(envelope, LIMITS)
    assert found.element is envelope.blocks[0]
    assert list(found.element) == [*found.tokens, found.timestamp, found.signature]


def test_one_for_another_is_found_where_it_is_asked_for(forge, identity):
    other = '<wsse:Security soap:role="urn:other"><wsu:Timestamp/><ds:Signature/></wsse:Security>'
    envelope = forge.envelope(forge.text(identity(), blocks=other, version=SoapVersion.V12).encode())
    assert find_security(envelope, LIMITS, "urn:other").element is envelope.blocks[1]
    assert (has_security(envelope, "urn:other"), has_security(envelope, "urn:nobody")) == (True, False)
    with pytest.raises(Refusal) as caught:
        find_security(envelope, LIMITS, "urn:nobody")
    assert caught.value.rule.id == "SIG-01"


def test_a_security_deeper_down_is_none(forge, identity):
    text = forge.text(identity()).replace("<wsse:Security>", '<x:x xmlns:x="urn:x"><wsse:Security>')
    with pytest.raises(Refusal) as caught:
        find_security(forge.envelope(text.replace("</wsse:Security>", "</wsse:Security></x:x>").encode()), LIMITS)
    assert caught.value.rule.id == "SIG-01"


def test_limits_are_those_given(forge, identity):
    envelope = forge.envelope(forge.text(identity(), blocks="<x/>").encode())
    for limits in (SignatureLimits(headers=1), SignatureLimits(tokens=0)):
        with pytest.raises(Refusal) as caught:
            find_security(envelope, limits)
        assert caught.value.rule.id == "SIG-11"


def test_a_signature_is_three_parts_in_order(forge, identity):
    signature = forge.envelope(forge.text(identity()).encode()).blocks[0][2]
    parts = open_signature(signature)
    assert [parts.signed_info, parts.value, parts.key_info] == list(signature)
    signature.insert(0, signature[1])
    with pytest.raises(Refusal) as caught:
        open_signature(signature)
    assert caught.value.rule.id == "SIG-02"
