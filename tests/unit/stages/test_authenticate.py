"""Who signed and what; the one place where a sender becomes a consumer."""

from dataclasses import replace

import pytest
from support.rig import NOW, Rig, party

from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.message import ExchangeHeader
from esb.stages.authenticate import SignedRefusal

FIELDS = {
    "client": "EESMN/LABOUR",
    "id": "q-1",
    "purpose": "test",
    "legalBasis": "Qanun 1, maddə 2",
    "caseNumber": "77",
    "officer": "A.B.",
    "onBehalfOf": "5ABC123",
}


def exchange(inside: str) -> bytes:
    return f'<e:Exchange xmlns:e="{ns.EXCHANGE}">{inside}</e:Exchange>'.encode()


def addressing(local: str, value: str, uri: str = ns.WSA) -> bytes:
    return f'<w:{local} xmlns:w="{uri}">{value}</w:{local}>'.encode()


def refused(rig: Rig, *headers: bytes) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        rig.authenticated(rig.signed(headers=headers))
    return refusal.value


def test_the_signer_is_whom_the_registry_says(rig: Rig) -> None:
    message = rig.authenticated()
    assert message.consumer == "EESMN"
    assert message.signature.signer == party("EESMN").known
    assert message.message_id == message.signature.identity.hex()
    assert (message.exchange, message.action, message.to, message.addressed_id) == (ExchangeHeader(), None, None, None)


def test_an_unsigned_message_ends_here(rig: Rig) -> None:
    with pytest.raises(Refusal) as refusal:
        rig.authenticated(f'<s:Envelope xmlns:s="{ns.SOAP11}"><s:Body/></s:Envelope>'.encode())
    assert refusal.value.rule.id == "SIG-01"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"revoked": "keyCompromise"}, "CRT-05"),
        ({"not_after": NOW - 1}, "CRT-03"),
        ({"not_before": NOW + 1}, "CRT-04"),
        ({"problem": rules.CRT_PATH}, "CRT-02"),
        ({"known_until": NOW - 1}, "CRT-07"),
    ],
)
def test_the_certificates_standing_is_asked(rig: Rig, changes: dict[str, object], rule: str) -> None:
    from esb.certs.index import build_index

    known = replace(party("EESMN").known, **changes)  # type: ignore[arg-type]
    rig.way.directory = replace(rig.way.directory, certificates=build_index([known]))
    assert refused(rig).rule.id == rule


def test_the_window_is_the_configured_one(rig: Rig) -> None:
    message = rig.signed()
    rig.clock.advance(rig.way.window + rig.way.skew + 1)
    with pytest.raises(Refusal) as refusal:
        rig.authenticated(message)
    assert refusal.value.rule.id == "TIM-02"
    message = rig.signed()
    rig.clock.step(-rig.way.skew - 1)
    with pytest.raises(Refusal) as refusal:
        rig.authenticated(message)
    assert refusal.value.rule.id == "TIM-03"


def test_every_field_of_the_exchange_header_is_read(rig: Rig) -> None:
    inside = "".join(f"<e:{name}>\n {value} </e:{name}>" for name, value in FIELDS.items())
    message = rig.authenticated(rig.signed(headers=(exchange(inside),)))
    assert message.exchange == ExchangeHeader(*FIELDS.values())
    assert message.message_id == "q-1"


@pytest.mark.parametrize(
    ("inside", "particulars"),
    [
        ("<e:other>x</e:other>", {"field": "other"}),
        ("<id>x</id>", {"field": "id"}),
        ("<e:id/>", {"field": "id"}),
        ("<e:id> </e:id>", {"field": "id"}),
        (f"<e:id>{'x' * 257}</e:id>", {"field": "id"}),
        ("<e:id>x</e:id><e:id>x</e:id>", {"field": "id"}),
        ("<e:id>x<e:id>y</e:id></e:id>", {"field": "id"}),
        ("<e:officer>A&#x85;B</e:officer>", {"field": "officer"}),
        ("<e:officer>A\nB</e:officer>", {"field": "officer"}),
        ("words<e:id>x</e:id>", {}),
        ("<e:id>x</e:id>words", {}),
    ],
)
def test_an_exchange_header_of_another_form_is_refused(rig: Rig, inside: str, particulars: dict[str, str]) -> None:
    refusal = refused(rig, exchange(inside))
    assert (refusal.rule.id, refusal.particulars) == ("ACC-09", particulars)


def test_two_exchange_headers_are_one_too_many(rig: Rig) -> None:
    assert refused(rig, exchange("<e:id>x</e:id>"), exchange("<e:id>y</e:id>")).rule.id == "ACC-09"


