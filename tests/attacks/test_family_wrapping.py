"""Signature wrapping, against the whole bus: every signed part, moved everywhere, replaced by a forged one.

What :mod:`test_wrapping_signature` tries on the verifier alone is sent here in both versions of SOAP, with more parts
and more to go with them: second Security headers, actors, nested envelopes, signatures over more than is used.
"""

import base64
import copy
import itertools
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from attacks.siege import EVIL, besiege, canonical, parsed
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from support.client import NS, WSU_ID, Consumer
from support.place import PERSONS, Place

from esb.kernel import namespaces as ns
from esb.kernel.soap import SoapVersion

XML_ID: Final = f"{{{ns.XML}}}id"
PARTS: Final = ("Body", "Timestamp", "To", "Exchange", "BinarySecurityToken", "SignedInfo", "payload")


def headers() -> tuple[bytes, ...]:
    return (
        f'<a:To xmlns:a="{ns.WSA}">http://bus.test/services/{PERSONS.text}</a:To>'.encode(),
        f'<e:Exchange xmlns:e="{ns.EXCHANGE}"><e:officer>Good</e:officer></e:Exchange>'.encode(),
    )


def find(root: Any, part: str) -> Any:
    if part == "payload":
        return root[-1][0]
    return next(each for each in root.iter(etree.Element) if etree.QName(each).localname == part)


def forged(original: Any, part: str, stranger: Consumer) -> Any:
    """A twin that says something else."""
    twin = copy.deepcopy(original)
    twin.tail = None
    match part:
        case "Body" | "payload":
            next(twin.iter("{urn:example:person}fin")).text = EVIL
        case "Timestamp":
            twin[0].text, twin[1].text = "2030-01-01T00:00:00Z", "2030-01-01T00:05:00Z"
        case "To":
            twin.text = f"http://bus.test/{EVIL}"
        case "Exchange":
            twin[0].text = EVIL
        case "BinarySecurityToken":
            assert stranger.certificate is not None
            twin.text = base64.b64encode(stranger.certificate.public_bytes(Encoding.DER)).decode()
        case _:
            reference = copy.deepcopy(twin[-1])
            reference.set("URI", "#other")
            twin.append(reference)
    return twin


IDENTIFIERS: Final[dict[str, Callable[[Any, str], object]]] = {
    "the same": lambda twin, own: None,
    "none": lambda twin, own: twin.attrib.pop(WSU_ID, None),
    "another": lambda twin, own: twin.set(WSU_ID, "another"),
    "plain Id": lambda twin, own: (twin.attrib.pop(WSU_ID, None), twin.set("Id", own)),
    "ID": lambda twin, own: (twin.attrib.pop(WSU_ID, None), twin.set("ID", own)),
    "xml:id": lambda twin, own: (twin.attrib.pop(WSU_ID, None), twin.set(XML_ID, own)),
    "of another namespace": lambda twin, own: (twin.attrib.pop(WSU_ID, None), twin.set("{urn:evil}Id", own)),
    "both": lambda twin, own: twin.set("Id", own),
}


def wrappers(version: SoapVersion) -> dict[str, str | None]:
    soap, other = version.value, next(each.value for each in SoapVersion if each is not version)
    return {
        "nothing": None,
        "unknown": "{urn:evil}Wrapper",
        "no namespace": "wrapper",
        "Header": f"{{{soap}}}Header",
        "Body": f"{{{soap}}}Body",
        "Envelope": f"{{{soap}}}Envelope",
        "the other version's Body": f"{{{other}}}Body",
        "Object": f"{{{ns.DS}}}Object",
        "Manifest": f"{{{ns.DS}}}Manifest",
        "Security": f"{{{ns.WSSE}}}Security",
        "Embedded": f"{{{ns.WSSE}}}Embedded",
        "Forwarded": f"{{{ns.EXCHANGE}}}Forwarded",
        "EncryptedData": "{http://www.w3.org/2001/04/xmlenc#}EncryptedData",
    }


