"""PartNotSigned: a Body, Timestamp or header that matters and that the signature does not cover."""

import pytest
from support.client import Consumer
from support.handmade import Choices, handmade
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

WSA = "http://www.w3.org/2005/08/addressing"
BLOCKS = {
    "MessageID": f'<a:MessageID xmlns:a="{WSA}">urn:uuid:1</a:MessageID>',
    "To": f'<a:To xmlns:a="{WSA}">http://bus.test/services/DIN/IAMAS/PersonQuery/v1</a:To>',
    "Action": f'<a:Action xmlns:a="{WSA}">urn:example:GetPerson</a:Action>',
    "ReplyTo": f'<a:ReplyTo xmlns:a="{WSA}"><a:Address>{WSA}/anonymous</a:Address></a:ReplyTo>',
    "RelatesTo": f'<a:RelatesTo xmlns:a="{WSA}">urn:uuid:2</a:RelatesTo>',
    "Action of 2004": '<a:Action xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing">urn:example:GetPerson</a:Action>',
    "Exchange": '<e:Exchange xmlns:e="urn:shluz:exchange:1"><e:purpose>test</e:purpose></e:Exchange>',
}


def test_the_timestamp_alone_is_signed(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    message = handmade(eesmn, version=version, choices=Choices(sign=("Timestamp",)))
    expect_refusal(asker.send(message, version), rules.SIG_BODY)


def test_the_body_alone_is_signed(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    message = handmade(eesmn, version=version, choices=Choices(sign=("Body",)))
    expect_refusal(asker.send(message, version), rules.SIG_TIMESTAMP)


def test_a_child_of_the_body_is_not_the_body(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    from support.client import NS, WSU_ID

    body = (
        f'<p:GetPerson xmlns:p="urn:example:person" xmlns:wsu="{NS["wsu"]}" wsu:Id="child">'
        "<p:fin>5ABC123</p:fin></p:GetPerson>"
    ).encode()

    def sign_child() -> bytes:
        from lxml import etree
        from support import handmade as by_hand

        choices = Choices(sign=("Timestamp",))
        now = asker.place.clock.now()
        root = etree.fromstring(by_hand.envelope(eesmn, body, version, (), choices, now, None))
        signature = root.find(".//ds:Signature", NS)
        by_hand.add_reference(signature[0], root[1][0], choices)
        assert root[1][0].get(WSU_ID) == "child"
        by_hand.complete(root, signature, eesmn, choices)
        return etree.tostring(root)

    exchange = asker.send(sign_child(), version)
    assert exchange.reply.rule in {"SIG-03", "SIG-06"}
    expect_refusal(exchange, {"SIG-03": rules.SIG_BODY, "SIG-06": rules.SIG_REFERENCE}[exchange.reply.rule])


@pytest.mark.parametrize("name", BLOCKS)
def test_a_header_that_matters_is_not_signed(asker: Asker, eesmn: Consumer, version: SoapVersion, name: str) -> None:
    message = handmade(eesmn, version=version, headers=(BLOCKS[name].encode(),))
    expect_refusal(asker.send(message, version), rules.SIG_HEADERS)


@pytest.mark.parametrize("name", ["MessageID", "To", "Action", "ReplyTo"])
def test_the_same_header_signed_is_well(asker: Asker, eesmn: Consumer, version: SoapVersion, name: str) -> None:
    import secrets

    block = BLOCKS[name].replace("urn:uuid:1", f"urn:uuid:{secrets.token_hex(8)}").encode()
    choices = Choices(sign=("Body", "Timestamp", name))
    expect_person(asker.send(handmade(eesmn, version=version, headers=(block,), choices=choices), version))


def test_a_header_that_nobody_looks_at_need_not_be_signed(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """And it does not go on to the provider, who could take it for signed."""
    note = b'<n:Note xmlns:n="urn:note">look at me</n:Note>'
    exchange = asker.send(handmade(eesmn, version=version, headers=(note,)), version)
    expect_person(exchange)
    assert b"look at me" not in exchange.delivered[0].body
