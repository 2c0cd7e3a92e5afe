"""Defaults, file and environment: which wins, where it came from, and what is told when it is wrong."""

import tomllib
from pathlib import Path

import pytest

from esb.conf.load import default_text, load
from esb.conf.problems import ConfigError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def write(home: Path, text: str) -> Path:
    file = home / "esb.toml"
    file.write_text(text, encoding="utf-8")
    return file


def problems(home: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(home, environ or {})
    return [str(problem) for problem in caught.value.problems]


def test_the_packaged_file_is_the_default_and_whole(home: Path) -> None:
    loaded = load(home, {})
    packaged = tomllib.loads(default_text())
    keys = {f"{section}.{key}" for section, values in packaged.items() for key in values}
    # Secrets alone have no default: they have no place in a file.
    assert keys == set(loaded.origins) - {"keys.passphrase", "mail.password", "archive.secret"}
    assert {origin.text for origin in loaded.origins.values()} == {"default"}
    assert loaded.settings.door.port == packaged["door"]["port"]


def test_the_file_wins_over_the_default_and_the_environment_over_the_file(home: Path) -> None:
    file = write(home, "[door]\n# where\nport = 1\nhost = '::1'\n")
    loaded = load(home, {"SHLUZ_DOOR_PORT": "2", "UNRELATED": "x"})
    assert loaded.settings.door.port == 2
    assert loaded.settings.door.host == "::1"
    assert loaded.origins["door.port"].text == "environment variable SHLUZ_DOOR_PORT"
    assert loaded.origins["door.host"].text == f"{file} line 4"
    assert loaded.origins["door.tls"].text == "default"


def test_another_file_can_be_named_and_must_then_exist(home: Path) -> None:
    other = home / "other.toml"
    other.write_text("door.port = 3")
    write(home, "door.port = 4")
    assert load(home, {}, other).settings.door.port == 3
    with pytest.raises(ConfigError, match="there is no such file"):
        load(home, {}, home / "none.toml")


def test_relative_paths_are_taken_from_the_home_even_if_that_is_relative(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    loaded = load(Path("inner"), {})
    assert loaded.settings.keys.signing_key == home / "inner" / "keys" / "bus.key"
    assert loaded.settings.registry.url == f"sqlite:///{home}/inner/registry.db"


def test_all_problems_are_told_at_once(home: Path) -> None:
    file = write(home, "[door]\nport = 99999\n[log]\nlevel = 'loud'\n")
    found = problems(home, {"SHLUZ_XML_DEPTH": "deep"})
    assert found == [
        f"door.port (from {file} line 2): 99999 is out of range. Give a whole number from 0 to 65535.",
        "xml.depth (from environment variable SHLUZ_XML_DEPTH): "
        '"deep" is not a whole number. Give a whole number from 8 to 256.',
        f'log.level (from {file} line 4): "loud" is not one of the words allowed. '
        'Give one of "debug", "info", "warning", "error".',
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[dor]\nport = 1", "dor (from {} line 1): there is no such section. Did you mean door?"),
        ("[door]\nprot = 1", "door.prot (from {} line 2): there is no such key. Did you mean port?"),
        ("[bus]\nport = 1", "bus.port (from {} line 2): there is no such key. Did you mean door.port or mail.port?"),
        ("port = 1", "port (from {} line 1): there is no such section. Did you mean door.port or mail.port?"),
        ("door = 1", "door (from {} line 1): is a section. Write it as [door]."),
        (
            "[time]\nzzz = 1",
            "time.zzz (from {} line 2): there is no such key. Known here: window_seconds, skew_seconds.",
        ),
        ("door = { prot = 1 }", "door.prot (from {} line 1): there is no such key. Did you mean port?"),
    ],
)
def test_an_unknown_name_in_the_file_is_an_error_with_what_was_meant(home: Path, text: str, told: str) -> None:
    file = write(home, text)
    assert problems(home) == [told.format(file)]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("SHLUZ_DOR_PORT", "Did you mean SHLUZ_DOOR_PORT?"),
        ("SHLUZ_HOM", "Did you mean SHLUZ_HOME?"),
        ("SHLUZ_door_port", "Did you mean SHLUZ_DOOR_PORT?"),
        ("SHLUZ_QWXZ", "Unset it, or see `esb config show` for the names."),
    ],
)
def test_an_unknown_variable_is_an_error_with_what_was_meant(home: Path, name: str, told: str) -> None:
    found = problems(home, {name: "1"})
    assert found == [f"{name} (from environment variable {name}): there is no such setting. {told}"]


def test_variables_that_others_put_there_are_let_be(home: Path) -> None:
    load(
        home,
        {
            "SHLUZ_HOME": "/srv/shluz",
            # Kubernetes, beside a Service named shluz
            "SHLUZ_SERVICE_HOST": "10.0.0.1",
            "SHLUZ_SERVICE_PORT": "80",
            "SHLUZ_SERVICE_PORT_HTTPS": "443",
            "SHLUZ_PORT": "tcp://10.0.0.1:80",
            "SHLUZ_PORT_80_TCP": "tcp://10.0.0.1:80",
            "SHLUZ_PORT_80_TCP_ADDR": "10.0.0.1",
        },
    )


def test_a_secret_in_the_file_is_refused_and_not_repeated(home: Path) -> None:
    write(home, "[keys]\npassphrase = 'geheim'\n")
    (told,) = problems(home)
    assert "a secret does not belong in a file" in told
    assert "SHLUZ_KEYS_PASSPHRASE" in told
    assert "geheim" not in told


@pytest.mark.parametrize(
    "environ",
    [
        {"SHLUZ_REGISTRY_URL": "postgres://u:geheim@db/bus"},
        {"SHLUZ_BUS_ADDRESS": "https://u:geheim@bus.example"},
        {"SHLUZ_LOG_LEVEL": "postgres://u:geheim@db/bus"},
        {"SHLUZ_BUS_ALSO_KNOWN_AS": "https://u:geheim@bus.example"},
        {"SHLUZ_KEYS_PASSPHRASE": ""},
    ],
)
def test_a_wrong_value_that_may_hold_a_secret_is_not_repeated(home: Path, environ: dict[str, str]) -> None:
    (told,) = problems(home, environ)
    assert "geheim" not in told
    assert "the value" in told


def test_control_characters_and_long_values_are_not_repeated_raw(home: Path) -> None:
    found = problems(home, {"SHLUZ_LOG_LEVEL": "\x1b[2J\r\n", "SHLUZ_LOG_FORMAT": "x" * 5000})
    assert not any("\x1b" in told or "\n" in told or len(told) > 300 for told in found)


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"[door]\nport = \n", "is not TOML"),
        (b"[door]\nport = 1\nport = 2\n", "is not TOML"),
        (b"[door]\n# \xff\nport = 2\n", "line 2): is not UTF-8 text"),
        (b"port = " + b"9" * 5000, "is not TOML"),
        (b"x = " + b"[" * 100_000, "is not TOML"),
    ],
)
def test_a_file_that_is_not_toml_is_told_with_its_place(home: Path, octets: bytes, told: str) -> None:
    (home / "esb.toml").write_bytes(octets)
    (found,) = problems(home)
    assert told in found
    assert "esb.toml" in found


def test_a_file_that_cannot_be_read_is_told(home: Path) -> None:
    (home / "esb.toml").mkdir()
    (found,) = problems(home)
    assert "cannot be read (Is a directory)" in found
