"""Small messages that would cost much: each form here once took minutes of the reactor or gigabytes of memory.

No time is measured: a form that is out of proportion again does not end within the time limit of a test.
"""

import base64
import hashlib

import pytest
from lxml import etree
from support.client import GET_PERSON, Consumer
from support.handmade import Choices, _value, handmade, unsigned
from support.place import Place
from support.provider import Given, envelope11
from support.soundness import expect_sound
from support.way import Asker, expect_person

from esb.kernel import namespaces as ns
from esb.kernel import rules

pytestmark = pytest.mark.timeout(30)

LONG = "urn:" + "x" * 40_000
MANY = b"".join(b"<t/>" for _ in range(40_000))


@pytest.mark.parametrize("opening", ["<!--", "<![CDATA[", "<?a ", "<!-- <![CDATA[ <?a "])
@pytest.mark.parametrize("where", ["body", "before", "header"])
def test_markup_that_is_never_closed(asker: Asker, opening: str, where: str) -> None:
    """A stranger's: each opening was searched to the end of the message for its close."""
    flood = opening.encode() * (1_200_000 // len(opening))
    message = {
        "body": unsigned().replace(GET_PERSON, GET_PERSON + flood),
        "before": flood + unsigned(),
        "header": unsigned(headers=(b"<h>" + flood,)),
    }[where]
    exchange = asker.send(message)
    expect_sound(exchange)
    assert exchange.reply.rule in (rules.XML_WELL_FORMED.id, rules.XML_COUNTS.id)
    expect_person(asker.ask())


def long_names(place_of: str, consumer: Consumer) -> bytes:
    """One namespace name of 40 KB on an ancestor, used by thousands of siblings: canonical form repeats it on each."""
    users = "<x:u/>" * 20_000 if place_of != "attributes" else '<u x:a=""/>' * 20_000
    body = f"<p:GetPerson xmlns:p='urn:example:person'>{users}</p:GetPerson>".encode()
    root = f'xmlns:x="{LONG}"'
    if place_of in ("body", "attributes"):
        plain = handmade(consumer, choices=Choices(root=root))
        return plain.replace(GET_PERSON, body)  # not signed so: the digest would be made first
    signed = handmade(consumer, choices=Choices(root=root)).decode()
    at = {"signed info": "<ds:SignedInfo>", "key info": "<ds:KeyInfo>", "header": "<S:Header>"}[place_of]
    return signed.replace(at, at + users, 1).encode()


@pytest.mark.parametrize("where", ["body", "attributes", "signed info", "key info", "header"])
def test_long_namespace_names(asker: Asker, eesmn: Consumer, where: str) -> None:
    """In SignedInfo it needed no key at all, only a certificate, and those are public."""
    exchange = asker.send(long_names(where, eesmn))
    expect_sound(exchange)
    assert exchange.reply.rule == rules.XML_COUNTS.id
    expect_person(asker.ask())


def test_a_long_namespace_name_that_is_used_little(asker: Asker, eesmn: Consumer) -> None:
    body = GET_PERSON.replace(b"<p:GetPerson ", f'<p:GetPerson xmlns:x="{LONG}" '.encode())
    expect_person(asker.send(handmade(eesmn, body)))


def test_a_long_prefix_list_for_many_elements(asker: Asker, eesmn: Consumer) -> None:
    """libxml2 looks for each prefix at each element, up through all ancestors."""
    bound = " ".join(f'xmlns:n{n}="urn:n:{n}"' for n in range(64))
    deep = b"<d>" * 150 + MANY + b"</d>" * 150
    body = b'<p:GetPerson xmlns:p="urn:example:person">' + deep + b"</p:GetPerson>"
    prefixes = " ".join(f"n{n}" for n in range(64))

    message = signed_with_prefixes(eesmn, body, prefixes, bound)
    exchange = asker.send(message)
    expect_sound(exchange)
    assert exchange.reply.rule == rules.SIG_LIMITS.id
    expect_person(asker.ask())


def signed_with_prefixes(consumer: Consumer, body: bytes, prefixes: str, root: str = "", within: str = "Body") -> bytes:
    """A message whose reference to one part has a PrefixList; its digest is made by lxml."""
    tree = etree.fromstring(handmade(consumer, body, choices=Choices(root=root)))
    signature = next(tree.iter(f"{{{ns.DS}}}Signature"))
    target = next(tree.iter(f"{{{ns.SOAP11}}}{within}"))
    for reference in signature.iter(f"{{{ns.DS}}}Reference"):
        if reference.get("URI")[1:] == target.get(f"{{{ns.WSU}}}Id"):
            transform = next(reference.iter(f"{{{ns.DS}}}Transform"))
            etree.SubElement(transform, f"{{{ns.EXC_C14N}}}InclusiveNamespaces", PrefixList=prefixes)
            # The value is right only for a short list; a long one must be refused before it is compared.
            octets = (
                b""
                if len(body) > 100_000
                else etree.tostring(target, method="c14n", exclusive=True, inclusive_ns_prefixes=prefixes.split())
            )
            reference[2].text = base64.b64encode(hashlib.sha256(octets).digest()).decode()
    _value(signature, consumer, Choices())
    return etree.tostring(tree)


def answers(kind: str) -> bytes:
    """A provider's answer that is small and once took minutes."""
    if kind == "values like names":
        rows = "".join(f"<r>key{n}:v</r>" for n in range(60_000))
    elif kind == "declared prefixes":
        rows = "".join(f'<r xmlns:k{n}="urn:k">k{n}:v</r>' for n in range(20_000))
    elif kind == "listed prefixes":
        bound = " ".join(f'xmlns:k{n}="urn:k"' for n in range(60))
        named = " ".join(f"<r>k{n}:v</r>" for n in range(60))
        rows = f"<b {bound}>{named}{'<t/>' * 60_000}</b>"
    elif kind == "long namespace names":
        rows = f'<b xmlns:x="{LONG}">{"<x:u/>" * 20_000}</b>'
    else:
        rows = "<!--" * 300_000
    return envelope11(f'<p:GetPersonResponse xmlns:p="urn:example:person">{rows}</p:GetPersonResponse>'.encode())


@pytest.mark.parametrize(
    "kind", ["values like names", "declared prefixes", "listed prefixes", "long namespace names", "unclosed"]
)
def test_a_providers_answer(asker: Asker, place: Place, kind: str) -> None:
    given = answers(kind)
    place.provider.answer = lambda _: Given(given)
    exchange = asker.ask()
    expect_sound(exchange)
    wanted = rules.SCH_ANSWER if kind == "values like names" else rules.PRV_ANSWER
    assert exchange.reply.rule == wanted.id
    place.provider.reset()
    expect_person(asker.ask())


def test_a_default_namespace_in_the_list_for_many_elements(asker: Asker, eesmn: Consumer) -> None:
    """Each element's bindings were gathered anew from all its ancestors."""
    bound = " ".join(f'xmlns:n{n}="urn:n:{n}"' for n in range(100))
    body = b'<p:GetPerson xmlns:p="urn:example:person">' + b"<d>" * 150 + MANY + b"</d>" * 150 + b"</p:GetPerson>"
    exchange = asker.send(signed_with_prefixes(eesmn, body, "#default", bound))
    expect_sound(exchange)
    assert exchange.delivered == ()
    expect_person(asker.ask())
