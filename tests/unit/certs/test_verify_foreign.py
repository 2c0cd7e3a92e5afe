"""Messages as clients that are not ours write them: zeep, python-xmlsec, node-soap, WSS4J and .NET shapes."""

import base64
import datetime
import hashlib

import pytest
import xmlsec
from lxml import etree
from zeep.wsse.signature import BinarySignature, Signature

from esb.certs.verify import SignatureLimits, Verifier
from esb.kernel import namespaces as ns
from esb.kernel.soap import SoapVersion

SOAP = {SoapVersion.V11: ns.SOAP11, SoapVersion.V12: ns.SOAP12}


@pytest.fixture
def verify(index, forge):
    return lambda message: Verifier(SignatureLimits()).verify(forge.envelope(message), index)


def plain(version=SoapVersion.V11, namespaces="", body_attributes=""):
    return etree.fromstring(
        f'<s:Envelope xmlns:s="{SOAP[version]}" {namespaces}><s:Header><wsse:Security xmlns:wsse="{ns.WSSE}" '
        f's:mustUnderstand="1"><wsu:Timestamp xmlns:wsu="{ns.WSU}"><wsu:Created>2026-01-01T00:00:00Z</wsu:Created>'
        "<wsu:Expires>2026-01-01T00:05:00Z</wsu:Expires></wsu:Timestamp></wsse:Security></s:Header>"
        f'<s:Body {body_attributes}><Ask xmlns="urn:q"><fin>5ABCDE1</fin></Ask></s:Body></s:Envelope>'
    )


@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072", "p256"])
@pytest.mark.parametrize("plugin", [BinarySignature, Signature])
@pytest.mark.parametrize("version", list(SoapVersion))
def test_zeep(identity, verify, tmp_path, kind, plugin, version):
    who = identity(kind)
    (tmp_path / "key").write_bytes(who.key_pem)
    (tmp_path / "certificate").write_bytes(who.pem)
    method = xmlsec.Transform.ECDSA_SHA256 if kind == "p256" else xmlsec.Transform.RSA_SHA256
    signature = plugin(
        str(tmp_path / "key"),
        str(tmp_path / "certificate"),
        signature_method=method,
        digest_method=xmlsec.Transform.SHA256,
    )
    envelope, _ = signature.apply(plain(version), {})
    verified = verify(etree.tostring(envelope))
    assert verified.signer is who.known
    assert (verified.token is not None) is (plugin is BinarySignature)


def sign_with_xmlsec(root, who, parts, *, method, digest=xmlsec.Transform.SHA256, prefixes=None, enveloped=False):
    security = root[0][0]
    signature = xmlsec.template.create(root, xmlsec.Transform.EXCL_C14N, method, ns="ds")
    security.append(signature)
    context = xmlsec.SignatureContext()
    for part, name in parts:
        reference = xmlsec.template.add_reference(signature, digest, uri=f"#{name}")
        if enveloped:
            xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
        transform = xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        if prefixes is not None:
            inclusive = etree.SubElement(transform, f"{{{ns.EXC_C14N}}}InclusiveNamespaces")
            inclusive.set("PrefixList", prefixes)
        if part.get("Id"):
            context.register_id(part, "Id")
        else:
            context.register_id(part, "Id", ns.WSU)
    key_info = xmlsec.template.ensure_key_info(signature)
    context.key = xmlsec.Key.from_memory(who.key_pem, xmlsec.KeyFormat.PEM)
    context.sign(signature)
    reference = etree.SubElement(key_info, f"{{{ns.WSSE}}}SecurityTokenReference")
    return signature, reference


def by_thumbprint(reference, who):
    identifier = etree.SubElement(reference, f"{{{ns.WSSE}}}KeyIdentifier", ValueType=ns.THUMBPRINT_SHA1)
    identifier.text = base64.b64encode(hashlib.sha1(who.der).digest()).decode()


METHODS = [
    ("p256", xmlsec.Transform.ECDSA_SHA256),
    ("p384", xmlsec.Transform.ECDSA_SHA384),
    ("p384", xmlsec.Transform.ECDSA_SHA512),
    ("rsa2048", xmlsec.Transform.RSA_SHA256),
    ("rsa3072", xmlsec.Transform.RSA_SHA512),
]
# Binds more than it uses, and a default namespace: what Java stacks write
NAMESPACES = f'xmlns:xs="{ns.XSD}" xmlns:xsi="{ns.XSI}" xmlns:unused="urn:unused" xmlns="urn:default"'


