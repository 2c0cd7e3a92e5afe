"""Scenes for the faults of the place; what a run may cost is said by ``FAULTS`` in the environment."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.faults.postgres import Postgres
from support.faults.scene import Scene, make_template
from support.place import Place

# `make faults` says FAULTS=full: every form of every fault; anything else is the size that CI has time for.
FULL = os.environ.get("FAULTS") == "full"


@pytest.fixture(scope="session")
def full() -> bool:
    """Whether this is the full size."""
    return FULL


@pytest.fixture(scope="session")
def fault_template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """What every scene is copied from."""
    return make_template(tmp_path_factory.mktemp("faults"))


@pytest.fixture
def play(fault_template: Place, tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    """Make a scene whose bus serves; it is ended afterwards."""
    scenes: list[Scene] = []

    def make(*, serve: bool = True, **more: Any) -> Scene:
        folder = tmp_path / f"scene{len(scenes)}"
        folder.mkdir()
        scene = Scene(fault_template, folder, **more)
        scenes.append(scene)
        if serve:
            scene.bus.start()
        return scene

    yield make
    for scene in scenes:
        scene.close()


@pytest.fixture
def killable_postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this test's own."""
    server = Postgres()
    try:
        yield server.start()
    finally:
        server.close()
