"""The settings' types: every key has a kind, and no secret reaches a repr."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

from esb.conf.load import load
from esb.conf.settings import Settings


def test_every_key_says_its_kind() -> None:
    for section in fields(Settings):
        assert is_dataclass(section.type)
        hints = get_type_hints(section.type, include_extras=True)
        for field in fields(section.type):
            kind = hints[field.name].__metadata__[0]
            assert kind.expects, f"{section.name}.{field.name}"


def test_no_secret_in_a_repr() -> None:
    environ = {
        "SHLUZ_KEYS_PASSPHRASE": "geheim-1",
        "SHLUZ_REGISTRY_URL": "postgresql://u:geheim-2@db/bus",
        "SHLUZ_EVIDENCE_URL": "postgresql://u:geheim-3@db/bus",
    }
    loaded = load(Path("/nowhere"), environ)
    assert loaded.settings.keys.passphrase == "geheim-1"
    assert "geheim" not in repr(loaded)
    assert "geheim" not in str(loaded.shown())
