"""Where a command works."""

from pathlib import Path

import pytest

from esb.admin.home import HomeError, make_home
from esb.cli.place import Place


def test_opens_and_loads_a_home(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", "x")
    home.config.write_text("door.port = 1")
    place = Place(home.path, None, {"SHLUZ_DOOR_HOST": "::1"})
    assert place.open() == home
    door = place.load().settings.door
    assert (door.port, door.host) == (1, "::1")


def test_another_file_of_settings_still_needs_the_home(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("door.port = 2")
    with pytest.raises(HomeError):
        Place(tmp_path / "none", file, {}).load()
    home = make_home(tmp_path / "home", "x")
    assert Place(home.path, file, {}).load().settings.door.port == 2


def test_settings_of_an_open_home_are_not_read(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", "x")
    home.path.chmod(0o755)
    with pytest.raises(HomeError, match="open to other users"):
        Place(home.path, None, {}).load()
