"""The bus and its provider are killed at random moments of load, again and again: nothing lost, nothing doubled."""

from collections.abc import Callable

import pytest
from support.faults.postgres import Postgres
from support.faults.scene import Scene
from support.faults.storm import storm


def expect_calm(scene: Scene, kills: int) -> None:
    """What the checker says after so many kills, and that there was load all the while."""
    counts = scene.expect_sound().counts
    assert counts["answered"] >= kills, counts
    assert counts["broken"], "nobody was asking when somebody was killed"


@pytest.mark.timeout(300)
def test_a_bus_of_one_process_killed_under_load(play: Callable[..., Scene]) -> None:
    scene = play(serve=False)
    kills = storm(scene, 5, seed=1)
    assert kills["bus"] >= 2
    expect_calm(scene, 5)


@pytest.mark.timeout(300)
@pytest.mark.long
def test_the_same_with_postgresql(play: Callable[..., Scene], killable_postgres: Postgres) -> None:
    scene = play(serve=False, evidence=killable_postgres.url)
    storm(scene, 3, seed=2)
    expect_calm(scene, 3)


@pytest.mark.timeout(300)
def test_workers_and_their_supervisor_killed_under_load(play: Callable[..., Scene]) -> None:
    """Over mutual TLS, where whoever asks again with the same bytes is given the answer that is on record."""
    scene = play(serve=False, arguments=("--workers", "2"), tls=True)
    kills = storm(scene, 6, workers=2, seed=4, retries=1.0)
    assert kills["worker"] >= 2
    assert kills["supervisor"] >= 1
    expect_calm(scene, 6)
