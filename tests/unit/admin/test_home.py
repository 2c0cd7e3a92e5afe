"""Making and opening a home: closed to others, never over something else, and every refusal says what to do."""

import os
import stat
from pathlib import Path

import pytest

from esb.admin.home import Home, HomeError, make_home, open_home


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path / "home", "geheim")


def test_a_home_is_whole_and_closed_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        home = make_home(tmp_path / "a" / "home", "geheim")
    finally:
        os.umask(before)
    assert [mode(path) for path in (home.path, home.keys, home.anchors, home.crl)] == [0o700] * 4
    assert [mode(path) for path in (home.config, home.passphrase)] == [0o600] * 2
    assert home.passphrase.read_text() == "geheim\n"
    # Keys made in it are not picked up by a repository around it.
    assert (home.keys / ".gitignore").read_text() == "*\n"
    assert open_home(home.path) == home


def test_without_a_passphrase_there_is_no_file(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", None)
    assert not home.passphrase.exists()
    open_home(home.path)


def test_an_empty_folder_becomes_a_home_and_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o755)
    make_home(folder, None)
    assert mode(folder) == 0o700


def test_a_folder_with_something_in_it_is_left_alone(home: Home) -> None:
    with pytest.raises(HomeError, match="is not empty"):
        make_home(home.path, "another")
    assert home.passphrase.read_text() == "geheim\n"


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(HomeError, match="is not a folder"):
        make_home(file, None)
    with pytest.raises(HomeError, match="cannot be made"):
        make_home(file / "home", None)


def test_another_users_folder_is_refused(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    with pytest.raises(HomeError, match="belongs to another user"):
        make_home(empty, None)
    with pytest.raises(HomeError, match=r"runs as number 4242.*sudo -u"):
        open_home(home.path)


def test_what_is_not_a_home_is_told_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match=f"no home at {tmp_path}/none.*esb init {tmp_path}/none"):
        open_home(tmp_path / "none")
    tmp_path.chmod(0o700)
    with pytest.raises(HomeError, match=r"it has no esb\.toml"):
        open_home(tmp_path)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(HomeError, match="is a file, not a home"):
        open_home(file)
    with pytest.raises(HomeError, match="cannot be read: Not a directory"):
        open_home(file / "home")


@pytest.mark.parametrize("name", ["path", "keys", "passphrase"])
@pytest.mark.parametrize("bits", [0o040, 0o004, 0o020, 0o001])
def test_an_open_home_is_refused_with_the_command_that_closes_it(home: Home, name: str, bits: int) -> None:
    path: Path = getattr(home, name)
    closed = mode(path)
    path.chmod(closed | bits)
    with pytest.raises(HomeError, match=f"chmod {closed:o} {path}$"):
        open_home(home.path)


def test_keys_may_be_kept_elsewhere(home: Home) -> None:
    home.passphrase.unlink()
    (home.keys / ".gitignore").unlink()
    home.keys.rmdir()
    open_home(home.path)
