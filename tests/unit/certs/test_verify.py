"""What a signature must be to be believed, and everything that is refused, by rule."""

import base64
import hashlib
import re

import pytest
from lxml import etree

from esb.certs.client import signed_request
from esb.certs.profile import CURVE_ORDERS
from esb.certs.verify import SignatureLimits, Verifier
from esb.kernel import namespaces as ns
from esb.kernel.directory import CertificateIndex
from esb.kernel.faults import Refusal
from esb.kernel.soap import SoapVersion

EXC = f'<ds:Transform Algorithm="{ns.EXC_C14N}">'
ENVELOPED = f'<ds:Transform Algorithm="{ns.ENVELOPED_SIGNATURE}"/>'
METHOD = f'<ds:CanonicalizationMethod Algorithm="{ns.EXC_C14N}"/>'
ALGORITHMS = [
    ("rsa2048", ns.RSA_SHA256),
    ("rsa2048", ns.RSA_SHA384),
    ("rsa3072", ns.RSA_SHA512),
    ("rsa2048", ns.RSA_PSS_SHA256),
    ("rsa3072", ns.RSA_PSS_SHA384),
    ("rsa2048", ns.RSA_PSS_SHA512),
    ("p256", ns.ECDSA_SHA256),
    ("p256", ns.ECDSA_SHA384),
    ("p384", ns.ECDSA_SHA384),
    ("p384", ns.ECDSA_SHA512),
    ("ed25519", ns.EDDSA_ED25519),
]


@pytest.fixture
def verify(index, forge):
    def run(message, certificates=index):
        return Verifier(SignatureLimits()).verify(forge.envelope(message), certificates)

    return run


@pytest.fixture
def refused(verify):
    def run(message, **more):
        with pytest.raises(Refusal) as caught:
            verify(message, **more)
        return caught.value.rule.id

    return run


@pytest.mark.parametrize(("kind", "algorithm"), ALGORITHMS)
def test_every_listed_algorithm_verifies(forge, identity, verify, kind, algorithm):
    who = identity(kind)
    verified = verify(forge.complete(forge.text(who, algorithm=algorithm), who))
    assert verified.signer is who.known
    assert verified.algorithm == algorithm


@pytest.mark.parametrize("digest", [ns.SHA256, ns.SHA384, ns.SHA512])
def test_every_listed_digest_verifies_and_sha256_is_always_given(forge, identity, verify, digest):
    who = identity()
    references = forge.reference("body", digest=digest) + forge.reference("time", digest=digest)
    verified = verify(forge.complete(forge.text(who, references=references), who))
    assert verified.body.sha256 == hashlib.sha256(verified.body.canonical).digest()


@pytest.mark.parametrize("version", list(SoapVersion))
def test_what_is_returned_is_what_was_signed(forge, identity, index, version):
    who = identity()
    blocks = (
        f'<wsa:To xmlns:wsa="{ns.WSA}" wsu:Id="to">urn:x</wsa:To><x:Plain xmlns:x="urn:x">unsigned</x:Plain>'
        '<x:Other xmlns:x="urn:x" Id="other">signed</x:Other>'
    )
    references = "".join(forge.reference(part) for part in ("other", "time", "to", "token", "body"))
    text = forge.text(who, references=references, blocks=blocks, version=version)
    envelope = forge.envelope(forge.complete(text, who))
    verified = Verifier(SignatureLimits()).verify(envelope, index)
    assert verified.body.element is envelope.body
    assert verified.body.id == "body"
    assert verified.body.canonical == etree.tostring(envelope.body, method="c14n", exclusive=True)
    assert [part.id for part in verified.blocks] == ["to", "other"]
    assert [part.element for part in verified.blocks] == [envelope.blocks[1], envelope.blocks[3]]
    assert verified.security is envelope.blocks[0]
    assert verified.token is envelope.blocks[0][0]
    assert verified.timestamp.element is envelope.blocks[0][1]
    assert verified.signature is envelope.blocks[0][2]
    assert verified.created == 1767225600.0
    assert verified.expires == 1767225900.0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<wsse:Security>", f'<wsse:Security soap:actor="{ns.BUS_ACTOR}" soap:mustUnderstand="1">'),
        ("<wsse:Security>", f'<wsse:Security soap:actor="{ns.SOAP11_NEXT}">'),
        (EXC, ENVELOPED + EXC),
        (EXC, EXC + '<ec:InclusiveNamespaces PrefixList="soap  wsu unknown"/>'),
        (EXC, EXC + '<ec:InclusiveNamespaces PrefixList=""/>'),
        (METHOD, METHOD[:-2] + '><ec:InclusiveNamespaces PrefixList="wsse soap"/></ds:CanonicalizationMethod>'),
        ("<ds:Reference ", '<ds:Reference Id="r" Type="urn:any" '),
        ("<ds:Signature>", '<ds:Signature Id="SIG-1">'),
        ("<ds:SignatureValue/>", '<ds:SignatureValue Id="v"/>'),
        ("<ds:SignedInfo>", '<ds:SignedInfo Id="si">\n  '),
        ("<ds:SignedInfo>", "<ds:SignedInfo><!-- a comment is no content -->"),
        ("<wsse:Security>", f'<wsse:Security><w11:SignatureConfirmation xmlns:w11="{ns.WSSE11}" Value=""/>'),
        ('URI="#body"', 'URI="&#x23;body"'),
        ('soap:Body wsu:Id="body"', 'soap:Body Id="body"'),
        ("<soap:Header>", '<soap:Header><wsse:Security soap:actor="urn:other"><ds:Signature/></wsse:Security>'),
        ("</wsse:Security>", "</wsse:Security><x:Unsigned xmlns:x='urn:x'>ignored</x:Unsigned>"),
    ],
)
def test_lawful_forms_verify(forge, identity, verify, old, new):
    who = identity()
    text = forge.text(who)
    assert old in text
    assert verify(forge.complete(text.replace(old, new), who)).signer is who.known


