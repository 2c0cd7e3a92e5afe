"""An evidence log that cannot be written for a while, under load: what must be so before, during and after."""

import time
from collections.abc import Callable

from support.faults.load import loading
from support.faults.processes import PATIENCE, until
from support.faults.scene import Scene


def delivered(scene: Scene) -> int:
    """How many requests have reached the provider."""
    return scene.provider.journal_file.read_bytes().count(b"\n") if scene.provider.journal_file.exists() else 0


def outage(scene: Scene, begin: Callable[[], object], lift: Callable[[], object], stop: bool = True) -> None:
    """Begin a fault of the log under load, and lift it.

    While it lasts every question gets a signed BUS-01 with a time to come back, the bus says that it is not ready, and
    nothing reaches the provider.  Once it is lifted all is well, by itself and in time; and the evidence is sound.
    """
    with loading(scene.load(rate=60)) as load:
        until(lambda: load.good >= 20, 30, "somebody is answered before the fault")
        begin()
        until(lambda: load.counts["BUS-01"] >= 3, PATIENCE, "the fault is felt")
        until(lambda: scene.bus.ready() == 503, PATIENCE, "the bus says that it is not ready")
        told = scene.ask()  # checks the signature
        assert (told["status"], told["code"], told["rule"]) == (503, "Overloaded", "BUS-01")
        assert told["retry_after"] >= 1
        before, refused = delivered(scene), load.counts["BUS-01"]
        time.sleep(0.5)
        until(lambda: load.counts["BUS-01"] >= refused + 5, PATIENCE, "questions are refused, not kept waiting")
        assert delivered(scene) == before, "something was delivered that cannot be on record"
        assert load.good >= 20
        lift()
        scene.well()
        good = load.good
        until(lambda: load.good >= good + 20, PATIENCE, "everybody is answered again")
    scene.expect_sound()
    if stop:
        assert scene.bus.stop() == 0
        scene.expect_sound()
