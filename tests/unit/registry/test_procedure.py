"""The table of the procedure, as the statute has it."""

import pytest

from esb.registry.procedure import (
    TRANSITIONS,
    UNDER_WAY,
    Limits,
    Party,
    State,
    Step,
    StepForbidden,
    next_state,
    steps_from,
    whose_turn,
)


def test_every_state_is_reached_and_every_one_but_the_last_is_left() -> None:
    assert set(TRANSITIONS.values()) == set(State)
    assert [state for state in State if not steps_from(state)] == [State.ARCHIVED]


def test_nothing_is_registered_without_checks_and_an_opinion() -> None:
    """Whatever way leads to REGISTERED from the outside passes CHECK and OPINE."""
    reached = {State.APPLIED}
    while True:
        further = {
            to for (state, step), to in TRANSITIONS.items() if state in reached and step not in (Step.CHECK, Step.OPINE)
        }
        if further <= reached:
            break
        reached |= further
    assert State.REGISTERED not in reached
    assert State.REFUSED not in reached


def test_every_state_under_way_waits_for_somebody_until_a_day() -> None:
    for state in UNDER_WAY:
        assert whose_turn(state) is not Party.NOBODY
        assert Limits().due(state, 0.0) is not None
    assert whose_turn(State.RETURNED) is Party.APPLICANT
    assert Limits().due(State.REGISTERED, 0.0) is None


def test_a_forbidden_step_says_what_may_be_done() -> None:
    with pytest.raises(StepForbidden, match=r"is returned does not allow to register.*now: amend, withdraw"):
        next_state(State.RETURNED, Step.REGISTER)
    with pytest.raises(StepForbidden, match="not filed"):
        next_state(None, Step.ACCEPT)
