"""When an ending is told; both databases are in tests/contract/test_officers_acts.py."""

import pytest
from unit.admin.conftest import NOW, Office

from esb.admin.endings import _days_ahead, announce_endings


@pytest.mark.parametrize(
    ("ahead", "told"), [(60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (2, 7), (1, 1), (0.1, 1), (0, 0), (-5, 0)]
)
def test_the_shortest_term_that_has_begun_is_told(ahead: float, told: int) -> None:
    assert _days_ahead(NOW + ahead * 86_400, NOW) == told


def test_where_nothing_ends_nothing_is_told(office: Office) -> None:
    assert announce_endings(office.engine, "timer", NOW) == 0
