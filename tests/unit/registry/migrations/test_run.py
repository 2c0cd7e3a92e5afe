"""Migrations run from the program, find themselves, and map errors."""

import re
from pathlib import Path

import pytest

from esb.registry.database import open_database
from esb.registry.errors import RegistryUnavailable
from esb.registry.migrations import current, head, upgrade


def test_the_head_is_a_numbered_revision() -> None:
    assert re.fullmatch(r"[0-9]{4}", head())


def test_a_percent_sign_or_blank_in_a_path_does_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "100% sure"
    folder.mkdir()
    engine = open_database(f"sqlite:///{folder}/registry.db")
    upgrade(engine)
    assert current(engine) == head()
    engine.dispose()


def test_a_database_that_is_away_is_an_outage() -> None:
    engine = open_database("postgresql+psycopg://user:hunter2@127.0.0.1:1/registry")
    for attempt in (upgrade, current):
        with pytest.raises(RegistryUnavailable):
            attempt(engine)


def test_a_file_that_is_no_database_is_an_outage(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    path.write_bytes(b"this is a letter, not a database" * 100)
    engine = open_database(f"sqlite:///{path}")
    with pytest.raises(RegistryUnavailable):
        upgrade(engine)
    assert path.read_bytes().startswith(b"this is a letter")
