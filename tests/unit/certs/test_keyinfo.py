"""Who a message says it is signed by: every lawful way to say it, and no other."""

import base64
import hashlib

import pytest

from esb.certs.keyinfo import KeyResolver
from esb.certs.profile import SignatureLimits
from esb.certs.verify import Verifier
from esb.kernel import namespaces as ns
from esb.kernel.directory import CertificateIndex
from esb.kernel.faults import Refusal

STR = "<ds:KeyInfo><wsse:SecurityTokenReference>%s</wsse:SecurityTokenReference></ds:KeyInfo>"
KEY_INFO = "<ds:KeyInfo>%s</ds:KeyInfo>"
X509_DATA = "<ds:X509Data>%s</ds:X509Data>"


def b64(octets):
    return base64.b64encode(octets).decode()


def key_identifier(kind, value, encoding=ns.BASE64_BINARY):
    return f'<wsse:KeyIdentifier ValueType="{kind}" EncodingType="{encoding}">{value}</wsse:KeyIdentifier>'


def issuer_serial(name, serial):
    name = name.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f"<ds:X509IssuerSerial><ds:X509IssuerName>{name}</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{serial}</ds:X509SerialNumber></ds:X509IssuerSerial>"
    )


def der_length(length):
    if length < 0x80:
        return bytes([length])
    size = (length.bit_length() + 7) // 8
    return bytes([0x80 | size]) + length.to_bytes(size, "big")


def sequence(*parts):
    content = b"".join(parts)
    return b"\x30" + der_length(len(content)) + content


@pytest.fixture
def verify(index, forge, identity):
    def run(key_info, tokens="", certificates=index):
        who = identity()
        text = forge.text(who, key_info=key_info, tokens=tokens)
        return Verifier(SignatureLimits()).verify(forge.envelope(forge.complete(text, who)), certificates)

    return run


@pytest.fixture
def refused(verify):
    def run(*arguments, **more):
        with pytest.raises(Refusal) as caught:
            verify(*arguments, **more)
        return caught.value.rule.id

    return run


def test_key_identifiers(verify, identity):
    who = identity()
    for value in (
        key_identifier(ns.X509_SKI, b64(who.ski)),
        key_identifier(ns.THUMBPRINT_SHA1, b64(hashlib.sha1(who.der).digest())),
        key_identifier(ns.X509_V3, who.token),
        f'<wsse:KeyIdentifier ValueType="{ns.X509_SKI}">\n{b64(who.ski)} </wsse:KeyIdentifier>',
    ):
        assert verify(STR % value).signer is who.known
        assert verify(STR % value).token is None


def test_issuer_and_serial_in_every_toolkit_s_spelling(verify, identity):
    who = identity()
    for name in (
        who.certificate.issuer.rfc4514_string(),
        "CN=Issuer of DIN,O=Test\\, Inc. \u018f,C=AZ",
        'CN=Issuer of DIN, O="Test, Inc. \u018f", C=AZ',
        "C=AZ, O=Test\\2c Inc. \\c6\\8f, CN=Issuer of DIN",
        "2.5.4.3=Issuer of DIN,2.5.4.10=Test\\, Inc. \u018f,2.5.4.6=AZ",
        " cn = Issuer of DIN , o = test\\, inc. \u018f , c = az ",
    ):
        data = X509_DATA % issuer_serial(name, who.known.serial)
        assert verify(STR % data).signer is who.known
        assert verify(KEY_INFO % data).signer is who.known


def test_x509_data_as_xml_signature_tools_write_it(verify, identity):
    who = identity()
    certificate = f"<ds:X509Certificate>\n{who.token}\n</ds:X509Certificate>"
    ski = f"<ds:X509SKI>{b64(who.ski)}</ds:X509SKI>"
    named = issuer_serial(who.known.issuer, who.known.serial)
    for content in (certificate, ski, named, certificate + named, named + ski + certificate):
        assert verify(KEY_INFO % (X509_DATA % content)).signer is who.known
        assert verify(STR % (X509_DATA % content)).signer is who.known


def test_x509_data_with_the_chain_and_the_subject(verify, refused, identity):
    """As the JDK, signxml and .NET write it when given a chain (XML Signature 1.1, section 4.5.4): of its certificates
    in whatever order only the signer's own is registered, and the subject's name beside it decides nothing."""
    who, other, authority = identity(), identity("rsa2048"), identity("p384", "CA")
    mine, theirs, above = (f"<ds:X509Certificate>{x.token}</ds:X509Certificate>" for x in (who, other, authority))
    subject = "<ds:X509SubjectName>CN=whoever</ds:X509SubjectName>"
    for content in (mine + above, above + mine, subject + mine, mine + subject + above):
        assert verify(KEY_INFO % (X509_DATA % content)).signer is who.known
    assert refused(KEY_INFO % (X509_DATA % (above + subject))) == "CRT-01"
    assert refused(KEY_INFO % (X509_DATA % (above + above))) == "CRT-01"
    for content in (
        mine + theirs,
        theirs + above + mine,
        mine + mine,
        above + mine + mine,
        subject,
        subject + subject + mine,
        above * 8 + mine,
        mine + subject.replace("CN=whoever", "x" * 4_097),
        mine + "<ds:X509SubjectName><x/></ds:X509SubjectName>",
        mine + above.replace(authority.token, "AA=="),
    ):
        assert refused(KEY_INFO % (X509_DATA % content)) in ("SIG-11", "SIG-12")


