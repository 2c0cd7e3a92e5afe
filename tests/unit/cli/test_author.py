"""Who acts: what the machine knows, and not what a variable says."""

import os
import pwd
from pathlib import Path

import pytest

from esb.cli.author import who_acts


@pytest.fixture
def login_id(tmp_path: Path) -> Path:
    """The kernel's word on who logged in; nobody, until a test says otherwise."""
    path = tmp_path / "loginuid"
    path.write_text("4294967295")
    return path


@pytest.fixture
def daemon() -> pwd.struct_passwd:
    """A user that every machine has, and that we are not."""
    return pwd.getpwnam("daemon")


def as_user(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    monkeypatch.setattr(os, "getuid", lambda: uid)
    monkeypatch.setattr(os, "geteuid", lambda: uid)


def test_who_logged_in_acts_whatever_came_of_it(
    login_id: Path, daemon: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch
) -> None:
    login_id.write_text(str(daemon.pw_uid))
    for uid in (0, 12_345):
        as_user(monkeypatch, uid)
        assert who_acts({"SUDO_USER": "bin", "SUDO_UID": str(pwd.getpwnam("bin").pw_uid)}, login_id) == "daemon"
    login_id.write_text("4000000000\n")
    assert who_acts({}, login_id) == "uid 4000000000"
    login_id.write_text("0")
    assert who_acts({}, login_id) == "root"


@pytest.mark.parametrize("text", ["4294967295", "", "nobody", "-1", None])
def test_where_the_kernel_knows_nobody_root_is_asked_for_sudos_word(
    login_id: Path, daemon: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    if text is None:
        login_id.unlink()
    else:
        login_id.write_text(text)
    as_user(monkeypatch, 0)
    assert who_acts({"SUDO_USER": "daemon", "SUDO_UID": str(daemon.pw_uid)}, login_id) == "daemon"
    assert who_acts({}, login_id) == "root"


@pytest.mark.parametrize(
    "environ",
    [
        {"SUDO_USER": "daemon"},
        {"SUDO_USER": "daemon", "SUDO_UID": "0"},
        {"SUDO_USER": "daemon", "SUDO_UID": "x"},
        {"SUDO_USER": "nobody-of-this-name", "SUDO_UID": "1"},
        {"SUDO_UID": "1"},
    ],
)
def test_a_word_that_sudo_would_not_say_is_no_word(
    login_id: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    as_user(monkeypatch, 0)
    assert who_acts(environ, login_id) == "root"


def test_who_is_not_root_is_who_the_process_is(
    login_id: Path, daemon: pwd.struct_passwd, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(monkeypatch, daemon.pw_uid)
    chosen = {"SUDO_USER": "root", "SUDO_UID": "0", "LOGNAME": "leyla", "USER": "leyla"}
    assert who_acts(chosen, login_id) == "daemon"
    as_user(monkeypatch, 3_999_999_999)
    assert who_acts(chosen, login_id) == "uid 3999999999"
    # A program that became root without sudo is still its user.
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "getuid", lambda: daemon.pw_uid)
    assert who_acts(chosen, login_id) == "daemon"


def test_this_very_process_has_an_author() -> None:
    assert who_acts()
