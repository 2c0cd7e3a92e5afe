"""Whether a registry is of this version is known without what brings it up to date."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from esb.registry.database import open_database
from esb.registry.migrations import current, head, run, upgrade
from esb.registry.migrations.run import _config


def test_what_files_are_called_is_what_alembic_reads_in_them() -> None:
    scripts = ScriptDirectory.from_config(_config())
    assert head() == scripts.get_current_head()
    assert {Path(each.path).name[:4] for each in scripts.walk_revisions()} == {
        each.revision for each in scripts.walk_revisions()
    }


def test_what_is_up_to_date_is_left_alone(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_database(sqlite_database)
    monkeypatch.setattr(run, "run", lambda _: pytest.fail("nothing is to be done"))
    upgrade(engine)
    assert current(engine) == head()
    engine.dispose()


def test_an_empty_database_has_no_revision(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    assert current(engine) is None
    engine.dispose()
