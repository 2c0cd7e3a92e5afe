"""WS-Addressing: answers go back on the same connection only, to the resource that was asked, once."""

import secrets

import pytest
from support.client import NS, Consumer, verify_with_xmlsec
from support.place import ADDRESS
from support.way import FIN, Asker, Exchange, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

NEW, OLD = "http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing"
ANONYMOUS = {NEW: f"{NEW}/anonymous", OLD: f"{OLD}/role/anonymous"}
URL = f"{ADDRESS}/services/DIN/IAMAS/PersonQuery/v1"


def header(name: str, text: str, namespace: str = NEW) -> bytes:
    return f'<a:{name} xmlns:a="{namespace}">{text}</a:{name}>'.encode()


def endpoint(name: str, address: str, namespace: str = NEW) -> bytes:
    return header(name, f"<a:Address>{address}</a:Address>", namespace)


def whole(ident: str, namespace: str) -> tuple[bytes, ...]:
    """What CXF, Metro or WCF send."""
    return (
        header("MessageID", ident, namespace),
        header("To", URL, namespace),
        header("Action", "urn:example:GetPerson", namespace),
        endpoint("ReplyTo", ANONYMOUS[namespace], namespace),
    )


@pytest.fixture(params=[NEW, OLD], ids=["2005", "2004"])
def namespace(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def signed_names(exchange: Exchange) -> set[str]:
    from cryptography import x509

    path = exchange.place.settings.keys.certificate
    return verify_with_xmlsec(exchange.reply, x509.load_pem_x509_certificate(path.read_bytes()))


def test_an_answer_relates_to_its_question(asker: Asker, version: SoapVersion, namespace: str) -> None:
    ident = f"urn:uuid:{secrets.token_hex(16)}"
    exchange = asker.ask(version=version, headers=whole(ident, namespace))
    reply = expect_person(exchange)
    assert reply.root.find(f"*/{{{namespace}}}RelatesTo").text == ident
    action = reply.root.find(f"*/{{{namespace}}}Action").text
    # Default action pattern of WS-Addressing Metadata 1.0, section 4.4.4: colons, for the namespace is a URN.
    assert action == "urn:example:person:service:Persons:GetPersonResponse"
    assert signed_names(exchange) >= {"RelatesTo", "Action"}
    assert [one.entry.message_id for one in exchange.records] == [ident, ident]


def test_a_fault_relates_too(asker: Asker, version: SoapVersion, namespace: str) -> None:
    ident = f"urn:uuid:{secrets.token_hex(16)}"
    body = b'<p:GetPerson xmlns:p="urn:example:person"><p:fin>x</p:fin></p:GetPerson>'
    exchange = asker.ask(body=body, version=version, headers=whole(ident, namespace))
    reply = expect_refusal(exchange, rules.SCH_REQUEST, consumer="EESMN")
    # WS-Addressing Core 1.0, section 3.4: a fault is a reply, related to the message that it is about.
    assert [one.text for one in reply.root.iter(f"{{{namespace}}}RelatesTo")] == [ident]
    assert signed_names(exchange) >= {"RelatesTo"}


def test_who_does_not_speak_it_is_not_answered_in_it(asker: Asker, version: SoapVersion) -> None:
    reply = expect_person(asker.ask(version=version))
    assert reply.find(f"//*[namespace-uri()='{NEW}' or namespace-uri()='{OLD}']") is None


@pytest.mark.parametrize(
    "address",
    [
        "http://bus.test/services/DIN/IAMAS/Other/v1",
        "http://elsewhere.test/services/DIN/IAMAS/PersonQuery/v1",
        "https://bus.test/services/DIN/IAMAS/PersonQuery/v1",
        "urn:bus",
        "",
    ],
)
def test_a_message_to_another(asker: Asker, version: SoapVersion, address: str) -> None:
    exchange = asker.ask(version=version, headers=(header("To", address),))
    expect_refusal(exchange, rules.WSA_TO, consumer="EESMN")


def test_to_is_what_the_configuration_says_not_the_host_header(asker: Asker, eesmn: Consumer) -> None:
    message = eesmn.sign(headers=(header("To", "http://evil.test/services/DIN/IAMAS/PersonQuery/v1"),))
    exchange = asker.send(message, http={"Host": "evil.test"})
    expect_refusal(exchange, rules.WSA_TO, consumer="EESMN")


@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo"])
def test_an_answer_is_sent_nowhere_else(asker: Asker, version: SoapVersion, namespace: str, name: str) -> None:
    """Nothing is ever sent to an address that a message names: the provider here would see it."""
    for address in (asker.place.provider.url, "mailto:a@b.test", "file:///etc/passwd"):
        exchange = asker.ask(version=version, headers=(endpoint(name, address, namespace),))
        expect_refusal(exchange, rules.WSA_REPLY, consumer="EESMN")


@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo"])
def test_reference_parameters_are_refused_rather_than_dropped(
    asker: Asker, version: SoapVersion, namespace: str, name: str
) -> None:
    inside = f"<a:Address>{ANONYMOUS[namespace]}</a:Address><a:ReferenceParameters>%s</a:ReferenceParameters>"
    expect_person(asker.ask(version=version, headers=(header(name, inside % "", namespace),)))
    ticket = '<x:ticket xmlns:x="urn:x">7</x:ticket>'
    exchange = asker.ask(version=version, headers=(header(name, inside % ticket, namespace),))
    expect_refusal(exchange, rules.WSA_REPLY, consumer="EESMN")


def test_anonymous_and_none(asker: Asker, version: SoapVersion) -> None:
    expect_person(asker.ask(version=version, headers=(endpoint("ReplyTo", f"{NEW}/anonymous"),)))
    expect_person(asker.ask(version=version, headers=(endpoint("FaultTo", f"{NEW}/none"),)))


@pytest.mark.parametrize("name", ["MessageID", "To", "Action"])
def test_a_header_that_stands_twice(asker: Asker, version: SoapVersion, name: str) -> None:
    text = {"MessageID": "urn:uuid:1", "To": URL, "Action": "urn:example:GetPerson"}[name]
    exchange = asker.ask(version=version, headers=(header(name, text), header(name, text)))
    expect_refusal(exchange, rules.WSA_ONCE, consumer=exchange.records[-1].entry.consumer)


def test_two_versions_of_addressing(asker: Asker, version: SoapVersion) -> None:
    headers = (header("Action", "urn:example:GetPerson", NEW), header("To", URL, OLD))
    exchange = asker.ask(version=version, headers=headers)
    expect_refusal(exchange, rules.WSA_ONCE, consumer=exchange.records[-1].entry.consumer)


@pytest.mark.parametrize("ident", ["", "x" * 257, "a b\tc"], ids=["empty", "long", "blanks"])
def test_a_message_id_that_is_none(asker: Asker, version: SoapVersion, ident: str) -> None:
    exchange = asker.ask(version=version, headers=(header("MessageID", ident),))
    expect_refusal(exchange, rules.TIM_ID, consumer=exchange.records[-1].entry.consumer, secrets=(FIN,))


def test_references_are_not_echoed_unsigned(asker: Asker, version: SoapVersion) -> None:
    """Whatever the answer holds of the request's addressing is under the bus's signature."""
    exchange = asker.ask(version=version, headers=whole(f"urn:uuid:{secrets.token_hex(8)}", NEW))
    reply = expect_person(exchange)
    blocks = [one for one in reply.root[0] if one.tag.startswith(f"{{{NEW}}}")]
    assert blocks
    signed = signed_names(exchange)
    assert all(one.tag.rpartition("}")[2] in signed for one in blocks)
    assert NS["wsa"] == NEW
