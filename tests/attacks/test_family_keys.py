"""Whose key: every way of naming a certificate that the profile does not list, and every way of naming another's.

KeyInfo is covered by no signature, so anybody can rewrite it: it must lead to one registered certificate inside the
message or the registry, and what it leads to must have signed.
"""

import base64
import copy
import datetime
from typing import Any, Final

import pytest
from attacks.forging import element, forge
from attacks.siege import besiege
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree
from support.client import NS, WSU_ID, Consumer
from support.place import Place

from esb.certs.keys import generate_key
from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.soap import SoapVersion

STR: Final = "<wsse:SecurityTokenReference>%s</wsse:SecurityTokenReference>"
DATA: Final = "<ds:X509Data>%s</ds:X509Data>"
_DSIG11: Final = "http://www.w3.org/2009/xmldsig11#"
_TRUST: Final = "http://docs.oasis-open.org/ws-sx/ws-secureconversation/200512"
_TOKENS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#"


@pytest.fixture(scope="module")
def other(attacked: Place) -> Consumer:
    """Another member, with a grant of its own."""
    consumer = attacked.member("KEYS")
    attacked.grant("KEYS")
    attacked.settle()
    return consumer


def der(consumer: Consumer) -> bytes:
    assert consumer.certificate is not None
    return consumer.certificate.public_bytes(Encoding.DER)


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def named(inside: str) -> Any:
    """The KeyInfo holds this instead of what it held."""

    def after(root: Any, signature: Any) -> None:
        key_info = signature.find("ds:KeyInfo", NS)
        for child in list(key_info):
            key_info.remove(child)
        for child in element(f"<x>{inside}</x>"):
            key_info.append(child)

    return after


def serial_of(certificate: x509.Certificate) -> str:
    return (
        f"<ds:X509IssuerSerial><ds:X509IssuerName>{certificate.issuer.rfc4514_string()}</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{certificate.serial_number}</ds:X509SerialNumber></ds:X509IssuerSerial>"
    )


