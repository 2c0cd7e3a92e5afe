"""Created decides; Expires may only shorten; skew counts for the sender at both ends."""

import pytest

from esb.certs.window import check_window
from esb.kernel.faults import Refusal

NOW, WINDOW, SKEW = 1_000_000.0, 300.0, 60.0


@pytest.mark.parametrize(
    ("created", "expires"),
    [
        (NOW, None),
        (NOW, NOW + 1),
        (NOW + SKEW, None),
        (NOW - WINDOW - SKEW, None),
        (NOW - 10, NOW - SKEW + 1),
        (NOW - 10, NOW + 1e9),
        (NOW - WINDOW, NOW + 1e12),
    ],
)
def test_current(created, expires):
    check_window(created, expires, NOW, WINDOW, SKEW)


@pytest.mark.parametrize(
    ("created", "expires", "rule"),
    [
        (NOW + SKEW + 0.001, None, "TIM-03"),
        (NOW + 1e9, NOW + 2e9, "TIM-03"),
        (NOW - WINDOW - SKEW - 0.001, None, "TIM-02"),
        # an endless lifetime gains nothing
        (NOW - WINDOW - SKEW - 1, NOW + 1e9, "TIM-02"),
        (NOW - 100, NOW - SKEW, "TIM-02"),
        (0.0, None, "TIM-02"),
    ],
)
def test_not_current(created, expires, rule):
    with pytest.raises(Refusal) as caught:
        check_window(created, expires, NOW, WINDOW, SKEW)
    assert caught.value.rule.id == rule
