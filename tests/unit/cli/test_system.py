"""`esb system`."""

import json
from collections.abc import Callable

from click.testing import Result

Run = Callable[..., Result]


def test_systems_are_added_shown_and_renamed(office: Run) -> None:
    assert "esb system add" in office("system", "list").stdout
    added = office("system", "add", "DIN/IAMAS", "--az", "Qeydiyyat", "--en", "Registration")
    assert (added.exit_code, "esb service add DIN/IAMAS/" in added.stdout) == (0, True)
    assert office("system", "rename", "DIN/IAMAS", "--en", "Registry", "--reason", "decree").exit_code == 0
    rows = json.loads(office("system", "list", "DIN", "--json").stdout)
    assert rows == [{"system": "DIN/IAMAS", "name_az": "Qeydiyyat", "name_en": "Registry"}]
    shown = json.loads(office("system", "show", "DIN/IAMAS", "--json").stdout)
    assert (shown["name_az"], shown["services"]) == ("Qeydiyyat", [])
    assert "Registry" in office("system", "show", "DIN/IAMAS").stdout
    assert json.loads(office("system", "list", "EESMN", "--json").stdout) == []


def test_what_is_no_system(office: Run) -> None:
    assert office("system", "add", "DIN", "--az", "a", "--en", "b").exit_code == 2
    assert office("system", "add", "NOBODY/S", "--az", "a", "--en", "b").exit_code == 1
    assert office("system", "show", "DIN/NONE").exit_code == 1
    assert office("system", "rename", "DIN/NONE", "--en", "b").exit_code == 2
