"""A provider that is slow, deaf, broken off, garbled or late: the right fault, and never another's answer.

Half of the questions meet the bad manner and half a good one, on the same connections, from several clients at once:
what is left over from one answer would be found with the next question.
"""

import time
from collections.abc import Iterator

import pytest
from support.faults.load import loading
from support.faults.processes import until
from support.faults.scene import Scene
from support.place import Place

_TIMEOUT = 0.8

# The manner, its measure, and the rules that may be cited; "" is an answer.
MANNERS: dict[str, tuple[float, set[str]]] = {
    "good": (0.0, {""}),
    "slow": (0.2, {""}),
    "closes": (0.0, {"", "PRV-06"}),  # a question may meet the closing, and is not sent twice
    "twice": (0.0, {""}),
    "big": (2_000_000.0, {""}),
    "silent": (0.0, {"PRV-02"}),
    "deaf": (0.0, {"PRV-02"}),
    "drip": (0.05, {"PRV-02"}),
    "reset": (0.0, {"PRV-06"}),
    "torn": (0.0, {"PRV-06"}),
    "torn-chunk": (0.0, {"PRV-06"}),
    "hangs-up": (0.0, {"PRV-06"}),
    "not-http": (0.0, {"PRV-03"}),
    "html": (0.0, {"PRV-03"}),
    "wrong-xml": (0.0, {"PRV-03"}),
    "wrong-body": (0.0, {"SCH-02"}),
    "empty": (0.0, {"PRV-03"}),
}


@pytest.fixture(scope="module")
def scene(fault_template: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One bus for all manners, as in life.  The provider's failures must not earn it a pause here."""
    scene = Scene(
        fault_template,
        tmp_path_factory.mktemp("manners"),
        timeout=_TIMEOUT,
        environment={"SHLUZ_BREAKER_FAILURES": "1000"},
    )
    try:
        scene.bus.start()
        yield scene
    finally:
        scene.close()


@pytest.mark.parametrize("manner", MANNERS)
def test_the_right_fault_and_nobody_elses_answer(scene: Scene, manner: str) -> None:
    measure, rules = MANNERS[manner]
    scene.provider.behave(manner, measure)
    fact = scene.ask()
    assert fact["rule"] in rules, fact
    if manner == "deaf":  # of which connections, not questions, are the victims
        scene.provider.behave("good")
    else:
        scene.provider.behave(manner, measure, share=0.5)
    with loading(scene.load(connections=4, rate=200, sample=1)) as load:
        until(lambda: load.counts["heard"] >= 24, 30, "questions are answered or refused")
        scene.provider.behave("good")
        good = load.good
        until(lambda: load.good >= good + 8, 30, "all are answered once the provider behaves")
    assert {rule for rule in load.counts if rule.isupper()} <= rules
    assert load.counts["broken"] == 0
    scene.expect_sound()


def test_an_answer_that_comes_after_the_time_limit_is_nobodys(scene: Scene) -> None:
    scene.provider.behave("slow", _TIMEOUT + 0.3, share=0.5)
    with loading(scene.load(connections=4, rate=100, sample=1)) as load:
        until(lambda: load.counts["PRV-02"] >= 4, 30, "some answers are late")
        good = load.good
        until(lambda: load.good >= good + 20, 30, "others go on meanwhile")
        scene.provider.behave("good")
    scene.expect_sound()


def test_a_second_answer_on_an_idle_connection_is_nobodys(scene: Scene) -> None:
    """It comes while nobody waits for one: the connection is not to be trusted any more."""
    scene.provider.behave("twice-later", 0.03)
    for _ in range(5):
        assert scene.ask()["status"] == 200
        time.sleep(0.1)  # now it is there
    with loading(scene.load(connections=1, rate=10, sample=1)) as load:
        until(lambda: load.good >= 10, 30, "questions are answered")
    scene.provider.behave("good")
    scene.expect_sound()


def test_a_provider_killed_in_the_middle_is_used_again_by_itself(scene: Scene) -> None:
    with loading(scene.load(connections=4, rate=100)) as load:
        for _ in range(3):
            good = load.good
            until(lambda good=good: load.good >= good + 10, 30, "questions are answered")  # type: ignore[misc]
            scene.provider.kill()
            refused = load.counts["PRV-01"]
            until(lambda refused=refused: load.counts["PRV-01"] > refused, 30, "it is told")  # type: ignore[misc]
            scene.provider.start()
    assert {rule for rule in load.counts if rule.isupper()} <= {"PRV-01", "PRV-06"}
    scene.expect_sound()
