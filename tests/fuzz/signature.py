"""The signature profile: whatever becomes of a signed message, what is accepted was signed by the key that it names.

Two ways to change a message: its octets, and its tree, where parts move, double, get other names, identifiers and
prefixes; then, perhaps, it is signed again by the consumer, by another member or by a stranger.
"""

from typing import Any, Final

import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding
from fuzz import tree
from fuzz.dice import Dice
from fuzz.signing import (
    HONEST,
    MEMBER,
    STRANGER,
    WSU_ID,
    Signed,
    base_messages,
    index,
    owner_of,
    sign_again,
    signed_in,
    signer,
)
from fuzz.target import Found, Target
from lxml import etree

from esb.certs.canonical import exclusive
from esb.certs.profile import SignatureLimits
from esb.certs.verify import Verifier
from esb.kernel import namespaces as ns
from esb.kernel.faults import Refusal
from esb.kernel.message import VerifiedSignature
from esb.kernel.soap import Envelope, open_envelope
from esb.kernel.xml import XmlLimits, parse_message

_VERIFIER: Final = Verifier(SignatureLimits())
_LIMITS: Final = XmlLimits()
_SIGNATURE: Final = f"{{{ns.DS}}}Signature"
_RULES: Final = ("SIG-", "CRT-01", "TIM-01", "MSG-")


def octets(data: bytes) -> None:
    """A base message with changes at the places that the dice say."""
    dice = Dice(data)
    base = dice.pick(base_messages())
    changed = bytearray(base)
    for _ in range(1 + dice.below(6)):
        at = dice.below(len(changed) + 1)
        size = dice.below(12)
        word = dice.pick(WORDS) if dice.below(3) else dice.octets(4)
        match dice.below(4):
            case 0:
                changed[at : at + len(word)] = word
            case 1:
                changed[at:at] = word
            case 2:
                del changed[at : at + size]
            case _:
                other = dice.below(len(changed) + 1)
                changed[at:at] = changed[other : other + 8 * size]
        if not dice:
            break
    check(bytes(changed), _known(base))


def structure(data: bytes) -> None:
    """A base message whose tree is changed, and which is perhaps signed again."""
    dice = Dice(data)
    base = dice.pick(base_messages())
    root = etree.fromstring(base)
    signed = _known(base)
    before = 1 + dice.below(4)
    for _ in range(before):
        root = tree.change(root, dice)
    who = dice.pick((None, None, HONEST, HONEST, MEMBER, STRANGER))
    if who is not None:
        sign_again(root, who, dice.pick((0, -1)), signed)
        if dice.below(2):
            root = tree.change(root, dice)
    message = etree.tostring(root)
    if not dice.below(6):
        at = dice.below(len(message))
        message = message[:at] + dice.pick(WORDS) + message[at:]
    check(message, signed)


def _known(base: bytes) -> Signed:
    signed = Signed()
    signed.by(owner_of(base)).update(signed_in(base))
    return signed


def check(message: bytes, signed: Signed) -> VerifiedSignature | None:
    """Verify a message; whatever is accepted must be what its signer's key signed, and be the parts that are used."""
    try:
        envelope = open_envelope(parse_message(message, _LIMITS), message)
        verified = _VERIFIER.verify(envelope, index())
    except Refusal as refusal:
        if not refusal.rule.id.startswith(_RULES):
            raise Found(f"refused by {refusal.rule.id}", message) from refusal
        return None
    _expect_identity(envelope, verified, message)
    own = signed.by(verified.signer.owner)
    for part in (verified.body, verified.timestamp, *verified.blocks):
        if part.canonical not in own:
            raise Found(f"{part.element.tag} was never signed by {verified.signer.owner}", message)
    _expect_others(message, verified)
    return verified


def _expect_identity(envelope: Envelope, verified: VerifiedSignature, message: bytes) -> None:
    """The verified elements are those that later stages look at, found here a second way."""
    root = etree.fromstring(message, etree.XMLParser(remove_comments=True, resolve_entities=False, collect_ids=False))
    bodies = [child for child in root if etree.QName(child).localname == "Body"]
    headers = [child for child in root if etree.QName(child).localname == "Header"]
    if len(bodies) != 1 or verified.body.element is not envelope.body or len(headers) > 1:
        raise Found("the verified Body is not the Envelope's own", message)
    if exclusive(bodies[0], verified.body.prefixes) != verified.body.canonical:
        raise Found("the Body reads otherwise to another reader", message)
    if verified.timestamp.element.getparent() is not verified.security or verified.security not in envelope.blocks:
        raise Found("the Timestamp is another header's", message)
    signed = {block.element for block in verified.blocks}
    for block in envelope.blocks:
        tag = str(block.tag)
        if block not in signed and tag.startswith(
            (f"{{{ns.WSA}}}", f"{{{ns.WSA_2004}}}", f"{{{ns.EXCHANGE}}}Exchange")
        ):
            raise Found(f"{tag} counts and is not signed", message)


