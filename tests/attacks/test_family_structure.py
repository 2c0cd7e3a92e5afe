"""The structure of a signature: too few, too many, twice, elsewhere, with something inside that nobody asked for.

Each form is signed again after it was bent, so that its value is right: what refuses it is the form.
"""

import base64
import copy
from typing import Any, Final

import pytest
from attacks.forging import DS, Change, element, forge
from attacks.siege import Canary, besiege
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree
from support.client import GET_PERSON, NS, Consumer
from support.place import Place

from esb.certs.profile import CURVE_ORDERS
from esb.kernel import rules
from esb.kernel.soap import SoapVersion

EMPTY_SHA256: Final = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
FORMS: Final[dict[str, Change]] = {}


def form(name: str) -> Any:
    def enter(change: Change) -> Change:
        FORMS[name] = change
        return change

    return enter


def add(name: str, change: Change) -> None:
    FORMS[name] = change


def part(signature: Any, name: str) -> Any:
    return next(signature.iter(f"{DS}{name}"))


# References: their number, and what they name

for count in (0, 31, 32, 1_000, 5_000):

    @form(f"{count} references more or none at all")
    def _(root: Any, signature: Any, count: int = count) -> None:
        info = signature[0]
        if not count:
            for reference in list(info)[2:]:
                info.remove(reference)
        for number in range(count):
            reference = copy.deepcopy(info[2])
            reference.set("URI", f"#more-{number}")
            info.append(reference)


NAMED: Final = (
    "", None, "#", "##", "body", "#body ", " #body", "#body#body", "#%62ody", "#Body", "#xpointer(/)", "#/", "#//Body",
    "#xpointer(id('body'))", "#xmlns(s=urn:x)xpointer(//s:Body)", "#element(/1/2)", "#id('body')", "cid:body",
    "LURE", "file:///etc/passwd", "FILE:///etc/passwd", "ftp://127.0.0.1/x", "data:text/xml,<a/>", "jar:file:///a!/b",
    "http:#body", "?#body", "urn:uuid:0", "/", "..", "\\\\127.0.0.1\\x", "gopher://127.0.0.1:1/_x", "ldap://127.0.0.1/",
    "#" + "b" * 257, "#" + "b" * 5_000, "#bo\u200bdy", "#ｂｏｄｙ", "#body\u0000"[:5] + "?", "#body&amp;", "#'or'1'='1",
)  # fmt: skip


for number, uri in enumerate(NAMED):

    @form(f"URI {number} {(uri or '')[:20]!r}")
    def _(root: Any, signature: Any, uri: str | None = uri) -> None:
        reference = signature[0][2]
        if uri is None:
            del reference.attrib["URI"]
        else:
            reference.set("URI", uri)


# Things beside and inside


def inside(name: str, text: str, at: int | None = None) -> Change:
    """Put an element into the first part of a name."""

    def change(root: Any, signature: Any) -> None:
        parent = signature if name == "Signature" else part(signature, name)
        parent.insert(len(parent) if at is None else at, element(text))

    return change


MANIFEST: Final = (
    '<ds:Manifest Id="m"><ds:Reference URI="#body"><ds:DigestMethod Algorithm="x"/><ds:DigestValue/></ds:Reference>'
    "</ds:Manifest>"
)
for _name in ("Signature", "SignedInfo", "KeyInfo", "SignatureMethod", "Transforms", "Reference", "DigestMethod"):
    for _text in (
        "<ds:Object/>",
        f"<ds:Object>{MANIFEST}</ds:Object>",
        MANIFEST,
        "<ds:SignatureProperties><ds:SignatureProperty Target='#x'>t</ds:SignatureProperty></ds:SignatureProperties>",
        "<ds:SignedInfo/>",
        "<ds:SignatureValue>AAAA</ds:SignatureValue>",
        "<ds:Signature/>",
        "<ds:KeyInfo/>",
        "<ds:HMACOutputLength>0</ds:HMACOutputLength>",
        "<ds:Reference URI='#body'/>",
        "<x xmlns='urn:x'/>",
    ):
        add(f"{_text[:30]} at the end of {_name}", inside(_name, _text))
    add(f"text in {_name}", lambda root, signature, name=_name: _append_text(signature, name))
for _name in ("SignedInfo", "SignatureValue", "KeyInfo"):

    @form(f"two {_name}, the same")
    def _(root: Any, signature: Any, name: str = _name) -> None:
        own = part(signature, name)
        own.addnext(copy.deepcopy(own))

    @form(f"two {_name}, an empty one first")
    def _(root: Any, signature: Any, name: str = _name) -> None:
        part(signature, name).addprevious(etree.Element(f"{DS}{name}"))

    @form(f"{_name} last")
    def _(root: Any, signature: Any, name: str = _name) -> None:
        signature.append(part(signature, name))
        if name == "KeyInfo":
            signature.insert(0, signature[-1])

    @form(f"{_name} of another namespace")
    def _(root: Any, signature: Any, name: str = _name) -> None:
        part(signature, name).tag = f"{{urn:x}}{name}"

    @form(f"{_name} in a wrapper")
    def _(root: Any, signature: Any, name: str = _name) -> None:
        own = part(signature, name)
        wrapper = etree.Element(f"{DS}Object")
        own.addprevious(wrapper)
        wrapper.append(own)


