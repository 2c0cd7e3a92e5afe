"""The machine's wall clock is set forwards and backwards under load: no timer hangs, no message is taken twice."""

import time
from collections.abc import Callable

from support.faults.load import loading, posted, question
from support.faults.processes import until
from support.faults.scene import Scene

HOUR = 3600.0


def replayed(scene: Scene, message: bytes) -> str:
    """The rule by which the bus answers these bytes now, "" for an answer."""
    from support.client import post
    from support.faults.load import PATH

    return post(scene.bus.port, PATH, message).rule


def test_a_clock_that_is_stepped(play: Callable[..., Scene]) -> None:
    scene = play(shim="faults", timeout=1.0)
    shift = 0.0

    def step(seconds: float) -> None:
        """The bus's clock, and with it the senders'."""
        nonlocal shift
        scene.shim.step_clock(seconds)
        shift = seconds

    _, old = question(scene.consumer, "0000000")
    assert replayed(scene, old) == ""
    with loading(scene.load(rate=50, clock=lambda: time.time() + shift)) as load:
        # An hour forwards and back again; the certificates of this place are too young for less than nothing.
        for seconds in (40.0, -40.0, 2 * HOUR, HOUR, 0.0):
            step(seconds)
            good = load.good
            until(lambda good=good: load.good >= good + 20, 10, f"answers after a step to {seconds:+}")  # type: ignore[misc]
            assert scene.bus.ready() == 200
            # A message of long ago is old or known, whatever the clock says; it is never delivered again.
            assert replayed(scene, old) in {"TIM-02", "TIM-03", "TIM-04"}
            # Its own timers run on: a provider that says nothing is given up as ever.
            scene.provider.behave("silent", share=0.3)
            late = load.counts["PRV-02"]
            until(lambda late=late: load.counts["PRV-02"] > late, 10, "a silent provider is given up")  # type: ignore[misc]
            scene.provider.behave("good")
        # In flight at the step, and a moment before it: such messages are refused at most.
        assert {rule for rule in load.counts if rule.isupper()} <= {"PRV-02", "TIM-02", "TIM-03"}
    assert replayed(scene, old) == "TIM-04"
    assert load.counts["broken"] == 0
    scene.expect_sound(stepped=True)


def test_a_clock_beyond_the_revocation_list_and_back(play: Callable[..., Scene]) -> None:
    """Nobody can be believed then; and all can be, by itself, once the clock is right."""
    scene = play(shim="faults")
    assert scene.ask()["rule"] == ""
    scene.shim.step_clock(10 * 24 * HOUR)
    assert scene.ask(created=time.time() + 10 * 24 * HOUR)["rule"] == "CRT-07"
    scene.shim.step_clock(0)
    scene.well()
    scene.shim.step_clock(-10 * 24 * HOUR)  # before any certificate of this place
    assert scene.ask(created=time.time() - 10 * 24 * HOUR)["rule"].startswith("CRT-")
    scene.shim.step_clock(0)
    scene.well()
    scene.expect_sound(stepped=True)


def test_a_clock_that_went_back_over_a_restart(play: Callable[..., Scene]) -> None:
    """Replay protection is in the log, not in a memory of recent times."""
    scene = play(shim="faults")
    _, message = question(scene.consumer, "0000000")
    assert replayed(scene, message) == ""
    scene.bus.kill()
    scene.shim.step_clock(-50)
    scene.bus.start()
    assert replayed(scene, message) == "TIM-04"
    scene.expect_sound(stepped=True)


def test_a_wire_is_what_was_signed() -> None:
    """What this file posts is the message itself: a replay test that changes it would prove nothing."""
    assert posted(b"<x/>").endswith(b"\r\n\r\n<x/>")