def test_the_parts_of_the_security_header_stand_in_any_order(forge, identity, verify):
    who = identity()
    text = forge.text(who, tokens="")
    token = forge.token % who.token
    moved = text.replace(forge.timestamp, "").replace("</ds:Signature>", "</ds:Signature>" + token + forge.timestamp)
    assert verify(forge.complete(moved, who)).token is not None


def test_white_space_in_values_is_lawful(forge, identity, verify):
    who = identity()
    message = forge.complete(
        forge.text(who, tokens=forge.token % ("\n" + who.token[:60] + "\r\n\t" + who.token[60:])), who
    )
    spaced = message.replace(b"</ds:SignatureValue>", b"\n  </ds:SignatureValue>")
    assert verify(spaced).identity == verify(message).identity


@pytest.mark.parametrize("method", ["SignatureMethod", "DigestMethod"])
@pytest.mark.parametrize("inside", ["\n  ", " \t&#13;\n", "\n<!-- -->\n", ""])
def test_white_space_in_a_method_is_lawful(forge, identity, verify, method, inside):
    """XML Signature 1.1, sections 4.4.2 and 4.4.3.5: both have mixed content, so a template may close them on a line of
    their own."""
    who = identity()
    text = re.sub(rf'(<ds:{method} Algorithm="[^"]+")/>', rf"\1>{inside}</ds:{method}>", forge.text(who))
    assert f"</ds:{method}>" in text
    assert verify(forge.complete(text, who)).signer is who.known


@pytest.mark.parametrize("method", ["SignatureMethod", "DigestMethod"])
@pytest.mark.parametrize("inside", ["1", "&#160;", "&#8195;", "\n<x/>\n", "<ds:DigestValue/>", "<!-- -->1"])
def test_anything_else_in_a_method_is_not(forge, identity, refused, method, inside):
    who = identity()
    text = re.sub(rf'(<ds:{method} Algorithm="[^"]+")/>', rf"\1>{inside}</ds:{method}>", forge.text(who))
    assert refused(forge.complete(text, who)) == "SIG-02"


PSS_MORE = "http://www.w3.org/2007/05/xmldsig-more#"
PSS_DIGEST = f'<ds:DigestMethod Algorithm="{ns.SHA256}"/>'
PSS_MASK = f'<p:MaskGenerationFunction Algorithm="{PSS_MORE}MGF1">{PSS_DIGEST}</p:MaskGenerationFunction>'
PSS_SALT = "<p:SaltLength>32</p:SaltLength>"
PSS_TRAILER = "<p:TrailerField>1</p:TrailerField>"


