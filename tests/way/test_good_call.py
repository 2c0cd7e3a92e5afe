"""The plain good way: a signed request, an answer of the provider, signed and bound to the request by the bus."""

import pytest
from support.client import COUNT_PERSONS
from support.place import Place
from support.way import Asker, expect_answer, expect_person

from esb.kernel.soap import SoapVersion


def test_a_question_gets_the_providers_answer(asker: Asker, version: SoapVersion) -> None:
    exchange = asker.ask(version=version)
    expect_person(exchange)
    request, answer = exchange.records
    for entry in (request.entry, answer.entry):
        assert (entry.consumer, entry.client, entry.service) == ("EESMN", "EESMN", "DIN/IAMAS/PersonQuery/v1")
        assert (entry.operation, entry.purpose, entry.legal_basis) == ("GetPerson", "test", "Law 1")
    assert (request.entry.outcome, answer.entry.outcome) == ("accepted", "answered")


def test_an_operation_without_fields_gets_its_answer(asker: Asker, version: SoapVersion) -> None:
    reply = expect_answer(asker.ask(body=COUNT_PERSONS, version=version))
    assert reply.text("//*[local-name()='count']") == "3"


@pytest.mark.parametrize("kind", ["p256", "p384", "ed25519", "rsa2048"])
def test_every_kind_of_key_may_sign(asker: Asker, place: Place, kind: str) -> None:
    consumer = place.member(f"KEY-{kind.upper()}", kind)
    place.grant(consumer.code)
    place.settle()
    expect_person(asker.ask(consumer))
