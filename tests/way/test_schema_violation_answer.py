"""SchemaViolation of an answer: the provider's fault (Receiver), told to the consumer without the provider's data."""

from collections.abc import Callable

import pytest
from support.place import Place
from support.provider import PERSON, Delivered, Given, envelope11, envelope12
from support.way import MEDIA, Asker, expect_answer, expect_person, expect_refusal, granted

from esb.audit.entry import Kind
from esb.kernel import rules
from esb.kernel.directory import Judgement
from esb.kernel.soap import SoapVersion

BROKEN = PERSON.replace(b"1990-05-12", b"the twelfth of May")
SECRETS = ("5ABC123", "Leyla", "twelfth")


def answering(content: bytes) -> Callable[[Delivered], Given]:
    def answer(request: Delivered) -> Given:
        if "soap+xml" in request.headers["content-type"]:
            return Given(envelope12(content), media=MEDIA[SoapVersion.V12])
        return Given(envelope11(content))

    return answer


def test_it_is_the_receivers(asker: Asker, place: Place, version: SoapVersion) -> None:
    place.provider.answer = answering(BROKEN)
    exchange = asker.ask(version=version)
    reply = expect_refusal(
        exchange, rules.SCH_ANSWER, consumer="EESMN", receiver=True, after_record=True, secrets=SECRETS
    )
    assert "born" in reply.particular("path")
    assert len(exchange.delivered) == 1


@pytest.mark.parametrize(
    "content",
    [
        b'<p:CountPersonsResponse xmlns:p="urn:example:person"><p:count>3</p:count></p:CountPersonsResponse>',
        b'<x xmlns="urn:unknown">5ABC123</x>',
        b"",
    ],
    ids=["another operation's answer", "an unknown element", "nothing"],
)
def test_another_answer_than_the_operations(asker: Asker, place: Place, version: SoapVersion, content: bytes) -> None:
    place.provider.answer = answering(content)
    exchange = asker.ask(version=version)
    expect_refusal(exchange, rules.SCH_ANSWER, consumer="EESMN", receiver=True, after_record=True, secrets=SECRETS)


@pytest.mark.parametrize("judgement", [Judgement.WARN, Judgement.OFF])
def test_a_resource_that_only_warns_or_does_not_judge(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str], judgement: Judgement
) -> None:
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1", judge_answer=judgement)
    place.provider.answer = answering(BROKEN)
    reply = expect_answer(asker.ask(version=version, service=service))
    assert reply.text("//*[local-name()='born']") == "the twelfth of May"


def test_the_provider_is_not_paused_for_it(asker: Asker, place: Place, version: SoapVersion) -> None:
    """A wrong answer is an answer: the provider is there, and the next good one passes."""
    place.provider.answer = answering(BROKEN)
    for _ in range(6):
        exchange = asker.ask(version=version)
        assert exchange.reply.rule == "SCH-02"
        assert [one.entry.kind for one in exchange.records] == [Kind.REQUEST, Kind.REFUSAL]
    place.provider.reset()
    expect_person(asker.ask(version=version))
