"""The table of an inspection's acts; the acts themselves are in tests/contract."""

from esb.registry.inspections import STEPS
from esb.registry.procedure_models import InspectionState


def test_every_state_but_the_last_ones_is_left_and_every_one_is_reached() -> None:
    left = {state for state, _ in STEPS}
    assert set(InspectionState) - left == {InspectionState.CLOSED, InspectionState.CANCELLED}
    assert set(InspectionState) - set(STEPS.values()) == {InspectionState.PLANNED}