@pytest.mark.parametrize(("kind", "method"), METHODS)
@pytest.mark.parametrize("digest", [xmlsec.Transform.SHA256, xmlsec.Transform.SHA384, xmlsec.Transform.SHA512])
@pytest.mark.parametrize("prefixes", [None, "", "xs xsi unused wsse nowhere", "#default xs"])
def test_python_xmlsec(identity, verify, kind, method, digest, prefixes):
    who = identity(kind)
    root = plain(namespaces=NAMESPACES)
    root[1].set(f"{{{ns.WSU}}}Id", "id-1")
    root[0][0][0].set(f"{{{ns.WSU}}}Id", "id-2")
    parts = [(root[1], "id-1"), (root[0][0][0], "id-2")]
    _, reference = sign_with_xmlsec(root, who, parts, method=method, digest=digest, prefixes=prefixes)
    by_thumbprint(reference, who)
    verified = verify(etree.tostring(root))
    assert verified.signer is who.known
    assert verified.body.prefixes == tuple((prefixes or "").split())


def test_node_soap(identity, verify):
    """Plain Id attributes, the enveloped-signature transform before canonicalization, no EncodingType order."""
    who = identity("rsa2048")
    root = plain(body_attributes='Id="_1"')
    timestamp = root[0][0][0]
    timestamp.set("Id", "_0")
    token = etree.SubElement(root[0][0], f"{{{ns.WSSE}}}BinarySecurityToken", EncodingType=ns.BASE64_BINARY)
    token.set("ValueType", ns.X509_V3)
    token.set(f"{{{ns.WSU}}}Id", "x509-1a2b")
    token.text = who.token
    parts = [(root[1], "_1"), (timestamp, "_0")]
    _, reference = sign_with_xmlsec(root, who, parts, method=xmlsec.Transform.RSA_SHA256, enveloped=True)
    etree.SubElement(reference, f"{{{ns.WSSE}}}Reference", URI="#x509-1a2b", ValueType=ns.X509_V3)
    verified = verify(etree.tostring(root))
    assert verified.token.get("EncodingType") == ns.BASE64_BINARY
    assert verified.body.id == "_1"


def test_dot_net(identity, verify):
    """X509Data with issuer and serial in KeyInfo itself, and the signature indented as XmlDocument writes it."""
    who = identity("rsa2048")
    root = plain()
    root[1].set(f"{{{ns.WSU}}}Id", "body-1")
    root[0][0][0].set(f"{{{ns.WSU}}}Id", "uuid-2")
    parts = [(root[1], "body-1"), (root[0][0][0], "uuid-2")]
    signature, reference = sign_with_xmlsec(root, who, parts, method=xmlsec.Transform.RSA_SHA256)
    key_info = reference.getparent()
    key_info.remove(reference)
    data = etree.SubElement(key_info, f"{{{ns.DS}}}X509Data")
    serial = etree.SubElement(data, f"{{{ns.DS}}}X509IssuerSerial")
    etree.SubElement(serial, f"{{{ns.DS}}}X509IssuerName").text = 'CN=Issuer of DIN, O="Test, Inc. \u018f", C=AZ'
    etree.SubElement(serial, f"{{{ns.DS}}}X509SerialNumber").text = str(who.known.serial)
    value = signature.find(f"{{{ns.DS}}}SignatureValue")
    value.text = "\r\n    ".join(value.text.split("\n"))
    assert verify(etree.tostring(root)).signer is who.known


def test_an_indented_signed_info(identity, verify, forge):
    who = identity()
    text = forge.text(who)
    head, _, rest = text.partition("<ds:SignedInfo>")
    inside, _, tail = rest.partition("</ds:SignedInfo>")
    message = forge.complete(
        head + "<ds:SignedInfo>" + inside.replace("><", ">\n   <") + "\n</ds:SignedInfo>" + tail, who
    )
    assert verify(message).signer is who.known


def test_other_prefixes_and_none(identity, verify, forge):
    who = identity()
    text = forge.text(who)
    assert verify(forge.complete(text.replace("ds:", "dsig:").replace(":ds=", ":dsig="), who)).signer is who.known
    unprefixed = text.replace("<ds:", "<").replace("</ds:", "</").replace(f'xmlns:ds="{ns.DS}"', "")
    unprefixed = unprefixed.replace("<Signature>", f'<Signature xmlns="{ns.DS}">')
    assert verify(forge.complete(unprefixed, who)).signer is who.known


def test_times_as_other_stacks_write_them(identity, verify, forge):
    who = identity()
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC).timestamp()
    for written in ("2026-01-01T00:00:00+00:00", "2026-01-01T04:00:00.000000+04:00", "2025-12-31T24:00:00"):
        text = forge.text(who).replace("2026-01-01T00:00:00Z", written)
        assert verify(forge.complete(text, who)).created == moment
