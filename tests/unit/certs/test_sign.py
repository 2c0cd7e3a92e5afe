"""What the bus signs must verify everywhere: under python-xmlsec, signxml and the xmlsec1 command."""

import datetime
import hashlib
import shutil
import subprocess

import pytest
import xmlsec
from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier

from esb.certs.client import signed_request
from esb.certs.sign import PartDigest, Signer, SignerUnfit
from esb.certs.verify import SignatureLimits, Verifier
from esb.kernel import namespaces as ns
from esb.kernel.soap import SoapVersion

WIDELY_KNOWN = ("p256", "p384", "rsa2048", "rsa3072")  # none of the three tools knows Ed25519
CONTENT = (
    '<q:Ask xmlns:q="urn:q" xmlns="urn:d" z="1" a="&lt;&quot;&#xA;"><fin>Şlüz &amp; co</fin><q:x/></q:Ask>'.encode()
)
BLOCK = f'<wsa:To xmlns:wsa="{ns.WSA}">urn:to</wsa:To>'.encode()


def with_xmlsec(message, who):
    root = etree.fromstring(message)
    context = xmlsec.SignatureContext()
    for element in root.iter("*"):
        if element.get(f"{{{ns.WSU}}}Id"):
            context.register_id(element, "Id", ns.WSU)
    context.key = xmlsec.Key.from_memory(who.pem, xmlsec.KeyFormat.CERT_PEM)
    context.verify(root.find(f".//{{{ns.DS}}}Signature"))


def with_signxml(message, who, references):
    config = SignatureConfiguration(require_x509=False, expect_references=references, location=".//")
    XMLVerifier().verify(message, x509_cert=who.pem.decode(), expect_config=config)


@pytest.mark.parametrize("version", list(SoapVersion))
@pytest.mark.parametrize("kind", WIDELY_KNOWN)
def test_three_other_tools_accept_what_we_sign(identity, tmp_path, kind, version):
    who = identity(kind)
    message = signed_request(who.signer, version, CONTENT, [BLOCK], 1.8e9, "x-1.2")
    with_xmlsec(message, who)
    with_signxml(message, who, 3)
    if shutil.which("xmlsec1") is None:
        pytest.skip("the xmlsec1 command is not installed")
    (tmp_path / "message.xml").write_bytes(message)
    (tmp_path / "certificate.pem").write_bytes(who.pem)
    ids = [f"{version.value}:Body", f"{ns.WSU}:Timestamp", f"{ns.WSA}:To"]
    command = ["xmlsec1", "--verify", "--pubkey-cert-pem", str(tmp_path / "certificate.pem")]
    for name in ids:
        command += ["--id-attr:Id", name]
    done = subprocess.run([*command, str(tmp_path / "message.xml")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "(ok/all): 3/3" in done.stderr


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_the_header_stands_in_an_envelope_that_declares_anything(identity, index, forge, kind):
    who = identity(kind)
    body = f'<soap:Body xmlns:soap="{ns.SOAP11}" xmlns:wsu="{ns.WSU}" wsu:Id="b"></soap:Body>'.encode()
    digest = PartDigest("b", hashlib.sha256(body).digest())
    security = who.signer.security_header(SoapVersion.V11, [digest], 1.8e9, 60, "e1", ns.BUS_ACTOR)
    message = (
        b'<s:Envelope xmlns:s="%s" xmlns="urn:default" xmlns:ds="urn:not-ds" xmlns:wsu="urn:not-wsu" xmlns:ec="urn:e" '
        b'xmlns:wsse="urn:not-wsse" xmlns:soap="urn:not-soap" xml:lang="az"><s:Header>%s</s:Header>%s</s:Envelope>'
    ) % (ns.SOAP11.encode(), security, body)
    with_xmlsec(message, who)
    with_signxml(message, who, 2)
    envelope = forge.envelope(message)
    assert Verifier(SignatureLimits()).verify(envelope, index).body.canonical == body
    assert envelope.blocks[0].get(f"{{{ns.SOAP11}}}actor") == ns.BUS_ACTOR
    assert b"mustUnderstand" not in security


@pytest.mark.parametrize("version", list(SoapVersion))
def test_what_is_written_is_its_own_canonical_form(identity, forge, version):
    message = signed_request(identity().signer, version, CONTENT, [BLOCK], 1.8e9, "i")
    envelope = forge.envelope(message)
    signature = envelope.blocks[0].find(f"{{{ns.DS}}}Signature")
    for part in (*envelope.blocks[0], signature[0], envelope.blocks[1], envelope.body):
        canonical = etree.tostring(part, method="c14n", exclusive=True)
        if part not in envelope.blocks[0] or part.tag.endswith("Timestamp"):
            assert canonical in message


def test_prefix_lists_are_carried(identity, index, forge):
    who = identity()
    body = (
        f'<soap:Body xmlns:soap="{ns.SOAP11}" xmlns:wsu="{ns.WSU}" xmlns:xs="{ns.XSD}" wsu:Id="b"></soap:Body>'.encode()
    )
    digest = PartDigest("b", hashlib.sha256(body).digest(), ("xs", "wsu"))
    security = who.signer.security_header(SoapVersion.V11, [digest], 1.8e9, 60, "e1", None)
    message = b'<s:Envelope xmlns:s="%s"><s:Header>%s</s:Header>%s</s:Envelope>' % (ns.SOAP11.encode(), security, body)
    with_xmlsec(message, who)
    with_signxml(message, who, 2)
    verified = Verifier(SignatureLimits()).verify(forge.envelope(message), index)
    assert verified.body.canonical == body
    assert verified.body.prefixes == ("xs", "wsu")


def test_times_are_utc_in_milliseconds(identity):
    created = datetime.datetime(2026, 2, 28, 23, 59, 59, 500_000, tzinfo=datetime.UTC).timestamp()
    header = identity().signer.security_header(SoapVersion.V11, [], created, 1, "i", None)
    assert b">2026-02-28T23:59:59.500Z<" in header
    assert b">2026-03-01T00:00:00.500Z<" in header


@pytest.mark.parametrize("bad", ['a"', "a b", "", "<", "x" * 300])
def test_nothing_breaks_out_of_an_attribute(identity, bad):
    signer = identity().signer
    with pytest.raises(ValueError, match="identifier or prefix"):
        signer.security_header(SoapVersion.V11, [], 1.8e9, 1, bad, None)
    with pytest.raises(ValueError, match="identifier or prefix"):
        signer.security_header(SoapVersion.V11, [PartDigest(bad, b"")], 1.8e9, 1, "i", None)
    with pytest.raises(ValueError, match="identifier or prefix"):
        signer.security_header(SoapVersion.V11, [PartDigest("b", b"", (bad,))], 1.8e9, 1, "i", None)
    header = signer.security_header(SoapVersion.V12, [], 1.8e9, 1, "i", f"urn:{bad}")
    assert etree.fromstring(header).get(f"{{{ns.SOAP12}}}role") == f"urn:{bad}"


def test_a_key_and_a_certificate_must_go_together(identity):
    with pytest.raises(SignerUnfit, match="does not go with the key"):
        Signer(identity("p256").key, identity("rsa2048").certificate)
    with pytest.raises(SignerUnfit, match="not for this key"):
        Signer(identity("p256").key, identity("p256", "Other").certificate)

    class Sha1:
        algorithm = f"{ns.DS}rsa-sha1"

        def sign(self, data):
            return b""

        def public_key(self):
            return identity("rsa2048").key.public_key()

    with pytest.raises(SignerUnfit, match="not in the signature profile"):
        Signer(Sha1(), identity("rsa2048").certificate)