@pytest.fixture
def with_pss(forge, identity):
    """A message signed with RSA-PSS by its generic identifier, with these parameters."""

    def make(*parameters):
        who = identity("rsa2048")
        inside = "".join(parameters)
        text = forge.text(who, algorithm=ns.RSA_PSS)
        stated = f'Algorithm="{ns.RSA_PSS}"><p:RSAPSSParams xmlns:p="{PSS_MORE}">{inside}</p:RSAPSSParams>'
        stated += "</ds:SignatureMethod>"
        return forge.complete(text.replace(f'Algorithm="{ns.RSA_PSS}"/>', stated) if parameters else text, who)

    return make


@pytest.mark.parametrize(
    "parameters",
    [
        (PSS_DIGEST, PSS_MASK, PSS_SALT, PSS_TRAILER),
        (PSS_MASK, PSS_SALT, PSS_TRAILER),
        (PSS_DIGEST, PSS_SALT),
        (PSS_DIGEST, PSS_MASK),
        (PSS_DIGEST, PSS_MASK.replace(PSS_DIGEST, "")),
        ("",),
        (),
    ],
)
def test_rsa_pss_by_its_parameters_and_their_defaults(with_pss, verify, parameters):
    """RFC 9231 2.3.9: the defaults are those of sha256-rsa-MGF1.  The JDK leaves out what is a default."""
    assert verify(with_pss(*parameters)).algorithm == ns.RSA_PSS_SHA256


@pytest.mark.parametrize(
    "parameters",
    [
        (PSS_DIGEST, PSS_MASK, PSS_SALT.replace("32", "20")),
        (PSS_DIGEST, PSS_MASK, PSS_SALT, PSS_TRAILER.replace("1", "2")),
        (PSS_DIGEST, PSS_MASK.replace("MGF1", "MGF2")),
        (PSS_DIGEST, PSS_MASK.replace(ns.SHA256, f"{ns.DS}sha1")),
        (PSS_DIGEST, PSS_MASK.replace(PSS_DIGEST, PSS_DIGEST + PSS_DIGEST)),
        (PSS_DIGEST, PSS_MASK.replace(PSS_DIGEST, "<p:Other/>")),
        (PSS_DIGEST.replace(ns.SHA256, ns.SHA512), PSS_MASK),
        (PSS_DIGEST.replace(ns.SHA256, f"{ns.DS}sha1"), PSS_MASK.replace(ns.SHA256, f"{ns.DS}sha1")),
        (PSS_DIGEST, PSS_DIGEST),
        (PSS_DIGEST, "<p:Other/>"),
    ],
)
def test_rsa_pss_with_other_parameters(with_pss, refused, parameters):
    assert refused(with_pss(*parameters)) == "SIG-09"


