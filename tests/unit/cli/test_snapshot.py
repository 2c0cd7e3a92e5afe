"""`esb snapshot`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


@pytest.fixture
def keyed(office: Run) -> Run:
    result = office("snapshot", "key")
    assert (result.exit_code, "registry.pub" in result.stdout) == (0, True), result.output
    return office


def test_without_a_key_nothing_is_published(office: Run) -> None:
    result = office("snapshot", "publish")
    assert (result.exit_code, "registry.key" in result.stderr) == (1, True)


def test_it_is_published_into_a_folder_and_shown(keyed: Run, tmp_path: Path) -> None:
    folder = tmp_path / "publication"
    result = keyed("snapshot", "publish", "--to", str(folder))
    assert (result.exit_code, str(folder) in result.stdout) == (0, True), result.output
    facts = json.loads(keyed("snapshot", "show", str(folder), "--json").stdout)
    assert (facts["members"], facts["services"], facts["grants"]) == (2, 0, 0)
    assert "believed until" in keyed("snapshot", "show", str(folder)).stdout
    again = json.loads(keyed("snapshot", "publish", "--to", str(folder), "--json").stdout)
    assert again["version"] == facts["version"]


def test_what_was_changed_on_its_way_is_not_shown(keyed: Run, tmp_path: Path) -> None:
    folder = tmp_path / "publication"
    keyed("snapshot", "publish", "--to", str(folder))
    (document,) = (folder / "documents").iterdir()
    document.write_bytes(document.read_bytes().replace(b"payload", b"paiload", 1))
    result = keyed("snapshot", "show", str(folder))
    assert (result.exit_code, "altered" in result.stderr or "digest" in result.stderr) == (1, True)


def test_what_has_run_out_is_told(keyed: Run, tmp_path: Path) -> None:
    folder = tmp_path / "publication"
    environ = {"SHLUZ_SNAPSHOT_EXPIRES_SECONDS": "0.01", "SHLUZ_SNAPSHOT_STAMP_SECONDS": "0.001"}
    assert keyed("snapshot", "publish", "--to", str(folder), **environ).exit_code == 0
    assert "BUS-05" in keyed("snapshot", "show", str(folder)).stdout


def test_the_key_is_replaced_when_it_is_meant(keyed: Run, tmp_path: Path) -> None:
    old = tmp_path / "old.pub"
    old.write_bytes((tmp_path / "shluz-home" / "keys" / "registry.pub").read_bytes())
    folder = tmp_path / "publication"
    keyed("snapshot", "publish", "--to", str(folder))
    assert keyed("snapshot", "rotate").exit_code == 1
    assert keyed("snapshot", "rotate", "--yes").exit_code == 0
    keyed("snapshot", "publish", "--to", str(folder))
    for more in ((), ("--key", str(old))):
        assert keyed("snapshot", "show", str(folder), *more).exit_code == 0