def test_tokens(verify, identity, forge):
    who, other = identity(), identity("p384")
    token = forge.token % who.token
    assert verify(forge.key_info, tokens=token).signer is who.known
    assert verify(forge.key_info, tokens=token.replace("wsu:Id", "Id")).signer is who.known
    assert verify(forge.key_info, tokens=token.replace(f' EncodingType="{ns.BASE64_BINARY}"', "")).signer is who.known
    assert verify(forge.key_info.replace(f' ValueType="{ns.X509_V3}"', ""), tokens=token).signer is who.known
    typed = f'wsse:SecurityTokenReference xmlns:w11="{ns.WSSE11}" w11:TokenType="{ns.X509_V3}" Usage="urn:u" '
    assert verify(forge.key_info.replace("wsse:SecurityTokenReference ", typed, 1), tokens=token).signer is who.known
    assert verify(STR % f"<wsse:Embedded>{token}</wsse:Embedded>").signer is who.known
    beside = (forge.token % other.token).replace('"token"', '"another"')
    assert verify(forge.key_info, tokens=beside + token).signer is who.known


def test_the_leaf_of_a_pki_path_is_its_last(verify, refused, identity, forge):
    who, other = identity(), identity("rsa2048", "CA")

    def path(octets):
        token = (forge.token % b64(octets)).replace(ns.X509_V3, ns.X509_PKI_PATH)
        return {"key_info": forge.key_info.replace(ns.X509_V3, ns.X509_PKI_PATH), "tokens": token}

    assert verify(**path(sequence(who.der))).signer is who.known
    assert verify(**path(sequence(other.der, other.der, who.der))).signer is who.known
    assert refused(**path(sequence(who.der, other.der))) == "CRT-01"
    for broken in (
        sequence(),
        who.der,
        sequence(who.der) + b"\0",
        sequence(who.der, b"\0"),
        sequence(*[who.der] * 9),
        sequence(who.der)[:-1],
        b"\x30\x80" + who.der,
        b"\x30\x84\xff\xff\xff\xff",
        b"",
        b"\x30",
    ):
        assert refused(**path(broken)) in ("SIG-12", "CRT-01")


def test_a_certificate_is_exactly_one(refused, identity, forge):
    who = identity()
    for octets in (who.der + b"\0", who.der + who.der, who.der[:-1], b"", b"\x04\x01a"):
        assert refused(forge.key_info, tokens=forge.token % b64(octets)) == "SIG-12"
        assert refused(STR % key_identifier(ns.X509_V3, b64(octets))) == "SIG-12"
    assert refused(forge.key_info, tokens=forge.token % "*") == "SIG-12"
    assert refused(forge.key_info, tokens=forge.token % ("A" * 16388)) == "SIG-11"
    assert refused(forge.key_info, tokens=forge.token % (who.token[:9] + "<x/>" + who.token[9:])) == "SIG-12"


