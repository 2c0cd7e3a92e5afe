"""The bus: whatever goes wrong on the way ends as a signed fault that is on record."""

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree
from support.client import NS, Reply, verify_with_xmlsec
from support.rig import Rig, done

from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.message import Outgoing, ProviderAnswer, Replied
from esb.kernel.soap import SoapVersion
from esb.stages.progress import Progress

SECRET = "postgresql://esb:geheim@db/evidence"


@pytest.fixture
def rig() -> Rig:
    return Rig()


def carry(rig: Rig, message: bytes | None = None, version: SoapVersion = SoapVersion.V11) -> Replied:
    return done(rig.bus.carry(rig.received(message, version)))


def rule_of(rig: Rig, replied: Replied) -> str:
    """The rule of a fault, after its signature was verified by an independent tool."""
    reply = Reply(replied.status, {}, replied.envelope)
    assert verify_with_xmlsec(reply, rig.bus_party.certificate) >= {"Body", "Receipt", "Timestamp"}
    return reply.rule


def outcomes(rig: Rig) -> list[str]:
    return [record.entry.outcome for record in rig.evidence.records]


@pytest.mark.parametrize("version", list(SoapVersion))
def test_a_good_request_is_on_record_delivered_answered_and_told(rig: Rig, version: SoapVersion) -> None:
    replied = carry(rig, version=version)
    assert replied.status == 200
    assert outcomes(rig) == ["accepted", "answered"]
    assert len(rig.provider.journal) == 1
    event, facts = rig.logged[-1]
    assert (event, facts["status"], facts["consumer"], facts["operation"]) == ("exchange", 200, "EESMN", "GetPerson")
    assert rig.way.load.in_flight == 0


def failing(error: Exception) -> Callable[[Outgoing], ProviderAnswer]:
    def fail(outgoing: Outgoing) -> ProviderAnswer:
        raise error

    return fail


@pytest.mark.parametrize(
    ("arrange", "message", "rule", "stage", "recorded"),
    [
        (lambda rig: None, b"no xml", "MSG-05", "parse", ["MalformedMessage"]),
        (lambda rig: rig.allow(consumer="DSMF"), None, "ACC-02", "authorize", ["AccessDenied"]),
        (lambda rig: rig.serve(operations={}), None, "RTE-02", "authorize", ["NoSuchOperation"]),
        (
            lambda rig: setattr(rig, "answer", failing(Refusal(rules.PRV_CONNECT, "x"))),
            None,
            "PRV-01",
            "adapt",
            ["accepted", "ProviderUnavailable"],
        ),
        (
            lambda rig: setattr(rig, "answer", lambda outgoing: ProviderAnswer(SoapVersion.V11, b"<html/>")),
            None,
            "PRV-03",
            "verify",
            ["accepted", "ProviderFault"],
        ),
    ],
)
def test_a_refusal_at_any_stage_is_signed_recorded_and_told(
    rig: Rig, arrange: Callable[[Rig], Any], message: bytes | None, rule: str, stage: str, recorded: list[str]
) -> None:
    arrange(rig)
    replied = carry(rig, message)
    assert rule_of(rig, replied) == rule
    assert outcomes(rig) == recorded
    assert rig.evidence.records[-1].sent == replied.envelope
    event, facts = rig.logged[-1]
    assert (event, facts["rule"], facts["stage"], facts["status"]) == ("refused", rule, stage, replied.status)
    assert rig.way.load.in_flight == 0


def test_an_error_of_the_program_tells_nothing_of_itself(rig: Rig) -> None:
    error = RuntimeError(SECRET)
    rig.answer = failing(error)
    replied = carry(rig)
    assert rule_of(rig, replied) == "BUS-03"
    assert replied.status == 500
    assert SECRET not in replied.envelope.decode()
    assert SECRET not in repr([record.entry for record in rig.evidence.records])
    assert rig.failures == [(rig.evidence.records[-1].entry.exchange, error)]
    assert rig.way.load.in_flight == 0


