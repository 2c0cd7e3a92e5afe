"""What acting commands share."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from esb.admin.home import HomeError, make_home
from esb.certs.keys import KeyUnusable
from esb.cli.author import who_acts
from esb.cli.desk import sit_down
from esb.cli.place import Place
from esb.registry.migrations import current, head

Run = Callable[..., Result]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    make_home(tmp_path / "home", "geheim")
    return Place(tmp_path / "home", None, {})


def test_sitting_down_makes_the_registry_and_brings_it_up_to_date(place: Place) -> None:
    desk = sit_down(place)
    assert current(desk.engine) == head()
    assert desk.passphrase == b"geheim"
    assert sit_down(place).settings.registry.url == desk.settings.registry.url


def test_without_a_home_nobody_sits_down(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="esb init"):
        sit_down(Place(tmp_path / "none", None, {}))


def test_the_passphrase_is_asked_for_only_when_it_is_needed(place: Place) -> None:
    (place.home / "keys" / "passphrase").unlink()
    desk = sit_down(place)
    with pytest.raises(KeyUnusable, match="SHLUZ_KEYS_PASSPHRASE"):
        _ = desk.passphrase
    given = Place(place.home, None, {"SHLUZ_KEYS_PASSPHRASE": "given"})
    assert sit_down(given).passphrase == b"given"


def test_the_author_is_not_what_a_variable_says(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    author = sit_down(place).author
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "leyla")
    assert sit_down(place).author == author == who_acts()