SECOND = '<ds:Reference URI="#time">'
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
REFUSED = [
    # the header
    ("wsse:Security>", "wsse:Secured>", "SIG-01"),
    ("<wsse:Security>", '<wsse:Security soap:actor="urn:other">', "SIG-01"),
    ("</soap:Header>", "<wsse:Security/></soap:Header>", "SIG-01"),
    ("</soap:Header>", f'<wsse:Security soap:actor="{ns.BUS_ACTOR}"/></soap:Header>', "SIG-01"),
    ("<ds:Signature>", "<ds:Signature/><ds:Signature>", "SIG-01"),
    ("<wsse:Security>", "<wsse:Security>text", "SIG-02"),
    ("<wsse:Security>", "<wsse:Security><wsse:UsernameToken/>", "SIG-02"),
    ("<wsse:Security>", '<wsse:Security><e:EncryptedKey xmlns:e="urn:e"/>', "SIG-02"),
    ("<wsse:Security>", "<wsse:Security><wsu:Timestamp/>", "TIM-01"),
    # the shape of the signature
    ("<ds:SignatureValue/>", "", "SIG-02"),
    ("<ds:SignatureValue/>", "<ds:SignatureValue/><ds:SignatureValue/>", "SIG-02"),
    ("<ds:SignatureValue/>", "<ds:SignatureValue>AA<b/>==</ds:SignatureValue>", "SIG-02"),
    ("<ds:SignatureValue/>", f"<ds:SignatureValue>{'A' * 5000}</ds:SignatureValue>", "SIG-11"),
    ("<ds:SignatureValue/>", "<ds:SignatureValue>A*==</ds:SignatureValue>", "SIG-08"),
    ("<ds:SignatureValue/>", "<ds:SignatureValue> </ds:SignatureValue>", "SIG-08"),
    ("</ds:Signature>", "<ds:Object/></ds:Signature>", "SIG-02"),
    ("<ds:Signature>", '<ds:Signature soap:x="y">', "SIG-02"),
    ("<ds:Signature>", "<ds:Signature>text", "SIG-02"),
    ("</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>", "SIG-02"),
    (METHOD, "", "SIG-02"),
    (METHOD, METHOD + METHOD, "SIG-02"),
    (METHOD, f'<ds:CanonicalizationMethod Algorithm="{INCLUSIVE}"/>', "SIG-09"),
    (METHOD, f'<ds:CanonicalizationMethod Algorithm="{ns.EXC_C14N}WithComments"/>', "SIG-09"),
    (METHOD, "<ds:CanonicalizationMethod/>", "SIG-02"),
    (METHOD, METHOD[:-2] + ' x="y"/>', "SIG-02"),
    (METHOD, METHOD[:-2] + "><ec:Other/></ds:CanonicalizationMethod>", "SIG-02"),
    (f'"{ns.ECDSA_SHA256}"/>', f'"{ns.DS}rsa-sha1"/>', "SIG-09"),
    (f'"{ns.ECDSA_SHA256}"/>', f'"{MORE}ecdsa-sha1"/>', "SIG-09"),
    (f'"{ns.ECDSA_SHA256}"/>', f'"{MORE}hmac-sha256"/>', "SIG-09"),
    (f'"{ns.ECDSA_SHA256}"/>', f'"{MORE}rsa-md5"/>', "SIG-09"),
    (f'"{ns.ECDSA_SHA256}"/>', '""/>', "SIG-09"),
    (f'"{ns.ECDSA_SHA256}"/>', f'"{ns.RSA_SHA256}"/>', "SIG-13"),
    (f'"{ns.ECDSA_SHA256}"/>', f'"{ns.EDDSA_ED25519}"/>', "SIG-13"),
    (
        f'"{ns.ECDSA_SHA256}"/>',
        f'"{ns.ECDSA_SHA256}"><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>',
        "SIG-02",
    ),
    # references
    (SECOND, '<ds:Reference URI="">', "SIG-06"),
    (SECOND, "<ds:Reference>", "SIG-06"),
    (SECOND, '<ds:Reference URI="#">', "SIG-06"),
    (SECOND, '<ds:Reference URI="time">', "SIG-06"),
    (SECOND, '<ds:Reference URI="http://example.org/#time">', "SIG-06"),
    (SECOND, '<ds:Reference URI="#xpointer(/)">', "SIG-06"),
    (SECOND, "<ds:Reference URI=\"#xpointer(id('time'))\">", "SIG-06"),
    (SECOND, '<ds:Reference URI="#%74ime">', "SIG-06"),
    (SECOND, '<ds:Reference URI="# time">', "SIG-06"),
    (SECOND, '<ds:Reference URI="#nothing">', "SIG-06"),
    (SECOND, '<ds:Reference URI="#str">', "SIG-06"),
    (SECOND, '<ds:Reference URI="#body">', "SIG-06"),
    (SECOND, '<ds:Reference URI="#time" x="y">', "SIG-02"),
    (SECOND, f'<ds:Reference URI="#time" Id="{"x" * 2000}">', "SIG-11"),
    (SECOND, "text" + SECOND, "SIG-02"),
    ("</ds:SignedInfo>", "<ds:Manifest/></ds:SignedInfo>", "SIG-02"),
    (EXC, f'<ds:Transform Algorithm="{INCLUSIVE}">', "SIG-10"),
    (EXC, f'<ds:Transform Algorithm="{ns.EXC_C14N}WithComments">', "SIG-10"),
    (EXC, '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">', "SIG-10"),
    (EXC, '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">', "SIG-10"),
    (EXC, '<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2">', "SIG-10"),
    (EXC, f'<ds:Transform Algorithm="{ns.DS}base64">', "SIG-10"),
    (EXC, EXC[:-1] + "/>" + EXC, "SIG-10"),
    (EXC, ENVELOPED + ENVELOPED + EXC, "SIG-10"),
    (EXC, f'<ds:Transform Algorithm="{ns.ENVELOPED_SIGNATURE}">', "SIG-10"),
    (EXC, EXC + '<ec:InclusiveNamespaces PrefixList="a"/><ec:InclusiveNamespaces PrefixList="b"/>', "SIG-02"),
    (EXC, EXC + '<ec:InclusiveNamespaces PrefixList="a:b"/>', "SIG-02"),
    (EXC, EXC + f'<ec:InclusiveNamespaces PrefixList="{"p " * 65}"/>', "SIG-11"),
    (EXC, EXC + f'<ec:InclusiveNamespaces PrefixList="{"p" * 5000}"/>', "SIG-11"),
    ("<ds:Transforms>", "<ds:Transforms><x/>", "SIG-10"),
    ("<ds:Transforms>", '<ds:Transforms x="y">', "SIG-02"),
    (f'<ds:DigestMethod Algorithm="{ns.SHA256}"/>', f'<ds:DigestMethod Algorithm="{ns.DS}sha1"/>', "SIG-09"),
    (f'<ds:DigestMethod Algorithm="{ns.SHA256}"/>', f'<ds:DigestMethod Algorithm="{MORE}md5"/>', "SIG-09"),
    (f'<ds:DigestMethod Algorithm="{ns.SHA256}"/>', "", "SIG-02"),
    (
        f'<ds:DigestMethod Algorithm="{ns.SHA256}"/>',
        f'<ds:DigestMethod Algorithm="{ns.SHA256}"><x/></ds:DigestMethod>',
        "SIG-02",
    ),
    ("<ds:DigestValue/>", "<ds:DigestValue/><ds:DigestValue/>", "SIG-02"),
    ("<ds:DigestValue/>", '<ds:DigestValue x="y"/>', "SIG-02"),
    ("<ds:DigestValue/>", "<ds:DigestValue>A<x/>A==</ds:DigestValue>", "SIG-02"),
    ("<ds:DigestValue/>", "<ds:DigestValue>AAAA</ds:DigestValue>", "SIG-07"),
    ("<ds:DigestValue/>", "<ds:DigestValue>A-_A</ds:DigestValue>", "SIG-02"),
    ("<ds:DigestValue/>", f"<ds:DigestValue>{'A' * 300}</ds:DigestValue>", "SIG-11"),
    ("<ds:DigestValue/>", f"<ds:DigestValue>{'A' * 43}=</ds:DigestValue>", "SIG-07"),
    # coverage
    ("</soap:Header>", f'<a:To xmlns:a="{ns.WSA}">urn:x</a:To></soap:Header>', "SIG-05"),
    ("</soap:Header>", f'<a:To xmlns:a="{ns.WSA_2004}">urn:x</a:To></soap:Header>', "SIG-05"),
    (
        "</soap:Header>",
        f'<a:MessageID xmlns:a="{ns.WSA}" soap:actor="urn:other">urn:x</a:MessageID></soap:Header>',
        "SIG-05",
    ),
    ("</soap:Header>", f'<e:Exchange xmlns:e="{ns.EXCHANGE}"/></soap:Header>', "SIG-05"),
    # identifiers
    ("</soap:Header>", '<x:X xmlns:x="urn:x" wsu:Id="body"/></soap:Header>', "MSG-14"),
    ("</soap:Header>", '<x:X xmlns:x="urn:x" Id="time"/></soap:Header>', "MSG-14"),
    ("</soap:Header>", '<x:X xmlns:x="urn:x"><y ID="body"/></x:X></soap:Header>', "MSG-14"),
    ("</soap:Header>", '<x:X xmlns:x="urn:x"><y id="time"/></x:X></soap:Header>', "MSG-14"),
    ("</soap:Header>", '<x:X xmlns:x="urn:x"><y xml:id="body"/></x:X></soap:Header>', "MSG-14"),
    ("<soap:Envelope ", '<soap:Envelope wsu:Id="body" ', "MSG-14"),
    ("<soap:Header>", '<soap:Header Id="body">', "MSG-14"),
    ("<ds:Signature>", '<ds:Signature Id="body">', "MSG-14"),
    ("<q:fin>", '<q:fin wsu:Id="body">', "MSG-14"),
    ("<q:fin>", '<q:fin ID="time">', "MSG-14"),
    # the Timestamp
    (">2026-01-01T00:00:00Z<", ">yesterday<", "TIM-01"),
    ("<wsu:Expires>2026", "<wsu:Expires>2025", "TIM-01"),
    # tokens
    ("<wsse:Security>", "<wsse:Security>" + "<wsse:BinarySecurityToken/>" * 4, "SIG-11"),
    ("</soap:Header>", "<x/>" * 64 + "</soap:Header>", "SIG-11"),
]


