"""The power is cut: what was not synced is gone, and everything that anybody was told is still there."""

import random
import time
from collections.abc import Callable

from support.faults.load import loading
from support.faults.processes import until
from support.faults.scene import Scene


def test_what_was_acknowledged_was_synced(play: Callable[..., Scene], full: bool) -> None:
    """The disk is the worst that is lawful: of what was written it keeps what was synced, and not a byte more."""
    scene = play(serve=False, shim="cut")
    chance = random.Random(3)
    with loading(scene.load(rate=150)) as load:
        for _ in range(30 if full else 3):
            scene.bus.start()
            good = load.good
            until(lambda good=good: load.good >= good + 20, 20, "somebody is answered")  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 0.3))
            scene.bus.kill()
            scene.shim.cut_power()
        scene.bus.start()
        scene.well()
    counts = scene.expect_sound().counts
    assert counts["answered"] >= 60
    assert counts["broken"]
