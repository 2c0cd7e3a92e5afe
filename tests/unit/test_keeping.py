"""What the settings say of messages, put together."""

from pathlib import Path
from typing import Any

from esb.admin.home import make_home
from esb.conf.load import load
from esb.conf.settings import Settings
from esb.keeping import IN_THE_CLEAR, bodies_opener, open_log


def _settings(folder: Path, **environment: str) -> Settings:
    return load(make_home(folder / "home", "correct horse").path, environment).settings


def _open(settings: Settings) -> tuple[Any, Any, str]:
    return open_log(settings, b"correct horse", lambda call: call(), lambda: 0)


def test_a_bus_seals_by_default(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    _, reader, warning = _open(settings)
    assert warning == ""
    assert settings.keys.body_key is not None
    found = bodies_opener(settings)
    assert found is not None
    assert len(found().name) == 16
    reader.close()


def test_one_that_does_not_says_so(tmp_path: Path) -> None:
    settings = _settings(tmp_path, SHLUZ_KEYS_BODY_KEY="")
    assert _open(settings)[2] == IN_THE_CLEAR
    assert bodies_opener(settings) is None
    assert list((tmp_path / "home" / "keys").glob("*.key")) == []
