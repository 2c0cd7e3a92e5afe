"""A document's signature: made in the one form that is believed, and believed in no other."""

import pytest
from lxml import etree
from support.extracts import NOW, Authority

from esb.certs.keys import KINDS, KeyUnusable
from esb.certs.xades import DocumentTampered, SignatureMisplaced, sign_document, verify_document
from esb.kernel.xml import Element, XmlLimits, parse_message

AUTHORITY = Authority()
DOCUMENT = '<d:Doc xmlns:d="urn:x" Id="doc"><d:Text>Şəxsiyyət</d:Text><d:Text>b</d:Text></d:Doc>'
DS = "{http://www.w3.org/2000/09/xmldsig#}"


def parse(octets: bytes | str) -> Element:
    return parse_message(octets.encode() if isinstance(octets, str) else octets, XmlLimits())


def signed(kind: str = "p256") -> bytes:
    signer = AUTHORITY.signer(kind=kind)
    return sign_document(parse(DOCUMENT), signer.key, signer.chain, NOW)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("ed25519", "rsa3072", "rsa4096")])
def test_what_was_signed_verifies(kind: str) -> None:
    signer = AUTHORITY.signer(kind=kind)
    found = verify_document(parse(sign_document(parse(DOCUMENT), signer.key, signer.chain, NOW)))
    assert (found.certificate, *found.chain) == signer.chain
    assert found.signed_at == int(NOW)
    assert [one.text for one in found.element] == ["Şəxsiyyət", "b"]
    assert found.element.find(f".//{DS}Signature") is None


def test_a_key_that_has_no_algorithm_is_told() -> None:
    signer = AUTHORITY.signer(kind="ed25519")
    with pytest.raises(KeyUnusable, match="RSA or ECDSA"):
        sign_document(parse(DOCUMENT), signer.key, signer.chain, NOW)


def test_signing_leaves_the_document_as_it_was() -> None:
    root = parse(DOCUMENT)
    signer = AUTHORITY.signer()
    sign_document(root, signer.key, signer.chain, NOW)
    assert etree.tostring(root, encoding="unicode") == DOCUMENT


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Şəxsiyyət", "Şəxsiyyəti"),
        ('Id="doc"', 'Id="doc" extra="x"'),
        ("<d:Text>b</d:Text>", ""),
        ("<d:Text>b</d:Text>", "<d:Text>b</d:Text><d:Text>c</d:Text>"),
        ("SigningTime>2026-09-", "SigningTime>2026-08-"),
        ("<ds:SignatureValue>", "<ds:SignatureValue>AAAA"),
        ("text/xml", "text/html"),
    ],
)
def test_a_change_anywhere_is_tampering(before: str, after: str) -> None:
    octets = signed().decode()
    assert before in octets
    with pytest.raises(DocumentTampered):
        verify_document(parse(octets.replace(before, after, 1)))


def test_another_certificate_in_its_place_is_tampering() -> None:
    """Its digest is among what is signed, so a certificate for the same key cannot be put there either."""
    root = parse(signed())
    certificate = root.find(f".//{DS}X509Certificate")
    other = parse(signed()).find(f".//{DS}X509Certificate")
    assert certificate is not None
    assert other is not None
    certificate.text = other.text
    with pytest.raises(DocumentTampered):
        verify_document(parse(etree.tostring(root)))


def _set(path: str, name: str, value: str) -> str:
    """A signed document with one attribute of its signature changed."""
    root = parse(signed())
    element = root.find(path, {"ds": DS[1:-1], "x": "http://uri.etsi.org/01903/v1.3.2#"})
    assert element is not None
    element.set(name, value)
    return etree.tostring(root, encoding="unicode")


def _without(path: str) -> str:
    root = parse(signed())
    element = root.find(path, {"ds": DS[1:-1], "x": "http://uri.etsi.org/01903/v1.3.2#"})
    assert element is not None
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)
    return etree.tostring(root, encoding="unicode")


def _twice() -> str:
    octets = signed().decode()
    begin = octets.index("<ds:Signature")
    signature = octets[begin : octets.index("</ds:Signature>") + len("</ds:Signature>")]
    return octets.replace("<d:Text>b", f"{signature}<d:Text>b")


def _unreadable() -> str:
    root = parse(signed())
    certificate = root.find(f".//{DS}X509Certificate")
    assert certificate is not None
    certificate.text = "AAAA"
    return etree.tostring(root, encoding="unicode")


def _many() -> str:
    root = parse(signed())
    data = root.find(f".//{DS}X509Data")
    assert data is not None
    for _ in range(9):
        etree.SubElement(data, f"{DS}X509Certificate").text = data[0].text
    return etree.tostring(root, encoding="unicode")


MISPLACED = {
    "no signature": lambda: DOCUMENT,
    "a signature that is not last": lambda: signed().decode().replace("</d:Doc>", "<d:More/></d:Doc>"),
    "two signatures": _twice,
    "another reference": lambda: _set(".//ds:Reference[1]", "URI", ""),
    "another transform": lambda: _set(".//ds:Transform[2]", "Algorithm", "http://www.w3.org/2001/10/xml-exc-c14n#"),
    "a stylesheet": lambda: _set(".//ds:Transform[2]", "Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116"),
    "another canonical form": lambda: _set(
        ".//ds:CanonicalizationMethod", "Algorithm", "http://www.w3.org/2001/10/xml-exc-c14n#"
    ),
    "an untyped reference": lambda: _set(".//ds:Reference[2]", "Type", "urn:x"),
    "another target": lambda: _set(".//x:QualifyingProperties", "Target", "#doc"),
    "no certificate": lambda: _without(".//ds:X509Data"),
    "no properties": lambda: _without(".//x:SignedProperties"),
    "a missing reference": lambda: _without(".//ds:Reference[3]"),
    "an unreadable certificate": _unreadable,
    "too many certificates": _many,
    "an identifier twice": lambda: _set(".//ds:SignatureValue", "Id", "doc"),
    "an identifier twice in another spelling": lambda: signed().decode().replace("<d:Text>b", '<d:Text id="doc">b'),
}


@pytest.mark.parametrize("case", MISPLACED)
def test_no_other_form_is_believed(case: str) -> None:
    octets = MISPLACED[case]()
    octets = octets.partition("?>")[2] if octets.startswith("<?xml") else octets
    with pytest.raises(SignatureMisplaced):
        verify_document(parse(octets))
