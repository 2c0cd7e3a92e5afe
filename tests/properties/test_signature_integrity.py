"""Whatever a message holds, its signature verifies; whatever is changed, nothing else is ever taken for signed.

And inside the profile we are never more trusting than python-xmlsec and signxml: what they reject, we reject.
"""

import base64
import datetime
import hashlib

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier
from signxml.exceptions import InvalidInput, SignXMLException

from esb.certs.canonical import exclusive
from esb.certs.client import signed_request
from esb.certs.keys import FileKey, generate_key
from esb.certs.plain_info import read_plain
from esb.certs.profile import SignatureLimits
from esb.certs.sign import Signer
from esb.certs.signed_info import read_signed_info
from esb.certs.timestamp import read_plain_timestamp, read_timestamp, seconds
from esb.certs.verbatim import may_be_verbatim
from esb.certs.verify import Verifier
from esb.kernel import namespaces as ns
from esb.kernel.directory import CertificateIndex, CertificateUse, KnownCertificate
from esb.kernel.faults import Refusal
from esb.kernel.soap import SoapVersion, open_envelope
from esb.kernel.xml import XmlLimits, parse_message

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
WSU_ID = f"{{{ns.WSU}}}Id"


class Sender:
    def __init__(self):
        key = FileKey(generate_key("p256"))
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sender")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
            .not_valid_after(datetime.datetime(2049, 1, 1, tzinfo=datetime.UTC))
            .sign(key.private_key, hashes.SHA256())
        )
        der = certificate.public_bytes(serialization.Encoding.DER)
        digest = hashlib.sha256(der).digest()
        known = KnownCertificate(
            digest, der, "DIN", CertificateUse.SIGNING, key.public_key(), "CN=Sender", "CN=Sender", 1, 0.0, 4e9
        )
        self.pem = certificate.public_bytes(serialization.Encoding.PEM)
        self.signer = Signer(key, certificate)
        self.verifier = Verifier(SignatureLimits())
        self.index = CertificateIndex(by_sha256={digest: known})

    def verify(self, message):
        return self.verifier.verify(open_envelope(parse_message(message, XmlLimits())), self.index)

    def others_accept(self, message):
        """None, or the name of the tool that rejects."""
        root = etree.fromstring(message)
        signature = root.find(f".//{{{ns.DS}}}Signature")
        references = [reference.get("URI")[1:] for reference in signature.iter(f"{{{ns.DS}}}Reference")]
        context = xmlsec.SignatureContext()
        for element in root.iter("*"):
            if element.get(WSU_ID) in references:
                context.register_id(element, "Id", ns.WSU)
            elif element.get("Id") in references:
                context.register_id(element, "Id")
        context.key = xmlsec.Key.from_memory(self.pem, xmlsec.KeyFormat.CERT_PEM)
        try:
            context.verify(signature)
        except xmlsec.Error:
            return "xmlsec"
        config = SignatureConfiguration(require_x509=False, expect_references=len(references), location=".//")
        try:
            # Without its schema, to which an Id that begins with a digit, as many clients write, is no identifier.
            XMLVerifier().verify(message, x509_cert=self.pem.decode(), expect_config=config, validate_schema=False)
        except (SignXMLException, InvalidInput):
            return "signxml"
        return None


@pytest.fixture(scope="module")
def sender():
    return Sender()


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")) | st.sampled_from("\t\n<>&\"'"), max_size=8
)
PREFIXES = ["", "a", "b", "soap", "wsu", "ds"]
URIS = ["urn:1", "urn:2", ns.SOAP11, ns.WSU]


def quoted(text):
    for character, entity in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ('"', "&quot;"),
        ("\t", "&#9;"),
        ("\n", "&#10;"),
    ):
        text = text.replace(character, entity)
    return text