@pytest.mark.parametrize(("old", "new", "rule"), REFUSED)
def test_refused_by_its_rule(forge, identity, refused, old, new, rule):
    who = identity()
    text = forge.text(who)
    assert old in text
    assert refused(forge.complete(text.replace(old, new), who)) == rule


def test_an_unsigned_message_is_refused(forge, refused):
    plain = f'<s:Envelope xmlns:s="{ns.SOAP11}">%s<s:Body/></s:Envelope>'
    assert refused((plain % "").encode()) == "SIG-01"
    assert refused((plain % "<s:Header/>").encode()) == "SIG-01"
    assert refused((plain % f'<s:Header><w:Security xmlns:w="{ns.WSSE}"/></s:Header>').encode()) == "SIG-01"


@pytest.mark.parametrize(
    ("signed", "rule"),
    [("time", "SIG-03"), ("body", "SIG-04"), ("token", "SIG-03")],
)
def test_body_and_timestamp_must_be_signed(forge, identity, refused, signed, rule):
    who = identity()
    assert refused(forge.complete(forge.text(who, references=forge.reference(signed)), who)) == rule


def test_no_references_and_too_many(forge, identity, refused):
    who = identity()
    assert refused(forge.complete(forge.text(who, references=""), who)) == "SIG-02"
    assert refused(forge.complete(forge.text(who, references=forge.reference("body") * 33), who)) == "SIG-11"


