"""The act: one delivery, what it took, and what it says of the provider."""

import pytest
from support.rig import Rig, answer, done

from esb.kernel import rules
from esb.kernel.faults import Refusal, Rule
from esb.kernel.message import Outgoing, ProviderAnswer
from esb.stages.adapt import adapt


def failing(rig: Rig, error: Exception) -> None:
    def fail(outgoing: Outgoing) -> ProviderAnswer:
        raise error

    rig.answer = fail


def test_the_envelope_is_delivered_once(rig: Rig) -> None:
    routed = rig.routed()
    answered = done(adapt(routed, rig.way))
    assert rig.provider.journal == [routed.outgoing]
    assert answered.answer == answer(routed.outgoing)
    assert answered.routed is routed


def test_the_time_is_measured_by_a_clock_that_never_goes_back(rig: Rig) -> None:
    def slow(outgoing: Outgoing) -> ProviderAnswer:
        rig.clock.advance(0.25)
        rig.clock.step(-3600)
        return answer(outgoing)

    rig.answer = slow
    assert rig.answered().provider_us == 250_000


@pytest.mark.parametrize("rule", [rules.PRV_CONNECT, rules.PRV_BROKEN])
def test_a_provider_that_is_not_reached_gets_a_pause(rig: Rig, rule: Rule) -> None:
    failing(rig, Refusal(rule, "x"))
    for _ in range(3):
        with pytest.raises(Refusal):
            rig.answered()
    with pytest.raises(Refusal) as refusal:
        rig.routed()
    assert refusal.value.rule.id == "PRV-05"
    assert len(rig.provider.journal) == 3


@pytest.mark.parametrize("rule", [rules.PRV_TIMEOUT, rules.PRV_ANSWER, rules.PRV_SIZE])
def test_a_provider_that_is_slow_or_odd_was_reached(rig: Rig, rule: Rule) -> None:
    failing(rig, Refusal(rule, "x"))
    for _ in range(5):
        with pytest.raises(Refusal):
            rig.answered()
    rig.routed()


def test_one_answer_ends_the_count(rig: Rig) -> None:
    failing(rig, Refusal(rules.PRV_CONNECT, "x"))
    for _ in range(2):
        with pytest.raises(Refusal):
            rig.answered()
    rig.answer = answer
    rig.answered()
    failing(rig, Refusal(rules.PRV_CONNECT, "x"))
    with pytest.raises(Refusal):
        rig.answered()
    rig.routed()