@pytest.mark.parametrize("version", list(SoapVersion))
def test_what_cannot_be_recorded_does_not_happen(rig: Rig, version: SoapVersion) -> None:
    rig.evidence.refusing = dict.fromkeys(("request", "answer", "refusal"), SECRET)
    replied = carry(rig, version=version)
    assert rule_of(rig, replied) == "BUS-01"
    assert (replied.status, replied.retry_after) == (503, 5)
    assert rig.provider.journal == []
    assert SECRET not in replied.envelope.decode()
    assert [facts["rule"] for event, facts in rig.logged if event == "refused"] == ["BUS-01", "BUS-01"]


def test_an_answer_without_evidence_is_withheld(rig: Rig) -> None:
    rig.evidence.refusing = {"answer": "full"}
    replied = carry(rig)
    assert rule_of(rig, replied) == "BUS-01"
    assert outcomes(rig) == ["accepted", "Overloaded"]
    assert "Leyla" not in replied.envelope.decode()


def test_a_refusal_that_cannot_be_recorded_says_that_instead(rig: Rig) -> None:
    rig.evidence.refusing = {"refusal": "full"}
    replied = carry(rig, b"no xml")
    assert rule_of(rig, replied) == "BUS-01"
    assert rig.evidence.records == []


def test_a_bus_that_is_stopping_takes_nothing_new(rig: Rig) -> None:
    rig.bus.stopping = True
    replied = carry(rig)
    assert rule_of(rig, replied) == "BUS-04"
    assert (replied.status, replied.retry_after) == (503, 1)
    assert outcomes(rig) == ["Overloaded"]


def test_a_bus_whose_records_waited_too_long_for_a_time_stamp_takes_nothing_new(rig: Rig) -> None:
    rig.way.undated = lambda: True
    replied = carry(rig)
    assert rule_of(rig, replied) == "BUS-06"
    assert (replied.status, replied.retry_after) == (503, 30)
    assert outcomes(rig) == ["Overloaded"]
    rig.way.undated = lambda: False
    assert carry(rig).status == 200


def test_a_full_bus_takes_nothing_more_and_keeps_count(rig: Rig) -> None:
    for _ in range(10):
        rig.way.load.enter()
    replied = carry(rig)
    assert rule_of(rig, replied) == "BUS-02"
    assert rig.way.load.in_flight == 10
    rig.way.load.leave()
    assert carry(rig).status == 200


def test_a_replay_is_refused_and_recorded(rig: Rig) -> None:
    message = rig.signed()
    assert carry(rig, message).status == 200
    assert rule_of(rig, carry(rig, message)) == "TIM-04"
    assert outcomes(rig) == ["accepted", "answered", "Replay"]
    assert len(rig.provider.journal) == 1


def test_refused_at_the_door(rig: Rig) -> None:
    progress = Progress("0197", rig.clock.now(), "/services/x", SoapVersion.V12, b"", "192.0.2.7")
    replied = done(rig.bus.refuse(Refusal(rules.HTTP_MEDIA, "x"), progress))
    assert rule_of(rig, replied) == "MSG-01"
    assert replied.status == 415
    assert etree.fromstring(replied.envelope).findtext(".//exch:stage", namespaces=NS) == "receive"


def test_a_failing_refusal_does_not_escape(rig: Rig) -> None:
    """Evidence that breaks its own promise, and raises, must not leave a consumer without an answer."""

    async def broken(record: object) -> None:
        raise OSError(SECRET)

    rig.evidence.write = broken  # type: ignore[assignment,method-assign]
    replied = carry(rig)
    assert rule_of(rig, replied) == "BUS-01"
    assert SECRET not in replied.envelope.decode()
    assert rig.failures


def test_a_quota_is_given_back_in_the_second_that_it_was_taken_in(rig: Rig) -> None:
    """A refusal that comes a second later must not let the next second have one more than its quota."""
    given: list[float] = []
    rig.way.quotas.give_back = lambda grant, now: given.append(now)  # type: ignore[method-assign]
    message = rig.signed()
    assert carry(rig, message).status == 200
    began = rig.clock.now()
    write = rig.evidence.write

    async def late(record: object) -> object:
        rig.clock.advance(1.5)
        return await write(record)  # type: ignore[arg-type]

    rig.evidence.write = late  # type: ignore[assignment,method-assign]
    assert rule_of(rig, carry(rig, message)) == "TIM-04"
    assert given == [began]
