"""No fault at all: what the checker must find sound, and what it is compared with."""

from collections.abc import Callable

from support.faults.load import loading
from support.faults.processes import until
from support.faults.scene import Scene


def test_a_quiet_place_is_sound(play: Callable[..., Scene]) -> None:
    scene = play()
    with loading(scene.load()) as load:
        until(lambda: load.good >= 100, 30)
    verdict = scene.expect_sound()
    counts = verdict.counts
    assert counts["request"] == counts["answer"] == counts["delivered"] == counts["witnessed"] == counts["answered"]
    assert counts["without an end"] == counts["refused"] == counts["broken"] == 0
    assert scene.bus.stop() == 0
    assert scene.verdict().counts == counts