def test_the_security_header_cannot_be_signed(forge, identity, refused):
    who = identity()
    text = forge.text(who, references="".join(map(forge.reference, ("body", "time", "sec"))))
    assert refused(forge.complete(text.replace("<wsse:Security>", '<wsse:Security wsu:Id="sec">'), who)) == "SIG-06"


def test_no_transforms_means_inclusive_canonicalization(forge, identity, refused):
    who = identity()
    text = forge.text(who)
    bare = text.replace(text[text.index("<ds:Transforms>") : text.index("</ds:Transforms>") + 16], "", 1)
    assert refused(forge.complete(bare, who)) == "SIG-10"


def test_tampering_is_told_by_what_was_touched(forge, identity, refused):
    who = identity()
    message = forge.complete(forge.text(who), who)
    assert refused(message.replace(b"5ABCDE1", b"5ABCDE2")) == "SIG-07"
    assert refused(message.replace(b"00:05:00", b"00:50:00")) == "SIG-07"
    assert refused(message.replace(b'<ds:Reference URI="#body"', b'<ds:Reference Type="" URI="#body"')) == "SIG-08"


def test_a_void_canonical_form_is_never_digested(forge, identity, refused):
    # libxml2 refuses relative namespace names; a tool that went on would digest nothing at all
    who = identity()
    text = forge.text(who).replace(
        "<ds:DigestValue/>",
        f"<ds:DigestValue>{base64.b64encode(hashlib.sha256(b'').digest()).decode()}</ds:DigestValue>",
    )
    message = forge.complete(text, who)
    assert refused(message.replace(b"<q:fin>", b'<q:fin xmlns:v="void" v:a="b">')) == "MSG-05"


def test_a_signature_by_another_key_is_refused(forge, identity, refused):
    mine, other = identity(), identity(name="Other")
    assert refused(forge.complete(forge.text(mine), other)) == "SIG-08"


def test_a_stranger_is_refused_before_anything_is_computed(forge, identity, refused):
    who = identity(name="Stranger")
    message = forge.complete(forge.text(who), who)
    assert refused(message) == "CRT-01"
    # even where the rest could not be canonicalized: nothing of it was looked at
    assert refused(message.replace(b"<q:fin>", b'<q:fin xmlns:v="void" v:a="b">')) == "CRT-01"
    assert refused(message, certificates=CertificateIndex()) == "CRT-01"


def test_a_certificate_that_leaves_the_registry_is_unknown_at_once(forge, identity, index):
    who = identity()
    verifier = Verifier(SignatureLimits())
    message = forge.complete(forge.text(who), who)
    verifier.verify(forge.envelope(message), index)
    with pytest.raises(Refusal) as caught:
        verifier.verify(forge.envelope(message), CertificateIndex())
    assert caught.value.rule.id == "CRT-01"


def _with_value(message, change):
    root = etree.fromstring(message)
    place = root.find(f".//{{{ns.DS}}}SignatureValue")
    place.text = base64.b64encode(change(base64.b64decode(place.text))).decode()
    return etree.tostring(root)