PLACES: Final = (
    "Envelope", "Header", "Body", "payload", "Security", "Signature", "SignedInfo", "Reference", "KeyInfo",
    "SecurityTokenReference", "BinarySecurityToken", "Timestamp", "To", "Exchange", "itself", "beside it",
)  # fmt: skip


def wrapped(root: Any, version: SoapVersion, stranger: Consumer, form: tuple[str, str, int, str, str]) -> bool:
    """Bring a good message into a wrapped form; False where the form is none (a part inside itself)."""
    part, place, position, wrapper, identifier = form
    original = find(root, part)
    target = None if place in ("itself", "beside it") else find(root, place)
    if target is not None and (target is original or original in target.iterancestors()):
        return False
    twin = forged(original, part, stranger)
    IDENTIFIERS[identifier](twin, original.get(WSU_ID) or "none")
    original.addprevious(twin)
    original.getparent().remove(original)
    moved = original
    tag = wrappers(version)[wrapper]
    if tag is not None:
        moved = etree.Element(tag)
        moved.append(original)
    if place == "beside it":
        twin.addnext(moved) if position else twin.addprevious(moved)
        return True
    inner = twin if target is None else target
    inner.insert(0 if position == 0 else len(inner), moved)
    return True


def forms() -> Iterator[tuple[str, str, int, str, str]]:
    yield from itertools.product(PARTS, PLACES, (0, 1), wrappers(SoapVersion.V11), IDENTIFIERS)


STRIDE: Final = 43  # prime to each factor, so that a part of the product meets every value of each with every other's


@pytest.fixture(scope="module")
def stranger(attacked: Place) -> Consumer:
    return attacked.member("WRAPPER")


def test_a_part_that_was_moved_and_replaced(
    place: Place, eesmn: Consumer, stranger: Consumer, version: SoapVersion
) -> None:
    place.settle()
    chosen = list(forms())[version is SoapVersion.V12 :: STRIDE]
    with besiege(place, least=400) as siege:
        for form in chosen:
            root, payload = parsed(eesmn, version, headers())
            if wrapped(root, version, stranger, form):
                siege.harmless(form, etree.tostring(root), version, payload)
        assert siege.delivered < siege.forms / 20, "almost all of them are refused"


ACTORS: Final = ("", "urn:other", ns.BUS_ACTOR, ns.SOAP11_NEXT, ns.SOAP12_NEXT, ns.SOAP12_NONE, ns.SOAP12_ULTIMATE)


def second_headers(root: Any, version: SoapVersion) -> Iterator[tuple[object, bytes]]:
    """The Security header twice: each half lends the other what it lacks, for each pair of actors."""
    attribute = f"{{{version.value}}}{'actor' if version is SoapVersion.V11 else 'role'}"
    whole = ("BinarySecurityToken", "Timestamp", "Signature")
    for first, second in itertools.product((None, "urn:other", ns.BUS_ACTOR), (None, *ACTORS)):
        for keeps in ((), ("Signature",), ("Timestamp",), ("BinarySecurityToken",), ("Timestamp", "Signature"), whole):
            for order in (0, 1):
                again = copy.deepcopy(root)
                own = again[0][0]
                twin = copy.deepcopy(own)
                for child in list(twin):
                    if etree.QName(child).localname not in keeps:
                        twin.remove(child)
                for child in list(own):
                    if order and etree.QName(child).localname in keeps:
                        own.remove(child)
                for header, actor in ((own, first), (twin, second)):
                    if actor is not None:
                        header.set(attribute, actor)
                again[0].insert(order * len(again[0]), twin)
                next(again[-1].iter("{urn:example:person}fin")).text = EVIL
                yield (first, second, keeps, order), etree.tostring(again)


