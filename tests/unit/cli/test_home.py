"""`esb init`."""

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from esb.admin.home import open_home
from esb.conf.load import load

Run = Callable[..., Result]


def test_init_makes_a_home_whose_settings_are_good(run: Run, tmp_path: Path) -> None:
    result = run("init")
    assert result.exit_code == 0
    home = open_home(tmp_path / "shluz-home")
    assert f"esb --home {home.path} config check" in result.stdout
    assert run("config", "check").exit_code == 0
    # The home's folders are where the default settings look.
    settings = load(home.path, {}).settings
    assert settings.keys.passphrase_file == home.passphrase
    assert settings.keys.signing_key.parent == home.keys
    assert (settings.certs.anchors, settings.certs.crl) == (home.anchors, home.crl)


def test_each_home_has_its_own_passphrase_and_it_is_not_printed(run: Run, tmp_path: Path) -> None:
    outputs = run("init", "a").output + run("--home", "b", "init").output
    passphrases = [open_home(tmp_path / name).passphrase.read_text().strip() for name in "ab"]
    assert passphrases[0] != passphrases[1]
    assert all(len(passphrase) >= 40 and passphrase not in outputs for passphrase in passphrases)


def test_a_passphrase_from_the_environment_makes_no_file(run: Run, tmp_path: Path) -> None:
    result = run("init", "a", SHLUZ_KEYS_PASSPHRASE="geheim")
    assert not open_home(tmp_path / "a").passphrase.exists()
    assert "stays in SHLUZ_KEYS_PASSPHRASE" in result.stdout
    assert "geheim" not in result.output


def test_every_commented_setting_of_a_new_home_is_a_real_one(run: Run, tmp_path: Path) -> None:
    run("init", "a")
    file = open_home(tmp_path / "a").config
    text = "\n".join(line.lstrip("#") if " = " in line else line for line in file.read_text().splitlines())
    file.write_text(text)
    loaded = load(tmp_path / "a", {})
    assert loaded.settings.door.tls
    assert sum(origin.text != "default" for origin in loaded.origins.values()) == 9


def test_init_leaves_what_is_there_alone(run: Run, tmp_path: Path) -> None:
    assert run("init", "a").exit_code == 0
    result = run("init", "a")
    assert result.exit_code == 1
    assert "is not empty" in result.stderr


def test_the_next_command_can_be_pasted_whatever_the_folder_is_called(run: Run) -> None:
    assert "my home' config check" in run("init", "my home").stdout