@st.composite
def elements(draw, depth=3):
    """An element as text; prefixes are declared where they are used, often needlessly or otherwise than above."""
    prefix = draw(st.sampled_from(PREFIXES))
    declared = draw(st.dictionaries(st.sampled_from(PREFIXES), st.sampled_from(URIS), max_size=3))
    if prefix:
        declared.setdefault(prefix, draw(st.sampled_from(URIS)))
    tag = f"{prefix}:e" if prefix else "e"
    # a wsu:Id of a payload's own would be another identifier: that is a test of its own
    attributes = "".join(
        f' {"xmlns:" + name if name else "xmlns"}="{uri}"' for name, uri in sorted(declared.items())
    ) + "".join(
        f' {name}="{quoted(value)}"'
        for name, value in draw(st.dictionaries(st.sampled_from("xyz"), TEXT, max_size=2)).items()
    )
    content = quoted(draw(TEXT))
    if depth:
        for child in draw(st.lists(elements(depth=depth - 1), max_size=2)):
            content += child + quoted(draw(TEXT))
    return f"<{tag}{attributes}>{content}</{tag}>"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=elements(), block=elements(depth=1), version=st.sampled_from(list(SoapVersion)))
def test_whatever_a_message_holds_is_signed_and_verified(sender, content, block, version):
    message = signed_request(sender.signer, version, content.encode(), [block.encode()], 1.8e9, "m")
    assert sender.others_accept(message) is None
    verified = sender.verify(message)
    assert verified.body.canonical in message
    assert len(verified.blocks) == 1


MESSAGE = (
    b'<q:Ask xmlns:q="urn:q" q:kind="fin"><q:fin>5ABCDE1</q:fin><q:x xmlns="urn:d"><y/></q:x></q:Ask>',
    [f'<a:To xmlns:a="{ns.WSA}">urn:good</a:To>'.encode()],
)


@pytest.fixture(scope="module")
def message(sender):
    return signed_request(sender.signer, SoapVersion.V11, *MESSAGE, 1.8e9, "m")