def _append_text(signature: Any, name: str) -> None:
    parent = signature if name == "Signature" else part(signature, name)
    if len(parent):
        parent[-1].tail = "text"
    else:
        parent.text = "text"


@form("two signatures")
def _(root: Any, signature: Any) -> None:
    signature.addnext(copy.deepcopy(signature))


@form("two signatures, the second empty")
def _(root: Any, signature: Any) -> None:
    signature.addnext(etree.Element(f"{DS}Signature"))


@form("a signature in the KeyInfo of another")
def _(root: Any, signature: Any) -> None:
    part(signature, "KeyInfo").append(copy.deepcopy(signature))


@form("a second, nested Security")
def _(root: Any, signature: Any) -> None:
    root[0][0].append(copy.deepcopy(root[0][0]))


for _local in ("CanonicalizationMethod", "SignatureMethod", "Transforms", "DigestMethod", "DigestValue"):

    @form(f"no {_local}")
    def _(root: Any, signature: Any, name: str = _local) -> None:
        own = part(signature, name)
        own.getparent().remove(own)

    @form(f"two {_local}")
    def _(root: Any, signature: Any, name: str = _local) -> None:
        own = part(signature, name)
        own.addnext(copy.deepcopy(own))

    @form(f"{_local} with an attribute")
    def _(root: Any, signature: Any, name: str = _local) -> None:
        part(signature, name).set("x", "1")

    @form(f"{_local} of an old namespace")
    def _(root: Any, signature: Any, name: str = _local) -> None:
        part(signature, name).tag = f"{{http://www.w3.org/2000/02/xmldsig#}}{name}"


for _type in ("Manifest", "Object", "SignatureProperties"):

    @form(f"a reference of type {_type}")
    def _(root: Any, signature: Any, kind: str = _type) -> None:
        reference = copy.deepcopy(signature[0][2])
        reference.set("Type", f"{NS['ds']}{kind}")
        reference.set("URI", "#m")
        signature[0].append(reference)
        signature.append(element(f"<ds:Object>{MANIFEST}</ds:Object>"))


# Values


def text_of(name: str, text: str) -> Change:
    def change(root: Any, signature: Any) -> None:
        part(signature, name).text = text

    return change


def number_pair(r: int, s: int) -> str:
    return base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()


ORDER: Final = CURVE_ORDERS["secp256r1"]
VALUES: Final = {
    "nothing": "",
    "blank": " \n ",
    "one octet": "AA==",
    "zeros": number_pair(0, 0),
    "r is zero": number_pair(0, 1),
    "s is zero": number_pair(1, 0),
    "both are one": number_pair(1, 1),
    "r is the order": number_pair(ORDER, 1),
    "s is the order": number_pair(1, ORDER),
    "all bits": base64.b64encode(b"\xff" * 64).decode(),
    "DER": base64.b64encode(encode_dss_signature(5, 7)).decode(),
    "DER of zero": base64.b64encode(encode_dss_signature(0, 0)).decode(),
    "63 octets": base64.b64encode(b"\x01" * 63).decode(),
    "65 octets": base64.b64encode(b"\x01" * 65).decode(),
    "P-384's length": base64.b64encode(b"\x01" * 96).decode(),
    "4 KB": "A" * 4_100,
    "1 MB": "A" * 1_000_000,
    "no padding": "A" * 85,
    "too much padding": "A" * 84 + "====",
    "padding within": "AA==" + "A" * 84,
    "for URLs": "-_" * 43,
    "a sign": "+" * 85 + "!",
    "wide letters": "Ａ" * 88,
    "an apostrophe": "A" * 80 + "'",
    "hexadecimal": "0x" + "0" * 86,
    "spaces of Unicode": "\u2003" + "A" * 88,
}


def numbers(node: Any) -> tuple[int, int]:
    octets = base64.b64decode(node.text)
    return int.from_bytes(octets[:32], "big"), int.from_bytes(octets[32:], "big")


@pytest.mark.parametrize("group", range(6))
def test_a_structure_that_is_not_the_profiles(place: Place, eesmn: Consumer, version: SoapVersion, group: int) -> None:
    chosen = list(FORMS.items())[group::6]
    with besiege(place, least=20) as siege:
        for name, change in chosen:
            message = forge(eesmn, version, change)
            siege.refused(name, message.replace(b"LURE", siege.canary.url.encode()), version)


