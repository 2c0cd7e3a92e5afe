"""What is signed: each subset of the parts, and everything that is signed instead of them.

Body and Timestamp must be, and each header that a decision could rest on; whatever else is signed makes up for none.
"""

import itertools
from typing import Any

import pytest
from attacks.forging import DS, digest_again, element, forge
from attacks.siege import besiege
from lxml import etree
from support.client import GET_PERSON, NS, WSU_ID, Consumer
from support.handmade import Choices, add_reference
from support.place import PERSONS, Place

from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.soap import SoapVersion

HEADERS = {
    "To": f'<a:To xmlns:a="{ns.WSA}">http://bus.test/services/{PERSONS.text}</a:To>',
    "MessageID": f'<a:MessageID xmlns:a="{ns.WSA}">urn:uuid:NUMBER</a:MessageID>',
    "Action": f'<a:Action xmlns:a="{ns.WSA}">urn:example:GetPerson</a:Action>',
    "Exchange": f'<e:Exchange xmlns:e="{ns.EXCHANGE}"><e:purpose>test</e:purpose></e:Exchange>',
}
REFUSING = (rules.SIG_BODY, rules.SIG_TIMESTAMP, rules.SIG_HEADERS, rules.SIG_STRUCTURE)


def test_each_subset_of_the_parts(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """Sixty-four subsets: the one that has all is delivered, and no other."""
    parts = ("Body", "Timestamp", *HEADERS)
    with besiege(place, least=64) as siege:
        for number, chosen in enumerate(itertools.product((False, True), repeat=len(parts))):
            signed = tuple(part for part, take in zip(parts, chosen, strict=True) if take)
            ident = f"{version.name}-{number}"
            headers = tuple(text.replace("NUMBER", ident).encode() for text in HEADERS.values())
            message = forge(eesmn, version, headers=headers, choices=Choices(sign=signed))
            if all(chosen):
                payload = etree.tostring(etree.fromstring(message)[-1][0], method="c14n", exclusive=True)
                assert siege.harmless(signed, message, version, payload)
            else:
                siege.refused(signed, message, version, *REFUSING)


@pytest.mark.parametrize("uri", [ns.WSA, ns.WSA_2004, ns.EXCHANGE])
def test_each_header_of_a_namespace_that_counts(place: Place, eesmn: Consumer, version: SoapVersion, uri: str) -> None:
    """Also where it is addressed to another, marked as mandatory, unknown, empty, or hidden among others."""
    wsa = ("To", "From", "ReplyTo", "FaultTo", "Action", "MessageID", "RelatesTo", "ReferenceParameters", "Unheard")
    names = ("Exchange",) if uri == ns.EXCHANGE else wsa
    role = "actor" if version is SoapVersion.V11 else "role"
    more = ("", f'S:{role}="urn:other"', f'S:{role}="{ns.BUS_ACTOR}"', 'S:mustUnderstand="1"', 'Id="x"')
    with besiege(place, least=15) as siege:
        for name, attributes, (count, among) in itertools.product(names, more, ((1, 0), (1, 5), (2, 0))):
            block = f'<h:{name} xmlns:h="{uri}" xmlns:S="{version.value}" {attributes}>urn:x</h:{name}>'.encode()
            message = forge(eesmn, version, headers=(b"<x/>",) * among + (block,) * count)
            wanted = (rules.SIG_HEADERS, rules.SOAP_UNDERSTAND)
            siege.refused((name, attributes, count, among), message, version, *wanted)


def instead(root: Any, signature: Any, wanted: str, target: Any) -> None:
    """Point the reference of one part at another element."""
    place = {"Body": 0, "Timestamp": 1}[wanted]
    if target.get(WSU_ID) is None:
        target.set(WSU_ID, "instead")
    reference = signature[0][2 + place]
    reference.set("URI", f"#{target.get(WSU_ID)}")
    digest_again(root, signature)


TARGETS = {
    "the payload": lambda root: root[-1][0],
    "a child of the payload": lambda root: root[-1][0][0],
    "the Header": lambda root: root[0],
    "the Envelope": lambda root: root,
    "the Security header": lambda root: root[0][0],
    "the Signature": lambda root: root.find(".//ds:Signature", NS),
    "the SignedInfo": lambda root: root.find(".//ds:SignedInfo", NS),
    "the KeyInfo": lambda root: root.find(".//ds:KeyInfo", NS),
    "the token reference": lambda root: root.find(".//wsse:SecurityTokenReference", NS),
    "Created": lambda root: root.find(".//wsu:Created", NS),
    "the token": lambda root: root.find(".//wsse:BinarySecurityToken", NS),
    "an unknown header": lambda root: root[0][1],
    "an Object": lambda root: _object(root, "urn:x"),
    "a Body in an Object": lambda root: _object(root, "body"),
    "a Body in a header": lambda root: _append(root[0][1], f"<b:Body xmlns:b='{etree.QName(root).namespace}'/>"),
    "a Timestamp in a header": lambda root: _append(root[0][1], "<wsu:Timestamp/>"),
    "a Timestamp beside the Security": lambda root: _append(root[0], "<wsu:Timestamp/>"),
}


def _append(parent: Any, text: str) -> Any:
    made = element(text)
    parent.append(made)
    return made


def _object(root: Any, kind: str) -> Any:
    holder = _append(
        root.find(".//ds:Signature", NS), f"<ds:Object><{'x' if kind == 'urn:x' else 'Body'}/></ds:Object>"
    )
    return holder[0]


@pytest.mark.parametrize("wanted", ["Body", "Timestamp"])
def test_something_else_is_signed_instead(place: Place, eesmn: Consumer, version: SoapVersion, wanted: str) -> None:
    with besiege(place, least=len(TARGETS)) as siege:
        for name, find in TARGETS.items():

            def change(root: Any, signature: Any, find: Any = find) -> None:
                instead(root, signature, wanted, find(root))

            siege.refused(name, forge(eesmn, version, change, headers=(b"<x/>",)), version)


def test_an_empty_or_unsigned_security_header(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    def keep(*names: str) -> Any:
        def change(root: Any, _: Any) -> None:
            for child in list(root[0][0]):
                if etree.QName(child).localname not in names:
                    root[0][0].remove(child)

        return change

    with besiege(place, least=9) as siege:
        for names in ((), ("Timestamp",), ("BinarySecurityToken",), ("BinarySecurityToken", "Timestamp")):
            siege.refused(names, forge(eesmn, version, after=keep(*names)), version, rules.SIG_PRESENT)
        siege.refused("no timestamp", forge(eesmn, version, after=keep("Signature")), version, rules.TIM_ONE)
        for name in ("SignedInfo", "SignatureValue", "KeyInfo"):

            def cut(_: Any, signature: Any, name: str = name) -> None:
                signature.remove(signature.find(f"{DS}{name}"))

            siege.refused(name, forge(eesmn, version, after=cut), version, rules.SIG_STRUCTURE)
        plain = GET_PERSON.join((f'<S:Envelope xmlns:S="{version.value}"><S:Body>'.encode(), b"</S:Body></S:Envelope>"))
        siege.refused("nothing", plain, version, rules.SIG_PRESENT)


def test_a_reference_too_many(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """Signing more than is needed is lawful; naming a part twice, or what is not there, is not."""
    with besiege(place, least=4) as siege:

        def twice(root: Any, signature: Any) -> None:
            add_reference(signature[0], root[-1], Choices())

        def nothing(root: Any, signature: Any) -> None:
            add_reference(signature[0], root[-1], Choices())
            signature[0][-1].set("URI", "#nothing")

        def by_other_name(root: Any, signature: Any) -> None:
            root[-1].set("Id", "again")
            add_reference(signature[0], root[-1], Choices())
            signature[0][-1].set("URI", "#again")
            digest_again(root, signature)

        for change in (twice, nothing, by_other_name):
            siege.refused(change.__name__, forge(eesmn, version, change), version, rules.SIG_REFERENCE)
        message = forge(eesmn, version, headers=(b"<x>1</x>",), choices=Choices(sign=("Body", "Timestamp", "x")))
        payload = etree.tostring(etree.fromstring(message)[-1][0], method="c14n", exclusive=True)
        assert siege.harmless("an unknown header", message, version, payload)