def test_two_security_headers(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    with besiege(place, least=280) as siege:
        root, _ = parsed(eesmn, version)
        for form, message in second_headers(root, version):
            siege.refused(form, message, version)


def nested(root: Any, version: SoapVersion) -> Iterator[tuple[object, bytes]]:
    """A new envelope around the signed one, or the signed parts of it, wherever it may stand."""
    other = next(each for each in SoapVersion if each is not version)
    for around, where, keep, wrap, tail in itertools.product(
        (version, other), ("Header", "Body", "payload", "after"), (0, 1), (0, 1), (0, 1)
    ):
        inner = copy.deepcopy(root)
        envelope = etree.Element(f"{{{around.value}}}Envelope")
        header = etree.SubElement(envelope, f"{{{around.value}}}Header")
        body = etree.SubElement(envelope, f"{{{around.value}}}Body")
        payload = copy.deepcopy(root[-1][0])
        next(payload.iter("{urn:example:person}fin")).text = EVIL
        body.append(payload)
        if keep:
            header.append(copy.deepcopy(inner[0][0]))
        if tail:
            body.set(WSU_ID, inner[-1].get(WSU_ID))
        moved = inner
        if wrap:
            moved = etree.Element("{urn:evil}Wrapper")
            moved.append(inner)
        match where:
            case "Header":
                header.append(moved)
            case "Body":
                body.insert(0, moved)
            case "payload":
                payload.append(moved)
            case _:
                envelope.append(moved)
        yield (around.name, where, keep, wrap, tail), etree.tostring(envelope)


def test_an_envelope_inside_an_envelope(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    with besiege(place, least=64) as siege:
        root, _ = parsed(eesmn, version, headers())
        for form, message in nested(root, version):
            root = etree.fromstring(message)
            chosen = next(each for each in SoapVersion if root.tag.startswith(f"{{{each.value}}}"))
            siege.refused(form, message, chosen)


@pytest.mark.parametrize("attribute", ["actor", "role", "mustUnderstand", "relay", "encodingStyle"])
def test_attributes_of_the_security_header_that_no_signature_covers(
    place: Place, eesmn: Consumer, version: SoapVersion, attribute: str
) -> None:
    values = ("0", "1", " 1 ", "2", "${jndi:x}", *ACTORS)
    with besiege(place, least=20) as siege:
        for soap, value in itertools.product((ns.SOAP11, ns.SOAP12), values):
            root, payload = parsed(eesmn, version)
            root[0][0].set(f"{{{soap}}}{attribute}", value)
            siege.harmless((soap, value), etree.tostring(root), version, payload)


def test_prefixes_bound_anew_above_what_was_signed(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """Exclusive canonicalization does not see them; nobody who reads the signed octets does either."""
    with besiege(place, least=25) as siege:
        prefixes = ("p", "xsi", "soap", "wsu", "wsse", "ds", "exch", "")
        for prefix, uri, where in itertools.product(prefixes, ("urn:evil", ns.WSU), ("Envelope", "Header", "Security")):
            root, payload = parsed(eesmn, version)
            if where != "Envelope":
                declared = f'xmlns:{prefix}="{uri}"' if prefix else f'xmlns="{uri}"'
                text = etree.tostring(root).decode()
                at = text.index(f":{where}") + len(where) + 1
                if f" xmlns:{prefix}=" in text[at : text.index(">", at)]:
                    continue
                message = f"{text[:at]} {declared}{text[at:]}".encode()
            else:
                again = etree.Element(root.tag, nsmap={prefix or None: uri})
                again.extend(list(root))
                message = etree.tostring(again)
            siege.harmless((prefix, uri, where), message, version, payload)


def test_the_family_deceives_who_searches(eesmn: Consumer, place: Place) -> None:
    """A reader that takes the first element of a name, or of an identifier, would take forged ones: it has teeth."""
    deceived = 0
    for form in list(forms())[::11]:
        root, payload = parsed(eesmn, SoapVersion.V11, headers())
        if form[0] == "Body" and wrapped(root, SoapVersion.V11, eesmn, form):
            ident = next(iter(root.iter(f"{{{NS['ds']}}}Reference"))).get("URI")[1:]
            signed = [each for each in root.iter(etree.Element) if each.get(WSU_ID) == ident]
            used = next(root.iter(f"{{{ns.SOAP11}}}Body"))
            deceived += (
                bool(signed)
                and any(canonical(each[0]) == payload for each in signed if len(each))
                and (EVIL.encode() in canonical(used))
            )
    assert deceived > 10
