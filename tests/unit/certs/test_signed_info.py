"""Reading SignedInfo; every refusal as a whole message is in test_verify."""

import base64

import pytest

from esb.certs.profile import SIGNATURES, SignatureLimits
from esb.certs.signed_info import read_signed_info
from esb.kernel import namespaces as ns
from esb.kernel.faults import Refusal
from esb.kernel.xml import XmlLimits, parse_message


def signed_info(references):
    return parse_message(
        f'<ds:SignedInfo xmlns:ds="{ns.DS}" xmlns:ec="{ns.EXC_C14N}"><ds:CanonicalizationMethod '
        f'Algorithm="{ns.EXC_C14N}"><ec:InclusiveNamespaces PrefixList="a  b "/></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{ns.RSA_SHA384}"/>{references}</ds:SignedInfo>'.encode(),
        XmlLimits(),
    )


def test_what_is_read(forge):
    digest = base64.b64encode(b"x" * 48).decode()
    inclusive = '<ec:InclusiveNamespaces PrefixList="#default c"/>'
    reference = forge.reference("some.id-1", inclusive, ns.SHA384).replace(
        "<ds:DigestValue/>", f"<ds:DigestValue>{digest}</ds:DigestValue>"
    )
    read = read_signed_info(signed_info(reference), SignatureLimits())
    assert read.prefixes == ("a", "b")
    assert read.algorithm is SIGNATURES[ns.RSA_SHA384]
    (only,) = read.references
    assert (only.id, only.prefixes, only.token, only.digest) == ("some.id-1", ("#default", "c"), False, ns.SHA384)
    assert only.value == b"x" * 48


def test_the_limit_is_the_one_given(forge):
    element = signed_info(forge.reference("a") + forge.reference("b"))
    with pytest.raises(Refusal) as caught:
        read_signed_info(element, SignatureLimits(references=1))
    assert caught.value.rule.id == "SIG-11"


@pytest.mark.parametrize("name", ["Körper", "_1", "1", "a.b-c", "uuid:1-2", "Ş" * 256])
def test_identifiers_that_may_be_named(forge, name):
    digest = base64.b64encode(bytes(32)).decode()
    reference = forge.reference(name).replace("<ds:DigestValue/>", f"<ds:DigestValue>{digest}</ds:DigestValue>")
    assert read_signed_info(signed_info(reference), SignatureLimits()).references[0].id == name


@pytest.mark.parametrize("name", ["", "a b", "a'b", "a/b", "a#b", "a(b)", "a%20b", "x" * 257, "a\u200bb"])
def test_identifiers_that_may_not(forge, name):
    with pytest.raises(Refusal) as caught:
        read_signed_info(signed_info(forge.reference(name)), SignatureLimits())
    assert caught.value.rule.id == "SIG-06"
