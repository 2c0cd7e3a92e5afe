"""A one-way operation: accepted with 202 and no body, on record, delivered once."""

import pytest
from support.place import Place
from support.provider import Given
from support.way import Asker, expect_refusal

from esb.audit.entry import Kind
from esb.kernel import rules
from esb.kernel.soap import SoapVersion

NOTE = b'<p:NotePerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin></p:NotePerson>'


@pytest.mark.parametrize("status", [200, 202, 204])
def test_it_is_accepted(asker: Asker, place: Place, version: SoapVersion, status: int) -> None:
    place.provider.answer = lambda _: Given(b"", status)
    exchange = asker.ask(body=NOTE, version=version)
    assert (exchange.reply.status, exchange.reply.body) == (202, b"")
    assert [one.entry.kind for one in exchange.records] == [Kind.REQUEST, Kind.ANSWER]
    assert [one.entry.operation for one in exchange.records] == ["NotePerson"] * 2
    assert len(exchange.delivered) == 1


def test_a_refusal_of_it_is_a_fault_like_any(asker: Asker, version: SoapVersion) -> None:
    body = NOTE.replace(b"5ABC123", b"no fin")
    expect_refusal(asker.ask(body=body, version=version), rules.SCH_REQUEST, consumer="EESMN")


def test_a_provider_that_fails_at_it(asker: Asker, place: Place, version: SoapVersion) -> None:
    place.provider.answer = lambda _: Given(b"<html>no</html>", 500, "text/html")
    exchange = asker.ask(body=NOTE, version=version)
    expect_refusal(exchange, rules.PRV_ANSWER, consumer="EESMN", after_record=True)