def forms_of_reference(eesmn: Consumer, other: Consumer, lure: str) -> dict[str, str]:
    """KeyInfo in forms that the profile does not list, most of which would lead to the right key."""
    assert eesmn.certificate is not None
    assert other.certificate is not None
    public = eesmn.certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    point = b64(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    spki = b64(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    mine, theirs = b64(der(eesmn)), b64(der(other))
    reference = f'<wsse:Reference URI="%s" ValueType="{ns.X509_V3}"/>'
    found = {
        f"a reference to {uri}": STR % (reference % uri)
        for uri in (lure, "file:///etc/passwd", "ftp://127.0.0.1/x", "cid:token", "#", "", "#no", "token", "##", "#x y",
                    "#xpointer(/)", "data:,x", "//127.0.0.1/x", "urn:x", "ldap://127.0.0.1/cn=x?userCertificate")
    }  # fmt: skip
    found |= {
        "RetrievalMethod": f'<ds:RetrievalMethod URI="{lure}"/>',
        "RetrievalMethod to itself": '<ds:RetrievalMethod URI="#k"/>',
        "KeyInfoReference": f'<k:KeyInfoReference xmlns:k="{_DSIG11}" URI="{lure}"/>',
        "KeyName": "<ds:KeyName>EESMN</ds:KeyName>",
        "KeyName in a reference": STR % "<ds:KeyName>EESMN</ds:KeyName>",
        "KeyName of a file": "<ds:KeyName>../../etc/passwd</ds:KeyName>",
        "KeyName of a lookup": f"<ds:KeyName>${{jndi:{lure}}}</ds:KeyName>",
        "ECKeyValue": f'<ds:KeyValue><k:ECKeyValue xmlns:k="{_DSIG11}">'
        '<k:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/>'
        f"<k:PublicKey>{point}</k:PublicKey></k:ECKeyValue></ds:KeyValue>",
        "RSAKeyValue": "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent>"
        "</ds:RSAKeyValue></ds:KeyValue>",
        "DSAKeyValue": "<ds:KeyValue><ds:DSAKeyValue><ds:P>AA==</ds:P></ds:DSAKeyValue></ds:KeyValue>",
        "DEREncodedKeyValue": f'<k:DEREncodedKeyValue xmlns:k="{_DSIG11}">{spki}</k:DEREncodedKeyValue>',
        "PGPData": "<ds:PGPData><ds:PGPKeyID>AA==</ds:PGPKeyID></ds:PGPData>",
        "SPKIData": "<ds:SPKIData><ds:SPKISexp>AA==</ds:SPKISexp></ds:SPKIData>",
        "MgmtData": "<ds:MgmtData>EESMN</ds:MgmtData>",
        "EncryptedKey": '<e:EncryptedKey xmlns:e="http://www.w3.org/2001/04/xmlenc#"/>',
        "DerivedKeyToken": f'<c:DerivedKeyToken xmlns:c="{_TRUST}"/>',
        "SecurityContextToken": STR % f'<c:SecurityContextToken xmlns:c="{_TRUST}"><c:Identifier>urn:x</c:Identifier>'
        "</c:SecurityContextToken>",
        "an assertion": STR % '<s:Assertion xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion"/>',
        "a name and password": STR % "<wsse:UsernameToken><wsse:Username>EESMN</wsse:Username></wsse:UsernameToken>",
        "the subject's name": DATA % f"<ds:X509SubjectName>{eesmn.certificate.subject.rfc4514_string()}"
        "</ds:X509SubjectName>",
        "a digest": DATA % f'<k:X509Digest xmlns:k="{_DSIG11}" Algorithm="{ns.SHA256}">'
        f"{b64(eesmn.certificate.fingerprint(hashes.SHA256()))}</k:X509Digest>",
        "a revocation list": DATA % f"<ds:X509Certificate>{mine}</ds:X509Certificate><ds:X509CRL>AA==</ds:X509CRL>",
        "nothing": "",
        "an empty reference": STR % "",
        "empty data": DATA % "",
        "text": "EESMN",
        "two references": 2 * (STR % (DATA % serial_of(eesmn.certificate))),
        "two certificates": DATA % f"<ds:X509Certificate>{mine}</ds:X509Certificate>" * 2,
        "two certificates in one": DATA % (2 * f"<ds:X509Certificate>{mine}</ds:X509Certificate>"),
        "mine, and the serial of another": DATA
        % (f"<ds:X509Certificate>{mine}</ds:X509Certificate>" + serial_of(other.certificate)),
        "the serial of another, and mine": DATA
        % (serial_of(other.certificate) + f"<ds:X509Certificate>{mine}</ds:X509Certificate>"),
        "mine and another's data": DATA % f"<ds:X509Certificate>{mine}</ds:X509Certificate>"
        + DATA % f"<ds:X509Certificate>{theirs}</ds:X509Certificate>",
        "another's": DATA % f"<ds:X509Certificate>{theirs}</ds:X509Certificate>",
        "another's serial": DATA % serial_of(other.certificate),
        "another's serial in a reference": STR % (DATA % serial_of(other.certificate)),
        "an embedded token of another": STR % f'<wsse:Embedded><wsse:BinarySecurityToken ValueType="{ns.X509_V3}" '
        f'EncodingType="{ns.BASE64_BINARY}">{theirs}</wsse:BinarySecurityToken></wsse:Embedded>',
        "two embedded tokens": STR
        % (f'<wsse:Embedded>{2 * f"<wsse:BinarySecurityToken>{mine}</wsse:BinarySecurityToken>"}'
        "</wsse:Embedded>"),
        "a reference in an embedded one": STR % f"<wsse:Embedded>{STR % ''}</wsse:Embedded>",
        "a chain of references": "<wsse:SecurityTokenReference>" * 50 + "</wsse:SecurityTokenReference>" * 50,
    }  # fmt: skip
    for kind in ("SHA1", "X509SubjectKeyIdentifier", "X509v3", "PKCS7", "", "Kerberosv5APREQSHA1"):
        for text in ("", "AA==", "A" * 28, "not base64", "=" * 4, b64(b"\0" * 20)):
            found[f"a key identifier {kind} {text}"] = STR % (
                f'<wsse:KeyIdentifier ValueType="{_TOKENS}{kind}" EncodingType="{ns.BASE64_BINARY}">{text}'
                "</wsse:KeyIdentifier>"
            )
    return found


def test_forms_of_naming_a_key(place: Place, eesmn: Consumer, other: Consumer, version: SoapVersion) -> None:
    wanted = (rules.SIG_KEY_INFO, rules.CRT_KNOWN, rules.SIG_VALUE, rules.SIG_LIMITS, rules.SIG_STRUCTURE)
    with besiege(place, least=90) as siege:
        for name, inside in forms_of_reference(eesmn, other, siege.canary.url).items():
            siege.refused(name, forge(eesmn, version, None, named(inside)), version, *wanted)


def token(change: Any) -> Any:
    """Change the token's text or attributes."""

    def after(root: Any, signature: Any) -> None:
        change(root.find(".//wsse:BinarySecurityToken", NS))

    return after


def path(*certificates: bytes) -> bytes:
    inner = b"".join(certificates)
    return b"\x30\x82" + len(inner).to_bytes(2, "big") + inner


def tokens(eesmn: Consumer, other: Consumer) -> dict[str, Any]:
    """What may stand in a BinarySecurityToken and is not the signer's one certificate."""
    mine, theirs = der(eesmn), der(other)
    octets = {
        "an octet after it": mine + b"\0",
        "another certificate after it": mine + theirs,
        "itself after it": mine + mine,
        "a kilobyte after it": mine + b"A" * 1024,
        "an octet before it": b"\0" + mine,
        "cut": mine[:-1],
        "its head": mine[:4],
        "nothing": b"",
        "one octet": b"\x30",
        "of indefinite length": b"\x30\x80" + mine[4:] + b"\0\0",
        "with a long length": b"\x30\x83\x00" + mine[2:],
        "in a sequence": path(mine),
        "in two sequences": path(path(mine)),
        "another tag": b"\x31" + mine[1:],
        "of another": theirs,
        "a flipped bit": mine[:-1] + bytes((mine[-1] ^ 1,)),
        "a flipped name": mine.replace(b"EESMN", b"DSMFX"),
        "zeros": bytes(len(mine)),
        "a terabyte long": b"\x30\x86\x01" + bytes(5) + mine,
    }
    found: dict[str, Any] = {
        name: lambda node, given=given: setattr(node, "text", b64(given)) for name, given in octets.items()
    }
    texts = {
        "in PEM": eesmn.pem().decode(),
        "in PEM without its lines": "-----BEGIN CERTIFICATE-----" + b64(mine),
        "in hexadecimal": mine.hex(),
        "for URLs": base64.urlsafe_b64encode(mine).decode().replace("=", "") + "-_",
        "percent-encoded": b64(mine).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
        "twice": b64(mine) * 2,
        "with a comma": b64(mine) + "," + b64(theirs),
        "a data URL": "data:application/pkix-cert;base64," + b64(mine),
        "17 KB of white space": b64(mine) + " " * 17_000,
        "its base64 again": b64(b64(mine).encode()),
    }
    found |= {name: lambda node, text=given: setattr(node, "text", text) for name, given in texts.items()}
    for kind in ("X509v1", "X509", "PKCS7", "X509PKIPathv1x", "", "x"):
        found[f"of type {kind}"] = lambda node, kind=kind: node.set("ValueType", _TOKENS + kind)
    found["of no type"] = lambda node: node.attrib.pop("ValueType")
    for encoding in ("HexBinary", "Base64", "base64Binary", "", "Text"):
        uri = ns.BASE64_BINARY.rpartition("#")[0] + "#" + encoding
        found[f"encoded as {encoding}"] = lambda node, uri=uri: node.set("EncodingType", uri)
    paths = {
        "an empty path": path(),
        "a path that ends with another": path(mine, theirs),
        "a path of nine": path(*([theirs] * 8), mine),
        "a path with an octet after it": path(theirs, mine) + b"\0",
        "a path with a hole": path(theirs, b"\x05\0", mine),
        "a bare certificate": mine,
    }

    def as_path(octets: bytes) -> Any:
        def change(node: Any) -> None:
            node.text = b64(octets)
            node.set("ValueType", ns.X509_PKI_PATH)
            reference = node.getroottree().getroot().find(".//wsse:SecurityTokenReference/wsse:Reference", NS)
            reference.set("ValueType", ns.X509_PKI_PATH)

        return change

    return found | {name: as_path(given) for name, given in paths.items()}


def test_tokens_that_are_not_one_certificate(
    place: Place, eesmn: Consumer, other: Consumer, version: SoapVersion
) -> None:
    wanted = (rules.SIG_KEY_INFO, rules.CRT_KNOWN, rules.SIG_VALUE, rules.SIG_LIMITS)
    with besiege(place, least=45) as siege:
        for name, change in tokens(eesmn, other).items():
            siege.refused(name, forge(eesmn, version, None, token(change)), version, *wanted)


def test_tokens_beside_tokens(place: Place, eesmn: Consumer, other: Consumer, version: SoapVersion) -> None:
    """A second token, of one name or none, before or after, here or elsewhere: it is never the second that signed."""
    with besiege(place, least=20) as siege:
        for name in ("the same", "none", "another", "Id"):
            for where in ("before", "after", "in another header", "in the Body", "in KeyInfo"):

                def after(root: Any, signature: Any, name: str = name, where: str = where) -> None:
                    own = root.find(".//wsse:BinarySecurityToken", NS)
                    ident = own.get(WSU_ID)
                    twin = copy.deepcopy(own)
                    twin.text = b64(der(other))
                    if name != "the same":
                        del twin.attrib[WSU_ID]
                    if name == "another":
                        twin.set(WSU_ID, "another")
                    if name == "Id":
                        twin.set("Id", ident)
                    match where:
                        case "before":
                            own.addprevious(twin)
                        case "after":
                            own.addnext(twin)
                        case "in another header":
                            etree.SubElement(root[0], "{urn:x}h").append(twin)
                        case "in the Body":
                            root[-1][0].append(twin)
                        case _:
                            signature[2].append(twin)

                message = forge(eesmn, version, None, after)
                payload = etree.tostring(etree.fromstring(message)[-1][0], method="c14n", exclusive=True)
                delivered = siege.harmless((name, where), message, version, payload)
                # Beside the first, under no name or another, or where nobody looks: it changes nothing.
                assert not delivered or where == "in another header" or name in ("none", "another"), (name, where)


def test_five_tokens_are_too_many(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    with besiege(place, least=3) as siege:
        for count in (4, 100, 2_000):

            def after(root: Any, signature: Any, count: int = count) -> None:
                for number in range(count):
                    twin = copy.deepcopy(root.find(".//wsse:BinarySecurityToken", NS))
                    twin.set(WSU_ID, f"t{number}")
                    root[0][0].append(twin)

            siege.refused(count, forge(eesmn, version, None, after), version, rules.SIG_LIMITS, rules.SIZE)


def impostor(of: x509.Certificate, key: Any, signed_by: Any, **changes: Any) -> x509.Certificate:
    """A certificate with all that another says of itself."""
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(changes.get("subject", of.subject))
        .issuer_name(changes.get("issuer", of.issuer))
        .public_key(key.public_key())
        .serial_number(changes.get("serial", of.serial_number))
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
    )
    for extension in of.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(signed_by, hashes.SHA256())


def test_certificates_that_only_look_registered(
    place: Place, eesmn: Consumer, other: Consumer, version: SoapVersion
) -> None:
    """The same name, issuer, serial number, identifiers and usages; signed by its own key, a member's, a false CA's."""
    assert eesmn.certificate is not None
    assert other.certificate is not None
    own, false = generate_key("p256"), generate_key("p256")
    made = {
        "by itself": impostor(eesmn.certificate, own, own),
        "by a false authority": impostor(eesmn.certificate, own, false),
        "by a member": impostor(eesmn.certificate, own, other.key, issuer=other.certificate.subject),
        "by a member in the authority's name": impostor(eesmn.certificate, own, other.key),
        "of another's key": impostor(eesmn.certificate, other.key, own),
        "with the right key, by another": impostor(eesmn.certificate, eesmn.key, false),
    }
    keys = {"of another's key": other.key, "with the right key, by another": eesmn.key}
    with besiege(place, least=3 * len(made)) as siege:
        for name, certificate in made.items():
            sender = Consumer("EESMN", keys.get(name, own), certificate)
            siege.refused(name, sender.sign(version=version), version, rules.CRT_KNOWN)
            # What such a certificate says of itself finds the registered one; then its key has not signed.
            key_id = b64(certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest)
            ways = {
                "serial": DATA % serial_of(certificate),
                "key identifier": STR % f'<wsse:KeyIdentifier ValueType="{ns.X509_SKI}">{key_id}</wsse:KeyIdentifier>',
            }
            for way, inside in ways.items():
                if name == "with the right key, by another":
                    siege.refused((name, way), sender.sign(version=version), version, rules.CRT_KNOWN)
                    continue
                message = forge(sender, version, None, named(inside))
                siege.refused((name, way), message, version, rules.SIG_VALUE, rules.CRT_KNOWN)
