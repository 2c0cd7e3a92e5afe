"""SIG-14: a prefix in an xsi:type that the signature does not cover must not choose what the Body means.

Exclusive C14N covers the namespaces that names use, not those that values use: the binding of such a prefix can be
changed after signing, and the signature still holds.
"""

import pytest
from lxml import etree
from support.client import Consumer
from support.handmade import Choices, handmade
from support.place import Place
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.directory import Judgement
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion

XSI = "http://www.w3.org/2001/XMLSchema-instance"
PERSON = "<p:fin>5ABC123</p:fin><p:surname>A</p:surname><p:name>B</p:name><p:born>1990-01-01</p:born>"
CITIZEN = PERSON + "<p:passport>AZ1</p:passport>"


def like(of_type: str, content: str) -> bytes:
    return (
        '<p:GetPerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin>'
        f'<p:like xmlns:xsi="{XSI}" xsi:type="{of_type}">{content}</p:like></p:GetPerson>'
    ).encode()


def test_a_type_by_a_prefix_that_a_name_uses_too(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """Signed together with the name, so it can choose."""
    message = handmade(eesmn, like("p:Citizen", CITIZEN), version)
    exchange = asker.send(message, version)
    expect_person(exchange)
    assert b"p:Citizen" in exchange.delivered[0].body


def test_a_type_by_a_prefix_that_is_bound_only_outside(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """What many stacks send: every prefix on the Envelope.  The element's own binding leaves no choice: lawful, and
    what goes on to the provider still means the same."""
    root = 'xmlns:t="urn:example:person"'
    message = handmade(eesmn, like("t:Person", PERSON), version, choices=Choices(root=root))
    exchange = asker.send(message, version)
    if exchange.reply.status == 200:
        expect_person(exchange)
        delivered = etree.fromstring(exchange.delivered[0].body)
        typed = next(delivered.iter("{urn:example:person}like"))
        assert typed.nsmap["t"] == "urn:example:person"
    else:
        expect_refusal(exchange, rules.SIG_PREFIX, consumer=exchange.records[-1].entry.consumer)


@pytest.mark.parametrize("judgement", list(Judgement))
def test_a_type_that_was_chosen_after_signing(
    asker: Asker, place: Place, eesmn: Consumer, version: SoapVersion, judgement: Judgement
) -> None:
    """Two namespaces have a type of this name.  Signed with the prefix bound to one, sent with it bound to the other:
    the digest does not tell, and the provider would read another type than was signed."""
    service = twins(place, judgement)
    body = f'<t:Pay xmlns:t="urn:example:twins"><t:sum xmlns:xsi="{XSI}" xsi:type="x:Amount">7</t:sum></t:Pay>'.encode()
    message = handmade(eesmn, body, version, choices=Choices(root='xmlns:x="urn:example:twins:a"'))
    message = message.replace(b'xmlns:x="urn:example:twins:a"', b'xmlns:x="urn:example:twins:b"')
    expect_refusal(asker.send(message, version, service), rules.SIG_PREFIX, consumer="EESMN")


def twins(place: Place, judgement: Judgement) -> ServiceId:
    """A resource on the contract whose two namespaces have a type of one name."""
    name = f"DIN/IAMAS/Twins-{judgement.value}/v1"
    assert place.node is not None
    if f"/services/{name}" not in place.node.way.directory.services:
        place.grant("EESMN", place.service(name, "twins.wsdl", judge_request=judgement))
        place.settle()
    return ServiceId.parse(name)


def test_a_prefix_that_the_signature_lists_is_covered(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """With an inclusive prefix list (as WSS4J and .NET write it) the binding is signed."""
    message = _with_prefix_list(eesmn, version, "t")
    exchange = asker.send(message, version)
    expect_person(exchange)
    assert b"t:Citizen" in exchange.delivered[0].body
    delivered = etree.fromstring(exchange.delivered[0].body)
    assert next(delivered.iter("{urn:example:person}like")).nsmap["t"] == "urn:example:person"


def _with_prefix_list(consumer: Consumer, version: SoapVersion, prefixes: str) -> bytes:
    import base64
    import hashlib
    import time

    from support import handmade as by_hand
    from support.client import NS

    choices = Choices(root='xmlns:t="urn:example:person"', sign=("Timestamp",))
    root = etree.fromstring(
        by_hand.envelope(consumer, like("t:Citizen", CITIZEN), version, (), choices, time.time(), None)
    )
    signature = root.find(".//ds:Signature", NS)
    by_hand.add_reference(signature[0], root[1], choices)
    reference = signature[0].find("ds:Reference", NS)
    transform = reference.find("ds:Transforms/ds:Transform", NS)
    etree.SubElement(
        transform,
        "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces",
        nsmap={"ec": "http://www.w3.org/2001/10/xml-exc-c14n#"},
        PrefixList=prefixes,
    )
    octets = etree.tostring(
        root[1], method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes.split()
    )
    reference.find("ds:DigestValue", NS).text = base64.b64encode(hashlib.sha256(octets).digest()).decode()
    by_hand.complete(root, signature, consumer, choices)
    return etree.tostring(root)