def test_a_malleated_ecdsa_signature_is_the_same_signature(forge, identity, verify):
    who = identity()
    message = forge.complete(forge.text(who), who)
    order = CURVE_ORDERS["secp256r1"]
    other = _with_value(message, lambda v: v[:32] + (order - int.from_bytes(v[32:])).to_bytes(32))
    assert other != message
    assert verify(other).identity == verify(message).identity


def test_another_message_is_another_signature(forge, identity, verify):
    who = identity("rsa2048")
    first = forge.complete(forge.text(who), who)
    second = forge.complete(forge.text(who, body=forge.body.replace("5ABCDE1", "5ABCDE2")), who)
    assert verify(first).identity == verify(first).identity != verify(second).identity


def test_an_identifier_that_also_stands_in_a_text_is_lawful(forge, identity, verify):
    who = identity()
    body = forge.body.replace("5ABCDE1", 'say ="body" and ="time"').replace("<q:fin>", '<q:fin kind="body">')
    assert verify(forge.complete(forge.text(who, body=body), who)).body.id == "body"


def test_a_part_may_have_both_identifiers(forge, identity, verify):
    who = identity()
    body = forge.body.replace('wsu:Id="body"', 'wsu:Id="body" Id="body"')
    assert verify(forge.complete(forge.text(who, body=body), who)).body.id == "body"


def _str_digest(forge, who, default):
    """The digest of the token as the STR-Transform gives it, computed apart."""
    envelope = forge.envelope(forge.text(who).encode())
    octets = etree.tostring(envelope.blocks[0][0], method="c14n", exclusive=True)
    octets = octets.replace(b"<wsse:BinarySecurityToken ", b"<wsse:BinarySecurityToken " + default, 1)
    return base64.b64encode(hashlib.sha256(octets).digest()).decode()


def test_the_str_transform_signs_the_token(forge, identity, verify, refused):
    who = identity()
    transform = (
        f'<ds:Reference URI="#str"><ds:Transforms><ds:Transform Algorithm="{ns.STR_TRANSFORM}">'
        f"<wsse:TransformationParameters>{METHOD}</wsse:TransformationParameters></ds:Transform></ds:Transforms>"
        f'<ds:DigestMethod Algorithm="{ns.SHA256}"/><ds:DigestValue>%s</ds:DigestValue></ds:Reference>'
    )
    plain = forge.reference("body") + forge.reference("time")
    good = plain + transform % _str_digest(forge, who, b'xmlns="" ')
    verified = verify(forge.complete(forge.text(who, references=good), who))
    assert verified.blocks == ()
    both = good + forge.reference("token")
    assert verify(forge.complete(forge.text(who, references=both), who)).token is not None
    wrong = plain + transform % _str_digest(forge, who, b"")
    assert refused(forge.complete(forge.text(who, references=wrong), who)) == "SIG-07"
    elsewhere = plain + forge.reference("token").replace(ns.EXC_C14N, ns.STR_TRANSFORM)
    assert refused(forge.complete(forge.text(who, references=elsewhere), who)) == "SIG-02"
    on_token = good.replace('URI="#str"', 'URI="#token"')
    assert refused(forge.complete(forge.text(who, references=on_token), who)) == "SIG-06"
    thumbprint = (
        '<ds:KeyInfo><wsse:SecurityTokenReference wsu:Id="str">'
        f'<wsse:KeyIdentifier ValueType="{ns.THUMBPRINT_SHA1}">%s</wsse:KeyIdentifier>'
        "</wsse:SecurityTokenReference></ds:KeyInfo>"
    )
    thumb = base64.b64encode(hashlib.sha1(who.der).digest()).decode()
    text = forge.text(who, references=good, key_info=thumbprint % thumb, tokens="")
    assert refused(forge.complete(text, who)) == "SIG-10"


def test_what_the_bus_signs_it_verifies(identity, verify):
    for kind in ("p256", "p384", "ed25519", "rsa2048"):
        who = identity(kind)
        message = signed_request(who.signer, SoapVersion.V12, b'<a xmlns="urn:a"/>', [b"<h/>"], 1.8e9, "x1")
        verified = verify(message)
        assert (verified.created, verified.expires) == (1.8e9, 1.8e9 + 300)
        assert [part.id for part in verified.blocks] == ["H1-x1"]
