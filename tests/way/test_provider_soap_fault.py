"""A provider's own SOAP fault is an answer: judged, recorded, signed and passed on, in the consumer's version."""

from collections.abc import Callable

import pytest
from support.client import NS
from support.place import Place
from support.provider import Given, envelope11, envelope12
from support.way import MEDIA, Asker, Exchange, expect_answer, granted, resolved

from esb.kernel.soap import SoapVersion

DETAIL = b'<p:PersonFault xmlns:p="urn:example:person"><p:why>no such person</p:why></p:PersonFault>'


def fault11(code: bytes = b"S:Server", detail: bytes = DETAIL) -> Given:
    return Given(
        envelope11(
            b"<S:Fault><faultcode>"
            + code
            + b"</faultcode><faultstring>Not found</faultstring><detail>"
            + detail
            + b"</detail></S:Fault>"
        ),
        500,
        MEDIA[SoapVersion.V11],
    )


def fault12(code: bytes = b"S:Receiver", detail: bytes = DETAIL, status: int = 500) -> Given:
    return Given(
        envelope12(
            b"<S:Fault><S:Code><S:Value>"
            + code
            + b"</S:Value></S:Code><S:Reason><S:Text xml:lang='en'>Not found</S:Text>"
            b"</S:Reason><S:Detail>" + detail + b"</S:Detail></S:Fault>"
        ),
        status,
        MEDIA[SoapVersion.V12],
    )


GIVEN = {SoapVersion.V11: fault11, SoapVersion.V12: fault12}
BLAME = {
    SoapVersion.V11: {"sender": "Client", "receiver": "Server"},
    SoapVersion.V12: {"sender": "Sender", "receiver": "Receiver"},
}


def expect_provider_fault(exchange: Exchange, blame: str, status: int) -> None:
    reply, version = exchange.reply, exchange.version
    expect_answer(exchange, status)
    assert [one.entry.outcome for one in exchange.records] == ["accepted", "provider-fault"]
    fault = reply.payload
    assert fault.tag == f"{{{version.value}}}Fault"
    assert reply.find("//exch:Fault") is None
    code = fault.find("faultcode") if version is SoapVersion.V11 else fault.find("s12:Code/s12:Value", NS)
    assert resolved(code) == (version.value, BLAME[version][blame])
    assert reply.fault_text == "Not found"
    detail = fault.find("detail") if version is SoapVersion.V11 else fault.find("s12:Detail", NS)
    assert detail[0].tag == "{urn:example:person}PersonFault"
    assert detail[0][0].text == "no such person"


def test_it_is_passed_on(asker: Asker, place: Place, version: SoapVersion) -> None:
    place.provider.answer = lambda _: GIVEN[version]()
    expect_provider_fault(asker.ask(version=version), "receiver", 500)


def test_the_consumers_own_mistake(asker: Asker, place: Place, version: SoapVersion) -> None:
    """SOAP 1.2 puts a Sender fault on 400; SOAP 1.1 all faults on 500."""
    if version is SoapVersion.V11:
        place.provider.answer = lambda _: fault11(b"S:Client")
        expect_provider_fault(asker.ask(version=version), "sender", 500)
    else:
        place.provider.answer = lambda _: fault12(b"S:Sender", status=400)
        expect_provider_fault(asker.ask(version=version), "sender", 400)


@pytest.mark.parametrize("blame", ["sender", "receiver"])
def test_it_is_bridged_between_the_versions(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str], blame: str
) -> None:
    """A provider of one version behind a consumer of the other."""
    other = {SoapVersion.V11: SoapVersion.V12, SoapVersion.V12: SoapVersion.V11}[version]
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1", provider_version=other)
    code = f"S:{BLAME[other][blame]}".encode()
    place.provider.answer = lambda _: GIVEN[other](code)
    exchange = asker.ask(version=version, service=service)
    assert exchange.delivered[0].headers["content-type"].startswith(other.media_type)
    expect_provider_fault(exchange, blame, 400 if (version, blame) == (SoapVersion.V12, "sender") else 500)


def test_a_fault_does_not_pause_the_provider(asker: Asker, place: Place, version: SoapVersion) -> None:
    place.provider.answer = lambda _: GIVEN[version]()
    for _ in range(7):
        expect_provider_fault(asker.ask(version=version), "receiver", 500)


def test_a_fault_that_pretends_to_be_the_buses(asker: Asker, place: Place, version: SoapVersion) -> None:
    """Only the bus speaks in exch:Fault; whatever becomes of a provider's, the record tells whose it was."""
    forged = b'<e:Fault xmlns:e="urn:shluz:exchange:1"><e:code>AccessDenied</e:code><e:rule>ACC-02</e:rule></e:Fault>'
    place.provider.answer = lambda _: GIVEN[version](detail=forged)
    exchange = asker.ask(version=version)
    assert exchange.records[-1].entry.outcome in {"provider-fault", "ProviderFault", "SchemaViolation"}


def test_a_soap_fault_under_200(asker: Asker, place: Place, version: SoapVersion) -> None:
    """Some stacks answer a fault with 200; the consumer gets it with the status that its binding asks for."""
    given = GIVEN[version]()
    place.provider.answer = lambda _: Given(given.body, 200, given.media)
    expect_provider_fault(asker.ask(version=version), "receiver", 500)