def test_a_signature_value_that_is_none(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    with besiege(place, least=30) as siege:
        for name, text in VALUES.items():
            message = forge(eesmn, version, after=text_of("SignatureValue", text))
            siege.refused(name, message, version, rules.SIG_VALUE, rules.SIG_STRUCTURE, rules.SIG_LIMITS)

        def raw(change: Any) -> Change:
            def after(root: Any, signature: Any) -> None:
                node = part(signature, "SignatureValue")
                node.text = change(*numbers(node))

            return after

        turned = {
            "in DER": lambda r, s: base64.b64encode(encode_dss_signature(r, s)).decode(),
            "r and s the other way": lambda r, s: number_pair(s, r),
            "s plus the order, cut": lambda r, s: number_pair(r, (s + ORDER) % (1 << 256)),
            "with 33 octets each": lambda r, s: base64.b64encode(
                r.to_bytes(33, "big") + s.to_bytes(33, "big")
            ).decode(),
            "the last octet off": lambda r, s: base64.b64encode(base64.b64decode(number_pair(r, s))[:-1]).decode(),
        }
        for name, change in turned.items():
            siege.refused(name, forge(eesmn, version, after=raw(change)), version)


def test_a_digest_value_that_is_none(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    texts = {
        **VALUES,
        "of nothing": EMPTY_SHA256,
        "SHA-1's length": "A" * 27 + "=",
        "SHA-512's length": "A" * 86 + "==",
    }
    with besiege(place, least=25) as siege:
        for name, text in texts.items():
            message = forge(eesmn, version, text_of("DigestValue", text))
            siege.refused(name, message, version, rules.SIG_DIGEST, rules.SIG_STRUCTURE, rules.SIG_LIMITS)
        for name, text in texts.items():

            def second(root: Any, signature: Any, text: str = text) -> None:
                node = part(signature, "DigestValue")
                node.addnext(copy.deepcopy(node))
                node.text = text

            siege.refused(("two", name), forge(eesmn, version, second), version, rules.SIG_STRUCTURE)


COMMENTS: Final = ("<!---->", "<!-- x -->", "<![CDATA[]]>", "<!--a--><![CDATA[]]><!--b-->", "&#10;", "\n", "  ")


def test_comments_in_values_mean_nothing(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """They are dropped before anything is read, so each value is one text: it is right, or it is not."""
    with besiege(place, least=40) as siege:
        for name in ("DigestValue", "SignatureValue", "BinarySecurityToken", "Created", "p:fin", "SignedInfo"):
            for comment in COMMENTS:
                message = forge(eesmn, version)
                payload = etree.tostring(etree.fromstring(message)[-1][0], method="c14n", exclusive=True)
                tag = {"Created": "wsu:Created", "BinarySecurityToken": "wsse:BinarySecurityToken"}.get(name, name)
                at = message.index((tag if ":" in tag else f"ds:{tag}").encode())
                at = message.index(b">", at) + 3
                split = message[:at] + comment.encode() + message[at:]
                if name == "SignedInfo":
                    at = message.index(b"<ds:SignatureMethod")
                    split = message[:at] + comment.encode() + message[at:]
                delivered = siege.harmless((name, comment), split, version, payload)
                if delivered:
                    assert comment.startswith("<") or name in ("SignatureValue", "BinarySecurityToken"), (name, comment)


@pytest.mark.parametrize("relative", ["relative", "../x", "x", "?", "#"])
def test_a_void_canonical_form(place: Place, eesmn: Consumer, version: SoapVersion, relative: str) -> None:
    """libxml2 gives up on a relative namespace name; whoever then digests nothing verifies a digest of nothing."""

    def before(root: Any, signature: Any) -> None:
        for value in signature.iter(f"{DS}DigestValue"):
            value.text = EMPTY_SHA256

    def after(root: Any, signature: Any) -> None:
        for target in (root[-1][0], root.find(".//wsu:Timestamp", NS)):
            target.append(etree.Element(f"{{{relative}}}x"))

    with besiege(place, least=3) as siege:
        siege.refused("both", forge(eesmn, version, before, after), version)
        body = GET_PERSON.replace(b"</p:GetPerson>", f'<r:x xmlns:r="{relative}"/></p:GetPerson>'.encode())
        siege.refused("of nothing", forge(eesmn, version, before, after, body=GET_PERSON), version)
        plain = forge(eesmn, version, before)
        siege.refused("in the Body", plain.replace(GET_PERSON, body), version)


def test_a_void_signed_info(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    with besiege(place, least=2) as siege:
        for where in ("<ds:SignedInfo", "<ds:SignatureMethod"):
            text = forge(eesmn, version).replace(where.encode(), f'{where} xmlns:r="rel" r:x="1"'.encode(), 1)
            siege.refused(where, text, version)


def test_canaries_can_sing() -> None:
    """The witness of every lure here notices a call."""
    import urllib.request

    canary = Canary()
    try:
        assert not canary.was_called()
        canary.calls.clear()
        with pytest.raises(OSError):
            urllib.request.urlopen(canary.url, timeout=2)
        assert canary.was_called()
    finally:
        canary.close()


def test_the_forger_can_sign(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """Without a bend, the same forger's messages are delivered: the forms above are refused for what they are."""
    with besiege(place, least=2) as siege:
        for change in (None, lambda root, signature: None):
            message = forge(eesmn, version, change)
            payload = etree.tostring(etree.fromstring(message)[-1][0], method="c14n", exclusive=True)
            assert siege.harmless("plain", message, version, payload)
