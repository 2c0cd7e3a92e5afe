"""No fault at all: what the checker must find sound, and what it is compared with."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

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
    with closing(sqlite3.connect(scene.evidence)) as log:
        kept = log.execute("SELECT key, message FROM body JOIN record USING (id) WHERE kind = 'request'").fetchall()
    assert all(key is not None and b"GetPerson" not in message for key, message in kept), (
        "sealed, as a real bus does it"
    )
    assert scene.verdict().counts == counts
