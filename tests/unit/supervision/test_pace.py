"""A worker is replaced at once; its like that die young, ever more slowly."""

from esb.supervision.pace import Pace


def test_who_lived_is_replaced_at_once_however_often() -> None:
    pace = Pace()
    assert [pace.died(11.0) for _ in range(20)] == [0.0] * 20


def test_who_dies_young_again_and_again_waits_longer_but_never_for_ever() -> None:
    pace = Pace()
    assert [pace.died(1.0) for _ in range(10)] == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert [pace.died(1.0) for _ in range(2000)][-1] == 30.0


def test_one_that_lives_and_one_change_begin_anew() -> None:
    pace = Pace()
    for _ in range(5):
        pace.died(1.0)
    assert pace.died(60.0) == 0.0
    assert pace.died(1.0) == 0.0
    pace.died(1.0)
    pace.renewed()
    assert pace.died(1.0) == 0.0