def unchanged(verified, original):
    return (
        verified.body.canonical == original.body.canonical
        and verified.timestamp.canonical == original.timestamp.canonical
        and verified.identity == original.identity
        and [block.canonical for block in verified.blocks] == [block.canonical for block in original.blocks]
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_byte_never_verifies_as_something_else(sender, message, data):
    at = data.draw(st.integers(0, len(message) - 1))
    kind = data.draw(st.sampled_from(["set", "insert", "delete", "swap"]))
    byte = bytes([data.draw(st.sampled_from(b"aA0 \n\"'<>/&;:=x\x00\xff"))])
    changed = {
        "set": message[:at] + byte + message[at + 1 :],
        "insert": message[:at] + byte + message[at:],
        "delete": message[:at] + message[at + 1 :],
        "swap": message[:at] + message[at : at + 2][::-1] + message[at + 2 :],
    }[kind]
    assume(changed != message)
    try:
        verified = sender.verify(changed)
    except Refusal:
        return
    assert unchanged(verified, sender.verify(message))
    assert sender.others_accept(changed) is None


def every_element(root):
    return [element for element in root.iter("*") if element.getparent() is not None]


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_structure_never_verifies_as_something_else(sender, message, data):
    root = etree.fromstring(message)
    for _ in range(data.draw(st.integers(1, 3))):
        all_of_them = every_element(root)
        if not all_of_them:
            break
        element = all_of_them[data.draw(st.integers(0, len(all_of_them) - 1))]
        other = all_of_them[data.draw(st.integers(0, len(all_of_them) - 1))]
        act = data.draw(st.sampled_from(["remove", "double", "move", "rename", "text", "attribute", "copy attributes"]))
        parent = element.getparent()
        if act == "remove":
            parent.remove(element)
        elif act == "double":
            element.addnext(etree.fromstring(etree.tostring(element, with_tail=False)))
        elif act == "move" and element is not other and element not in other.iterancestors():
            other.append(element)
        elif act == "rename":
            element.tag = other.tag
        elif act == "text":
            element.text = other.text
        elif act == "attribute" and element.attrib:
            name = data.draw(st.sampled_from(sorted(element.attrib)))
            element.set(name, data.draw(st.sampled_from(["", "#", *other.attrib.values()])))
        elif act == "copy attributes":
            element.attrib.update(other.attrib)
    changed = etree.tostring(root)
    try:
        verified = sender.verify(changed)
    except Refusal:
        return
    assert unchanged(verified, sender.verify(message))
    assert sender.others_accept(changed) is None


@settings(max_examples=400, deadline=None)
@given(
    content=elements(),
    outer=st.sampled_from(["", ' xmlns="urn:0"', ' xmlns="urn:1"']),
    prefixes=st.lists(st.sampled_from(["#default", "a", "b", "wsu", "nowhere"]), unique=True),
)
@example(content='<a:e xmlns:a="urn:1"><e xmlns=""/></a:e>', outer=' xmlns="urn:0"', prefixes=["#default"])
def test_prefix_lists_give_the_form_that_xmlsec_gives(content, outer, prefixes):
    root = parse_message(
        f'<r xmlns:a="urn:9" xmlns:b="urn:8"{outer}><p:part xmlns:p="urn:p" Id="i">{content}</p:part></r>'.encode(),
        XmlLimits(),
    )
    ours = exclusive(root[0], prefixes)
    signature = xmlsec.template.create(root, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.HMAC_SHA256, ns="ds")
    part = root[0]
    root.append(signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri="#i")
    transform = xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    inclusive = etree.SubElement(transform, f"{{{ns.EXC_C14N}}}InclusiveNamespaces")
    inclusive.set("PrefixList", " ".join(prefixes))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.generate(xmlsec.KeyData.HMAC, 256, xmlsec.KeyDataType.SESSION)
    context.register_id(part, "Id")
    context.sign(signature)
    theirs = reference.find(f"{{{ns.DS}}}DigestValue").text.strip()
    assert base64.b64encode(hashlib.sha256(ours).digest()).decode() == theirs


PIECES = [
    '<ds:Reference URI="#a">',
    "</ds:Reference>",
    "<ds:Transforms>",
    "</ds:Transforms>",
    f'<ds:Transform Algorithm="{ns.EXC_C14N}"/>',
    f'<ds:Transform Algorithm="{ns.ENVELOPED_SIGNATURE}"/>',
    f'<ds:DigestMethod Algorithm="{ns.SHA256}"/>',
    f'<ds:DigestMethod Algorithm="{ns.SHA512}"/>',
    f'<ds:DigestMethod Algorithm="{ns.DS}sha1"/>',
    f"<ds:DigestValue>{'A' * 43}=</ds:DigestValue>",
    f"<ds:DigestValue>{'A' * 86}==</ds:DigestValue>",
    "<ds:DigestValue/>",
    " ",
    "text",
]
FIRST, SECOND = (0, 2, 4, 3, 6, 9, 1), (0, 2, 4, 3, 7, 10, 1)
LAWFUL = ["".join(PIECES[index] for index in order) for order in (FIRST, SECOND)]


@settings(max_examples=500, deadline=None)
@given(
    pieces=st.lists(st.sampled_from([*PIECES, *(LAWFUL * 6)]), max_size=6),
    method=st.sampled_from([ns.ECDSA_SHA256, ns.RSA_SHA512, ns.RSA_PSS, f"{ns.DS}rsa-sha1", ""]),
    name=st.sampled_from(["a", "a.b", "#", "", "a b", "ö"]),
    around=st.sampled_from(
        [
            '<a xmlns:ds="{ds}">{it}</a>',
            '<ds:a xmlns:ds="{ds}" xmlns:b="urn:b"> {it} </ds:a>',
            '<a xmlns:ds="{ds}"><b>{it}</b>{it}</a>',
            '<a xmlns:ds="{ds}"><!-- {it} -->{it}</a>',
            '<a xmlns:ds="{ds}"><![CDATA[{it}]]>{it}</a>',
            '<a xmlns:ds="urn:x"><b xmlns:ds="{ds}">{it}</b></a>',
            '<a xmlns:ds="{ds}" b="&lt;ds:SignedInfo>">{it}</a>',
        ]
    ),
    declared=st.booleans(),
    canonical=st.booleans(),
)
def test_the_shortcut_and_the_walk_agree(pieces, method, name, around, declared, canonical):
    text = (
        f'<ds:SignedInfo xmlns:ds="{ns.DS}"><ds:CanonicalizationMethod Algorithm="{ns.EXC_C14N}"/>'
        f'<ds:SignatureMethod Algorithm="{method}"/>{"".join(pieces).replace("#a", "#" + name)}</ds:SignedInfo>'
    )
    try:
        element = parse_message(text.encode(), XmlLimits())
    except Refusal:
        assume(False)
    plain = read_plain(element, SignatureLimits(), b"")
    if plain is not None:
        info = read_signed_info(element, SignatureLimits())
        assert plain == (info, exclusive(element, info.prefixes))
    # And so where it stands in a message, with the declaration on it or around it, as it came or in another form.
    if canonical:
        text = exclusive(element, ()).decode()
    if not declared:
        text = text.replace(f' xmlns:ds="{ns.DS}"', "", 1)
    data = around.format(ds=ns.DS, it=text).encode()
    for inside in parse_message(data, XmlLimits()).iter(f"{{{ns.DS}}}SignedInfo"):
        again = read_plain(inside, SignatureLimits(), data if may_be_verbatim(data) else b"")
        assert (again is None) == (plain is None)
        if again is not None:
            assert again == (plain[0], exclusive(inside, ()))


@settings(max_examples=500, deadline=None)
@given(
    pieces=st.lists(
        st.sampled_from(
            [
                "<{p}:Created>2026-01-01T00:00:00Z</{p}:Created>",
                "<{p}:Created>2026-01-01T00:00:00.123Z</{p}:Created><{p}:Expires>2026-01-01T00:05:00.123Z</{p}:Expires>",
                "<{p}:Expires>2026-01-01T00:05:00Z</{p}:Expires>",
                "<{p}:Created>2026-13-01T00:00:00Z</{p}:Created>",
                "<{p}:Created>2026-01-01T00:00:00+04:00</{p}:Created>",
                " ",
            ]
        ),
        max_size=3,
    ),
    prefix=st.sampled_from(["wsu", "u", "x"]),
    attributes=st.sampled_from(
        ["", ' {p}:Id="TS-1"', ' Id="TS-1"', " {p}:Id='TS-1'", ' {p}:Id="a&amp;b"', ' xmlns:b="urn:b"']
    ),
    around=st.sampled_from(
        ['<a xmlns:{p}="{u}">{it}</a>', '<a xmlns:{p}="{u}">{it}{it}</a>', '<a xmlns:{p}="{u}"><!--{it}-->{it}</a>']
    ),
    declared=st.booleans(),
)
def test_a_timestamp_read_as_it_came_is_what_canonical_xml_and_the_walk_say(
    pieces, prefix, attributes, around, declared
):
    declaration = f' xmlns:{prefix}="{ns.WSU}"' if declared else ""
    inside = "".join(pieces)
    it = f"<{{p}}:Timestamp{declaration}{attributes}>{inside}</{{p}}:Timestamp>".format(p=prefix)
    data = around.format(p=prefix, u=ns.WSU, it=it).encode()
    for element in parse_message(data, XmlLimits()).iter(f"{{{ns.WSU}}}Timestamp"):
        plain = read_plain_timestamp(element, data) if may_be_verbatim(data) else None
        if plain is not None:
            assert plain.octets == exclusive(element, ())
            assert (plain.created, plain.expires) == read_timestamp(element)


@given(st.integers(0, 253_402_300_799_000), st.integers(-14 * 60, 14 * 60))
def test_every_time_reads_as_the_standard_library_wrote_it(milliseconds, offset):
    moment = EPOCH + datetime.timedelta(milliseconds=milliseconds)
    zone = datetime.timezone(datetime.timedelta(minutes=offset))
    try:
        written = moment.astimezone(zone)
    except OverflowError:
        return
    if written.year < 1970:
        assert seconds(written.isoformat()) is None
    else:
        assert seconds(written.isoformat()) == pytest.approx(milliseconds / 1000, abs=1e-3)


@given(text=st.text(max_size=40) | st.from_regex(r"[0-9T:.+Z-]{10,40}", fullmatch=True))
def test_no_text_breaks_the_reading_of_times(text):
    value = seconds(text)
    assert value is None or isinstance(value, float | int)
