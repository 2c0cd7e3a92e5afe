"""The shortcut reads the commonest form and no other, and says what the walk says."""

import base64

import pytest

from esb.certs.plain_info import read_plain
from esb.certs.profile import SignatureLimits
from esb.certs.signed_info import read_signed_info
from esb.kernel import namespaces as ns
from esb.kernel.faults import Refusal
from esb.kernel.xml import XmlLimits, canonicalize, parse_message

LIMITS = SignatureLimits()


@pytest.fixture
def text(forge):
    digests = {ns.SHA256: 32, ns.SHA384: 48, ns.SHA512: 64}
    references = ""
    for digest, size in digests.items():
        value = base64.b64encode(bytes([size]) * size).decode()
        references += forge.reference(f"id-{size}", digest=digest).replace("lue/>", f"lue>{value}</ds:DigestValue>")
    return (
        f'<ds:SignedInfo xmlns:ds="{ns.DS}" xmlns:ec="{ns.EXC_C14N}"><ds:CanonicalizationMethod '
        f'Algorithm="{ns.EXC_C14N}"/><ds:SignatureMethod Algorithm="{ns.ECDSA_SHA256}"/>{references}</ds:SignedInfo>'
    )


def element(text):
    return parse_message(text.encode(), XmlLimits())


def test_it_reads_what_the_walk_reads(text):
    for form in (text, text.replace("<ds:", "<").replace("</ds:", "</").replace("xmlns:ds=", "xmlns=")):
        signed_info = element(form)
        plain = read_plain(signed_info, LIMITS, b"")
        assert plain is not None
        assert plain[0] == read_signed_info(signed_info, LIMITS)
        assert plain[1] == canonicalize(signed_info)
        assert [reference.id for reference in plain[0].references] == ["id-32", "id-48", "id-64"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<ds:SignedInfo ", '<ds:SignedInfo Id="x" '),
        ("<ds:Reference ", '<ds:Reference Type="x" '),
        ("<ds:Reference ", " <ds:Reference "),
        ("</ds:SignedInfo>", "\n</ds:SignedInfo>"),
        ("</ds:SignedInfo>", "<ds:Reference/></ds:SignedInfo>"),
        (f'{ns.EXC_C14N}"/>', f'{ns.EXC_C14N}"><ec:InclusiveNamespaces PrefixList=""/></ds:CanonicalizationMethod>'),
        (f'{ns.EXC_C14N}"/>', f'{ns.EXC_C14N}WithComments"/>'),
        ("</ds:Transform>", '<ec:InclusiveNamespaces PrefixList="a"/></ds:Transform>'),
        (f'"{ns.ECDSA_SHA256}"', f'"{ns.DS}rsa-sha1"'),
        (f'"{ns.SHA256}"', f'"{ns.DS}sha1"'),
        (f'"{ns.SHA256}"', f'"{ns.SHA384}"'),
        ('"#id-32"', '""'),
        ('"#id-32"', '"#xpointer(/)"'),
        ('"#id-32"', '"#ıd"'),
        ("IC", "I C"),
        ("=</ds:DigestValue>", "==</ds:DigestValue>"),
        ("ds:", "other:"),
    ],
)
def test_every_other_form_is_left_to_the_walk(text, old, new):
    assert old in text
    changed = text.replace(old, new).replace("xmlns:ds", "xmlns:other") if old == "ds:" else text.replace(old, new)
    assert read_plain(element(changed), LIMITS, b"") is None


def test_no_references_and_too_many(text):
    assert read_plain(element(text), SignatureLimits(references=2), b"") is None
    bare = text[: text.index("<ds:Reference ")] + "</ds:SignedInfo>"
    assert read_plain(element(bare), LIMITS, b"") is None


def test_a_void_form_is_refused(text):
    with pytest.raises(Refusal):
        read_plain(element(text.replace("<ds:Reference ", '<ds:Reference xmlns:v="void" v:a="" ')), LIMITS, b"")
