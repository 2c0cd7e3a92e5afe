"""What a reference means, and that identifiers are unique; whole messages are in test_verify and the attacks."""

import hashlib

import pytest

from esb.certs.keyinfo import KeyReference
from esb.certs.profile import SignatureLimits
from esb.certs.references import Target, check_unique, digest, find_targets
from esb.certs.security import find_security
from esb.certs.signed_info import Reference
from esb.kernel import namespaces as ns
from esb.kernel.faults import Refusal
from esb.kernel.message import SignedPart
from esb.kernel.xml import XmlLimits, canonicalize, parse_message


def reference(name, value=b"", prefixes=()):
    return Reference(name, prefixes, False, ns.SHA256, value)


@pytest.fixture
def envelope(forge, identity):
    def make(**changes):
        text = forge.text(identity())
        for old, new in changes.items():
            text = text.replace({"body": 'wsu:Id="body"', "fin": "<q:fin>"}[old], new)
        return forge.envelope(text.encode())

    return make


def targets(envelope, identity, *names):
    security = find_security(envelope, SignatureLimits())
    key = KeyReference(identity().known, security.tokens[0], None)
    return [target.element for target in find_targets(envelope, security, key, [reference(name) for name in names])]


def test_targets_are_the_elements_themselves(envelope, identity):
    message = envelope()
    assert targets(message, identity, "time", "body", "token") == [
        message.blocks[0][1],
        message.body,
        message.blocks[0][0],
    ]


def test_either_identifier_names_a_part(envelope, identity):
    message = envelope(body='wsu:Id="b1" Id="b2"')
    assert targets(message, identity, "b1") == targets(message, identity, "b2") == [message.body]


@pytest.mark.parametrize(
    ("changes", "names", "rule"),
    [
        ({}, ["str"], "SIG-06"),
        ({}, ["body", "body"], "SIG-06"),
        ({"body": 'wsu:Id="time"'}, ["time"], "MSG-14"),
        ({"body": 'wsu:Id="b1" Id="b2"'}, ["b1", "b2"], "SIG-06"),
        ({"fin": '<q:fin wsu:Id="deep">'}, ["deep"], "SIG-06"),
    ],
)
def test_other_references(envelope, identity, changes, names, rule):
    with pytest.raises(Refusal) as caught:
        targets(envelope(**changes), identity, *names)
    assert caught.value.rule.id == rule


def test_the_octets_are_those_that_were_digested(envelope):
    body = envelope().body
    with pytest.raises(Refusal) as caught:
        digest(Target(reference("body", bytes(32)), body))
    assert caught.value.rule.id == "SIG-07"
    assert caught.value.particulars == {"reference": "#body"}
    octets = canonicalize(body, ("wsse",))
    digest_octets = hashlib.sha256(octets).digest()
    part = digest(Target(reference("body", digest_octets, ("wsse",)), body))
    assert part == SignedPart(body, "body", octets, ("wsse",), digest_octets)


@pytest.mark.parametrize(
    ("fin", "lawful"),
    [
        ("<q:fin>", True),
        ('<q:fin kind="body">', True),
        ('<q:fin>="body"', True),
        ('<q:fin Id="other">', True),
        ('<q:fin Id="body">', False),
        ('<q:fin ID="body">', False),
        ("<q:fin id='body'>", False),
        ('<q:fin iD="body">', False),
        ('<q:fin xml:id="body">', False),
        ('<q:fin xmlns:o="urn:o" o:Id="body">', False),
        ('<q:fin Id="&#98;ody">', False),
    ],
)
def test_identifiers_stand_once(envelope, fin, lawful):
    message = envelope(fin=fin)
    octets = canonicalize(message.body)
    body = SignedPart(message.body, "body", octets, (), b"")
    if lawful:
        check_unique(message, body, ["body", "time"])
        return
    with pytest.raises(Refusal) as caught:
        check_unique(message, body, ["body", "time"])
    assert caught.value.rule.id == "MSG-14"


@pytest.mark.parametrize(
    ("token", "form"),
    [
        ('<w:T xmlns:w="urn:w" a="1"/>', b'<w:T xmlns="" xmlns:w="urn:w" a="1"></w:T>'),
        ("<T/>", b'<T xmlns=""></T>'),
        ('<T xmlns="urn:w"/>', b'<T xmlns="urn:w"></T>'),
        ('<w:T xmlns:w="urn:w" xmlns="urn:d"/>', b'<w:T xmlns="urn:d" xmlns:w="urn:w"></w:T>'),
    ],
)
def test_the_str_transform_says_which_default_namespace_is_in_scope(token, form):
    element = parse_message(token.encode(), XmlLimits())
    value = hashlib.sha256(form).digest()
    part = digest(Target(Reference("str", (), True, ns.SHA256, value), element))
    assert part.canonical == form
