"""Speaking in another's name: the bus's own headers and faults, forged by members on either side of it."""

from collections.abc import Callable

import pytest
from support.client import GET_PERSON, NS, Consumer
from support.handmade import Choices, handmade
from support.place import Place
from support.provider import PERSON, Given, envelope11, envelope12
from support.soundness import expect_as_signed, expect_sound
from support.way import MEDIA, Asker, expect_person, expect_refusal, granted

from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.directory import AnswerSignature, SignatureMode
from esb.kernel.soap import SoapVersion

Name = Callable[[], str]
E = ns.EXCHANGE
FORWARDED = f'<e:Forwarded xmlns:e="{E}"><e:consumer>DIN</e:consumer><e:purpose>any</e:purpose></e:Forwarded>'.encode()
RECEIPT = f'<e:Receipt xmlns:e="{E}"><e:exchange>x</e:exchange></e:Receipt>'.encode()


@pytest.mark.parametrize("mode", list(SignatureMode))
@pytest.mark.parametrize("block", [FORWARDED, RECEIPT, f'<ExchangeX xmlns="{E}"/>'.encode()])
def test_a_consumers_signed_header_of_the_buses_own_name(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Name, mode: SignatureMode, block: bytes
) -> None:
    """Carried on beside the bus's own, it said who asks and why, under a signature that holds."""
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1", signature=mode)
    exchange = asker.ask(version=version, service=service, headers=(block,))
    expect_sound(exchange)
    assert exchange.reply.rule == rules.ACC_HEADER.id
    assert exchange.delivered == ()


@pytest.mark.parametrize("mode", list(SignatureMode))
def test_an_unsigned_one_goes_no_further(
    asker: Asker, place: Place, eesmn: Consumer, version: SoapVersion, fresh_name: Name, mode: SignatureMode
) -> None:
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1", signature=mode)
    exchange = asker.send(handmade(eesmn, version=version, headers=(FORWARDED,)), version, service)
    expect_sound(exchange)
    root = expect_as_signed(exchange)
    told = root.findall(".//exch:Forwarded/exch:consumer", NS)
    assert [each.text for each in told] == ([] if mode is SignatureMode.NONE else ["EESMN"])


UNSIGNED_ATTRIBUTES = [
    'x:xmlns="urn:evil"',
    'x:local="EVIL"',
    'x:local="EVIL" y:local="EVIL"',
    'Id="EVIL"',
    's11:actor="urn:shluz:bus"',
    's12:role="urn:shluz:bus"',
    's11:actor="" s12:role=""',
    'xml:base="http://evil.example/"',
    'xml:lang="az"',
]


@pytest.mark.parametrize("attributes", UNSIGNED_ATTRIBUTES)
def test_attributes_that_no_signature_covers(
    asker: Asker, place: Place, eesmn: Consumer, version: SoapVersion, fresh_name: Name, attributes: str
) -> None:
    """The Security header's own attributes are the attacker's: they must neither break nor steer what is carried on."""
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1", signature=SignatureMode.CARRY)
    declared = f'xmlns:x="urn:x" xmlns:y="urn:y" xmlns:s11="{ns.SOAP11}" xmlns:s12="{ns.SOAP12}"'
    message = handmade(eesmn, version=version).replace(
        b"<wsse:Security", f"<wsse:Security {declared} {attributes}".encode(), 1
    )
    exchange = asker.send(message, version, service)
    expect_sound(exchange)
    root = expect_as_signed(exchange)
    assert b"evil" not in exchange.delivered[0].body.lower()
    headers = root.findall(".//wsse:Security", NS)
    actors = [header.get(f"{{{ns.SOAP11}}}actor") or header.get(f"{{{ns.SOAP12}}}role") for header in headers]
    assert actors.count(ns.BUS_ACTOR) == 1, "one header for the bus's actor: its own"


@pytest.mark.parametrize("detail", ["exch", "nested", "default"])
@pytest.mark.parametrize("other", [False, True], ids=["same", "bridged"])
def test_a_providers_fault_in_the_buses_name(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Name, detail: str, other: bool
) -> None:
    """Signed by the bus, it would be proof of a refusal that the bus never decided."""
    inner = {
        "exch": f'<e:Fault xmlns:e="{E}"><e:code>CertificateRevoked</e:code><e:rule>CRT-05</e:rule></e:Fault>',
        "nested": f'<a><e:Fault xmlns:e="{E}"><e:code>Replay</e:code></e:Fault></a>',
        "default": f'<Fault xmlns="{E}"><code>AccessDenied</code></Fault>',
    }[detail]
    speaks = version if not other else next(each for each in SoapVersion if each is not version)
    fault11 = (
        f'<S:Fault xmlns:S="{ns.SOAP11}"><faultcode>S:Client</faultcode><faultstring>no</faultstring>'
        f"<detail>{inner}</detail></S:Fault>"
    )
    fault12 = (
        f'<S:Fault xmlns:S="{ns.SOAP12}"><S:Code><S:Value>S:Sender</S:Value></S:Code><S:Reason><S:Text xml:lang="en">no'
        f"</S:Text></S:Reason><S:Detail>{inner}</S:Detail></S:Fault>"
    )
    body = envelope11(fault11.encode()) if speaks is SoapVersion.V11 else envelope12(fault12.encode())
    place.provider.answer = lambda _: Given(body, 500, MEDIA[speaks])
    exchange = asker.ask(version=version)
    expect_sound(exchange)
    assert exchange.reply.rule == rules.PRV_ANSWER.id
    assert exchange.reply.text("//exch:Fault/exch:exchange") == exchange.reply.exchange