def _expect_others(message: bytes, verified: VerifiedSignature) -> None:
    """libxmlsec, asked about the same signature with the same key, agrees."""
    root = etree.fromstring(message, etree.XMLParser(resolve_entities=False, collect_ids=False))
    place = list(verified.signature.getroottree().iter(_SIGNATURE)).index(verified.signature)
    signature = list(root.iter(_SIGNATURE))[place]
    if any(each.get("Algorithm") == ns.STR_TRANSFORM for each in signature.iter(f"{{{ns.DS}}}Transform")):
        return  # which it does not know
    if any(":" not in uri for element in root.iter(etree.Element) for uri in element.nsmap.values() if uri):
        return  # libxml2 canonicalizes no set of nodes in a document with a relative namespace name, used or not
    wanted = {reference.get("URI")[1:] for reference in signature.iter(f"{{{ns.DS}}}Reference")}
    context = xmlsec.SignatureContext()
    named = [
        (element, namespace)
        for element in root.iter(etree.Element)
        for name, namespace in ((WSU_ID, ns.WSU), ("Id", None))
        if element.get(name) in wanted
    ]
    if len({element.get(WSU_ID) or element.get("Id") for element, _ in named}) != len({each for each, _ in named}):
        raise Found("an identifier that counts stands twice", message)
    for element, namespace in {element: (element, namespace) for element, namespace in reversed(named)}.values():
        _register(context, element, namespace)
    if verified.signer.owner == "MAKA":
        return  # this libxmlsec has no Ed25519
    pem = signer(verified.signer.owner).certificate.public_bytes(Encoding.PEM)
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
    try:
        context.verify(signature)
    except xmlsec.Error as error:
        raise Found("libxmlsec refuses what was accepted", message) from error


def _register(context: Any, element: Any, namespace: str | None) -> None:
    if namespace is None:
        context.register_id(element, "Id")
    else:
        context.register_id(element, "Id", namespace)


WORDS: Final = (
    b"<!---->", b"<![CDATA[]]>", b"&#32;", b"&#x9;", b" ", b"\n", b"\r", b"<x/>", b'xmlns="urn:x" ',
    b'xmlns:p="urn:x" ', b'Id="body"', b'wsu:Id="body"', b'wsu:Id="time"', b'URI="#time"', b'URI=""', b"#default",
    b"A", b"=", b"==", b"/", b"<soap:Body/>", b"</soap:Body>", b"<soap:Header/>", b"wsse:", b"ds:", b"soap:", b"wsu:",
    b"5", b"Z", b"+00:00", ns.SHA256.encode(), ns.SHA512.encode(), b"http://www.w3.org/2000/09/xmldsig#sha1",
    ns.EXC_C14N.encode(), b"\xff", b"WithComments", ns.ECDSA_SHA256.encode(),
    b"http://www.w3.org/2000/09/xmldsig#hmac-sha1", b"<!DOCTYPE a>", b"<?a?>", b'soap:actor="urn:x" ',
    b'soap:mustUnderstand="1" ', b"\x00", b"&lt;", b"]]>", b"\xc9\x99", b"24:00:00", b".123456789", b"-14:00",
    b"+04:00", b"2016-02-29", b"60", b"9999", ns.RSA_PSS.encode(), ns.RSA_PSS_SHA256.encode(),
    ns.ECDSA_SHA384.encode(), ns.EDDSA_ED25519.encode(), ns.RSA_SHA512.encode(),
)  # fmt: skip


def seeds() -> list[bytes]:
    """Programs: each base message with each first decision."""
    return [
        bytes((base, 0, kind, 1, 2, 3, 4)) for base in range(0, len(base_messages()), 3) for kind in range(0, 40, 5)
    ]


OCTETS = Target("signature-octets", octets, seeds, (), longest=120)
STRUCTURE = Target("signature-tree", structure, seeds, (), longest=200)