def test_addressing_is_read_in_both_versions(rig: Rig) -> None:
    for uri in (ns.WSA, ns.WSA_2004):
        headers = (
            addressing("MessageID", f"urn:uuid:{uri[-4:]}", uri),
            addressing("Action", "urn:a", uri),
            addressing("To", " http://bus.test/x ", uri),
            addressing("RelatesTo", "a", uri),
            addressing("RelatesTo", "b", uri),
        )
        # RelatesTo may stand several times (WS-Addressing 1.0 Core, section 3.2) and says nothing to the bus.
        message = rig.authenticated(rig.signed(headers=headers))
        assert (message.action, message.to, message.addressing) == ("urn:a", "http://bus.test/x", uri)
        assert message.message_id == message.addressed_id == f"urn:uuid:{uri[-4:]}"


def test_the_addressed_id_comes_before_the_headers_id(rig: Rig) -> None:
    headers = (exchange("<e:id>q-1</e:id>"), addressing("MessageID", "urn:m"))
    assert rig.authenticated(rig.signed(headers=headers)).message_id == "urn:m"


@pytest.mark.parametrize("local", ["MessageID", "Action", "To"])
def test_an_addressing_header_stands_once(rig: Rig, local: str) -> None:
    for headers in (
        (addressing(local, "a"), addressing(local, "a")),
        (addressing(local, "a"), addressing(local, "a", ns.WSA_2004)),
    ):
        refusal = refused(rig, *headers)
        assert (refusal.rule.id, refusal.particulars) == ("ADR-04", {"header": local})


@pytest.mark.parametrize("text", ["", "<b/>", "x" * 2049])
def test_an_addressing_header_that_can_say_nothing_breaks_its_own_rule(rig: Rig, text: str) -> None:
    assert refused(rig, addressing("MessageID", text)).rule.id == "TIM-05"
    for local, rule in (("Action", "ADR-01"), ("To", "ADR-02")):
        with pytest.raises(Refusal) as caught:
            rig.authorized(rig.signed(headers=(addressing(local, text),)))
        assert caught.value.rule.id == rule


def test_a_refusal_after_the_signature_says_whose_it_was(rig: Rig) -> None:
    refusal = refused(rig, addressing("MessageID", ""))
    assert isinstance(refusal, SignedRefusal)
    assert refusal.signature.signer.owner == "EESMN"


def test_answers_go_back_on_the_same_connection_only(rig: Rig) -> None:
    for local in ("ReplyTo", "FaultTo"):
        for address in (ns.WSA_ANONYMOUS, ns.WSA_NONE):
            rig.authenticated(rig.signed(headers=(addressing(local, f"<w:Address>{address}</w:Address>"),)))
        refusal = refused(rig, addressing(local, "<w:Address>http://evil.test/</w:Address>"))
        assert refusal.rule.id == "ADR-03"


BACK = {ns.WSA: ns.WSA_ANONYMOUS, ns.WSA_2004: ns.WSA_2004_ANONYMOUS}
TICKET = '<x:ticket xmlns:x="urn:x">7</x:ticket>'


@pytest.mark.parametrize("local", ["ReplyTo", "FaultTo"])
@pytest.mark.parametrize(
    ("uri", "name"),
    [(ns.WSA, "ReferenceParameters"), (ns.WSA_2004, "ReferenceParameters"), (ns.WSA_2004, "ReferenceProperties")],
)
def test_what_an_answer_would_have_to_carry_back_is_refused(rig: Rig, local: str, uri: str, name: str) -> None:
    """WS-Addressing 1.0 Core 3.4: whoever answers an endpoint copies its reference parameters.  The bus signs no words
    of a consumer's as its own, and dropping them in silence would leave the consumer waiting for what it asked."""
    address = f"<w:Address>{BACK[uri]}</w:Address>"
    for inside in ("", " \n "):
        rig.authenticated(rig.signed(headers=(addressing(local, f"{address}<w:{name}>{inside}</w:{name}>", uri),)))
    for inside in (TICKET, TICKET * 2, "7"):
        refusal = refused(rig, addressing(local, f"{address}<w:{name}>{inside}</w:{name}>", uri))
        assert refusal.rule.id == "ADR-03"
        assert "reference parameters" in refusal.reason
        assert isinstance(refusal, SignedRefusal)


@pytest.mark.parametrize("ident", ["a b", "x" * 257, "a\u202eb", "a&#x9;b"])
def test_an_id_that_nobody_can_read_is_refused(rig: Rig, ident: str) -> None:
    assert refused(rig, addressing("MessageID", ident)).rule.id == "TIM-05"