@pytest.mark.parametrize("local", ["ReplyTo", "FaultTo"])
@pytest.mark.parametrize(
    ("uri", "anonymous"), [(ns.WSA, ns.WSA_ANONYMOUS), (ns.WSA_2004, ns.WSA_2004_ANONYMOUS)], ids=["2005", "2004"]
)
def test_a_second_reply_address(asker: Asker, version: SoapVersion, local: str, uri: str, anonymous: str) -> None:
    """The bus read the first; a provider that is given the header may read the last."""
    good, evil = f"<a:Address>{anonymous}</a:Address>", "<a:Address>http://evil.example/</a:Address>"
    for inside in (good + evil, evil + good, f"{good}<a:Metadata>{evil}</a:Metadata>", f"<x>{evil}</x>{good}"):
        block = f'<a:{local} xmlns:a="{uri}">{inside}</a:{local}>'.encode()
        exchange = asker.ask(version=version, headers=(block,))
        expect_sound(exchange)
        assert exchange.reply.rule == rules.WSA_REPLY.id
        assert exchange.delivered == ()


@pytest.mark.parametrize("tag", [f"{{{ns.WSSE}}}SecurityX", f"{{{ns.EXCHANGE}}}ExchangeX", f"{{{ns.WSU}}}Timestamp"])
def test_a_mandatory_header_that_only_looks_known(
    asker: Asker, eesmn: Consumer, version: SoapVersion, tag: str
) -> None:
    uri, local = tag[1:].split("}")
    block = f'<x:{local} xmlns:x="{uri}" xmlns:S="{version.value}" S:mustUnderstand="1"/>'.encode()
    exchange = asker.send(handmade(eesmn, version=version, headers=(block,)), version)
    expect_refusal(exchange, rules.SOAP_UNDERSTAND)


def test_an_answers_unsigned_prefix(asker: Asker, place: Place, version: SoapVersion, fresh_name: Name) -> None:
    """Between provider and bus the binding of an xsi:type's prefix is changed; the provider's signature still holds,
    and the bus would have signed the other meaning."""
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1", answer_signature=AnswerSignature.REQUIRED)
    typed = PERSON.replace(b"<p:person>", f'<p:person xmlns:i="{ns.XSI}" i:type="t:Citizen">'.encode()).replace(
        b"</p:born>", b"</p:born><p:passport>AZ1</p:passport>"
    )
    din = place.consumers["DIN"]
    bound = handmade(din, typed, version, choices=Choices(root='xmlns:t="urn:example:person"'))
    place.provider.answer = lambda _: Given(bound, media=MEDIA[version])
    good = asker.ask(version=version, service=service)
    expect_sound(good)
    assert good.reply.status == 200, "one type of that name: nothing to choose"
    moved = bound.replace(b'xmlns:t="urn:example:person"', b'xmlns:t="urn:example:another"')
    place.provider.answer = lambda _: Given(moved, media=MEDIA[version])
    exchange = asker.ask(version=version, service=service)
    expect_sound(exchange)
    assert exchange.reply.rule == rules.PRV_SIGNATURE.id
    assert exchange.reply.particular("because") == rules.SIG_PREFIX.id


def test_a_captured_message_does_not_use_up_a_quota(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Name
) -> None:
    """Who holds one message of a member sends it a hundred times: refused each time, and counted each time."""
    consumer = place.member(fresh_name())
    place.grant(consumer.code, per_day=2)
    place.settle()
    message = consumer.sign(version=version)
    expect_person(asker.send(message, version))
    bad = consumer.sign(GET_PERSON.replace(b"5ABC123", b"?"), version=version)
    for _ in range(5):
        again = asker.send(message, version)
        expect_sound(again)
        assert again.reply.rule == rules.TIM_REPLAY.id
        invalid = asker.send(bad, version)
        assert invalid.reply.rule == rules.SCH_REQUEST.id
    expect_person(asker.ask(consumer, version=version))
    expect_refusal(asker.ask(consumer, version=version), rules.ACC_QUOTA_DAY, consumer=consumer.code)


def test_one_message_at_two_resources(asker: Asker, place: Place, version: SoapVersion, fresh_name: Name) -> None:
    """Without wsa:To a message may be turned to another resource of the same contract, but never reach both."""
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1")
    message = place.consumers["EESMN"].sign(version=version)
    expect_person(asker.send(message, version, service))
    exchange = asker.send(message, version)
    expect_sound(exchange)
    assert exchange.reply.rule == rules.TIM_REPLAY.id
    to = f'<a:To xmlns:a="{ns.WSA}">http://bus.test/services/DIN/IAMAS/PersonQuery/v1</a:To>'.encode()
    bound = place.consumers["EESMN"].sign(headers=(to,), version=version)
    turned = asker.send(bound, version, service)
    expect_sound(turned)
    assert turned.reply.rule == rules.WSA_TO.id