@pytest.mark.parametrize(
    "key_info",
    [
        KEY_INFO % "",
        KEY_INFO % "text",
        KEY_INFO % "<ds:KeyName>DIN</ds:KeyName>",
        KEY_INFO % "<ds:KeyValue/>",
        KEY_INFO % '<ds:RetrievalMethod URI="http://example.org/"/>',
        KEY_INFO % X509_DATA % "",
        KEY_INFO % X509_DATA % "<ds:X509SubjectName>CN=DIN</ds:X509SubjectName>",
        KEY_INFO % X509_DATA % "<ds:X509CRL>AA==</ds:X509CRL>",
        KEY_INFO % X509_DATA % "<ds:X509IssuerSerial/>",
        KEY_INFO % X509_DATA % issuer_serial("CN=x", "-1"),
        KEY_INFO % X509_DATA % issuer_serial("CN=x", "0x10"),
        KEY_INFO % X509_DATA % issuer_serial("CN=x", "\u0665"),
        KEY_INFO % X509_DATA % issuer_serial("not a name", "1"),
        KEY_INFO % X509_DATA % issuer_serial("", "1"),
        KEY_INFO % X509_DATA % "<ds:X509SKI>*</ds:X509SKI>",
        STR % "",
        STR % '<wsse:Reference URI="token"/>',
        STR % '<wsse:Reference URI="#"/>',
        STR % "<wsse:Reference/>",
        STR % '<wsse:Reference URI="#elsewhere"/>',
        STR % '<wsse:Reference URI="http://example.org/token"/>',
        STR % '<wsse:Reference URI="#token"><x/></wsse:Reference>',
        STR % '<wsse:Reference URI="#token" x="y"/>',
        STR % f'<wsse:Reference URI="#token" ValueType="{ns.X509_PKI_PATH}"/>',
        STR % '<wsse:Reference URI="#token"/><wsse:Reference URI="#token"/>',
        STR % "<wsse:Embedded/>",
        STR % "<wsse:KeyIdentifier>AA==</wsse:KeyIdentifier>",
        STR % key_identifier("urn:other", "AA=="),
        STR % key_identifier(ns.X509_SKI, "AA==", "urn:hex"),
        STR % "<ds:KeyName>DIN</ds:KeyName>",
        (STR % '<wsse:Reference URI="#token"/>').replace("Reference>", 'Reference x="y">', 1),
        (STR % '<wsse:Reference URI="#token"/>').replace("<ds:KeyInfo>", "<ds:KeyInfo><ds:KeyName/>"),
        (STR % '<wsse:Reference URI="#token"/>').replace(
            "Reference>", f'Reference xmlns:w11="{ns.WSSE11}" w11:TokenType="urn:saml">', 1
        ),
    ],
)
def test_other_forms_are_refused(refused, identity, forge, key_info):
    assert refused(key_info, tokens=forge.token % identity().token) == "SIG-12"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ns.X509_V3, ns.X509_PKCS7),
        (ns.X509_V3, "urn:other"),
        (f' ValueType="{ns.X509_V3}"', ""),
        (ns.BASE64_BINARY, "urn:hex"),
        ("wsu:Id", 'x="y" wsu:Id'),
    ],
)
def test_other_tokens_are_refused(refused, identity, forge, old, new):
    token = forge.token % identity().token
    assert refused(STR % '<wsse:Reference URI="#token"/>', tokens=token.replace(old, new)) == "SIG-12"


def test_two_tokens_of_one_name_are_refused(refused, identity, forge):
    token = forge.token % identity().token
    assert refused(forge.key_info, tokens=token + token) == "SIG-12"


def test_two_identities_are_refused(refused, identity):
    who, other = identity(), identity("rsa2048")
    mine = f"<ds:X509Certificate>{who.token}</ds:X509Certificate>"
    data = mine + issuer_serial(other.known.issuer, other.known.serial)
    assert refused(KEY_INFO % (X509_DATA % data)) == "SIG-12"
    assert refused(KEY_INFO % (X509_DATA % (mine + mine))) == "SIG-12"
    assert refused(KEY_INFO % (X509_DATA % mine) * 2) == "SIG-02"
    assert refused(KEY_INFO % (X509_DATA % mine * 2)) == "SIG-12"


def test_what_is_not_registered_is_unknown(refused, identity):
    stranger = identity(name="Stranger")
    for key_info in (
        STR % key_identifier(ns.X509_SKI, b64(stranger.ski)),
        STR % key_identifier(ns.THUMBPRINT_SHA1, b64(b"x" * 20)),
        KEY_INFO % (X509_DATA % issuer_serial(stranger.known.issuer, stranger.known.serial)),
        KEY_INFO % (X509_DATA % f"<ds:X509Certificate>{stranger.token}</ds:X509Certificate>"),
    ):
        assert refused(key_info) == "CRT-01"


def test_a_token_of_one_and_a_key_of_another(identity, forge, index):
    mine, other = identity("rsa2048"), identity("rsa3072")
    message = forge.complete(forge.text(mine, algorithm=ns.RSA_SHA256), other)
    with pytest.raises(Refusal) as caught:
        Verifier(SignatureLimits()).verify(forge.envelope(message), index)
    assert caught.value.rule.id == "SIG-08"


def test_only_known_tokens_are_remembered_and_not_without_end(identity, forge, index):
    limits = SignatureLimits(cached_tokens=2)
    resolver = KeyResolver(limits)

    def resolve(who, space, certificates=index):
        text = forge.text(who, tokens=forge.token % (" " * space + who.token))
        security = forge.envelope(text.encode()).blocks[0]
        return resolver.resolve(security[2][2], (security[0],), certificates)

    for space in range(5):
        assert resolve(identity(), space).certificate is identity().known
        assert len(resolver._digests) <= 2
    before = dict(resolver._digests)
    for space in range(5):
        with pytest.raises(Refusal):
            resolve(identity(name="Stranger"), space)
    assert resolver._digests == before
    with pytest.raises(Refusal):
        resolve(identity(), 4, CertificateIndex())
