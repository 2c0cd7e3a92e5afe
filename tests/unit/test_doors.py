"""Which doors are open for whoever may read follows the settings."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from esb.conf.load import load
from esb.doors import reading_doors
from esb.endpoints.log import Quorum

ALWAYS = {"/log/", "/extracts/", "/schemas/"}


@pytest.mark.parametrize(
    ("publish", "doors"),
    [("nobody", ALWAYS), ("members", {*ALWAYS, "/registry/"}), ("anybody", {*ALWAYS, "/registry/"})],
)
def test_a_door_for_each_thing_that_may_be_read(publish: str, doors: set[str], tmp_path: Path) -> None:
    settings = load(tmp_path, {"SHLUZ_SNAPSHOT_PUBLISH": publish, "SHLUZ_SNAPSHOT_KEY": "keys/snapshot.key"}).settings
    nothing: Any = SimpleNamespace(run=None)
    given = reading_doors(settings, nothing, nothing, "key", lambda: nothing, nothing, Quorum(), lambda: 0.0)
    assert set(given) == doors
