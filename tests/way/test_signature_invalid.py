"""SignatureInvalid: tampered with on the way; which reference failed is told, key material never."""

import base64
from typing import Any

import pytest
from support.client import NS, WSU_ID, Consumer
from support.handmade import handmade
from support.place import Place
from support.way import Asker, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion


def test_a_body_that_was_changed(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    message = eesmn.sign(version=version, ident="i1").replace(b"5ABC123", b"9XYZ999")
    reply = expect_refusal(asker.send(message, version), rules.SIG_DIGEST, secrets=("5ABC123", "9XYZ999"))
    assert "Body-i1" in reply.particular("reference")


def test_a_timestamp_that_was_changed(asker: Asker, eesmn: Consumer, version: SoapVersion, place: Place) -> None:
    """To make an old message young again."""
    from support.handmade import instant

    old = place.clock.now() - 3600
    message = eesmn.sign(version=version, created=old, ident="i2")
    for moment in (old, old + 300):
        assert instant(moment).encode() in message
        message = message.replace(instant(moment).encode(), instant(moment + 3600).encode())
    reply = expect_refusal(asker.send(message, version), rules.SIG_DIGEST)
    assert "TS-i2" in reply.particular("reference")


@pytest.mark.parametrize("where", ["first", "last"])
def test_a_signature_value_that_was_changed(asker: Asker, eesmn: Consumer, version: SoapVersion, where: str) -> None:
    def turn(root: Any) -> None:
        value = root.find(".//ds:SignatureValue", NS)
        octets = bytearray(base64.b64decode(value.text))
        octets[3 if where == "first" else -3] ^= 1
        value.text = base64.b64encode(octets).decode()

    expect_refusal(asker.send(handmade(eesmn, version=version, change=turn), version), rules.SIG_VALUE)


def test_a_digest_that_was_made_to_fit(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """Body and digest both changed: now the value over SignedInfo does not hold."""
    from support.handmade import canonical

    def fit(root: Any) -> None:
        import hashlib

        root[1][0][0].text = "9XYZ999"
        digest = base64.b64encode(hashlib.sha256(canonical(root[1])).digest()).decode()
        root.find(f".//ds:Reference[@URI='#{root[1].get(WSU_ID)}']/ds:DigestValue", NS).text = digest

    expect_refusal(asker.send(handmade(eesmn, version=version, change=fit), version), rules.SIG_VALUE)


def test_a_reference_to_nothing(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    def lose(root: Any) -> None:
        root.find(".//ds:Reference", NS).set("URI", "#nowhere")

    expect_refusal(asker.send(handmade(eesmn, version=version, change=lose), version), rules.SIG_REFERENCE)


def test_a_reference_out_of_the_message(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """Nothing is fetched."""

    def point(root: Any) -> None:
        root.find(".//ds:Reference", NS).set("URI", asker.place.provider.url)

    expect_refusal(asker.send(handmade(eesmn, version=version, change=point), version), rules.SIG_REFERENCE)


def test_a_foreign_element_in_the_signature(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    from lxml import etree

    def add(root: Any) -> None:
        etree.SubElement(root.find(".//ds:Signature", NS), f"{{{NS['ds']}}}Object").text = "x"

    expect_refusal(asker.send(handmade(eesmn, version=version, change=add), version), rules.SIG_STRUCTURE)


def test_one_members_token_and_anothers_key(asker: Asker, eesmn: Consumer, place: Place, version: SoapVersion) -> None:
    """A certificate is public: to send it proves nothing."""
    other = place.consumers["DIN"]
    pretender = Consumer("EESMN", other.key, eesmn.certificate)
    expect_refusal(asker.send(handmade(pretender, version=version), version), rules.SIG_VALUE)


def test_a_body_moved_aside_and_another_in_its_place(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """Signature wrapping: what was signed is still there, but not where the message is read."""
    from lxml import etree

    def wrap(root: Any) -> None:
        signed = root[1]
        other = etree.fromstring(etree.tostring(signed).replace(b"5ABC123", b"9XYZ999"))
        other.attrib.pop(WSU_ID)
        root.replace(signed, other)
        etree.SubElement(root[0], "{urn:aside}Keep").append(signed)

    exchange = asker.send(handmade(eesmn, version=version, change=wrap), version)
    assert exchange.reply.rule in {"SIG-03", "SIG-06"}
    rule = {"SIG-03": rules.SIG_BODY, "SIG-06": rules.SIG_REFERENCE}[exchange.reply.rule]
    expect_refusal(exchange, rule, secrets=("5ABC123", "9XYZ999"))
