"""A watcher through quiet, change, outage, and a database that was put back."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from esb.kernel.clock import ManualClock
from esb.kernel.directory import MemberStatus
from esb.registry.acts import acting
from esb.registry.database import open_database
from esb.registry.errors import RegistryUnavailable
from esb.registry.members import add_member, set_member_status
from esb.registry.models import MemberKind
from esb.registry.watch import Watcher


@pytest.fixture
def watcher(engine: Engine, plain_certificates: Any) -> Watcher:
    return Watcher(engine, plain_certificates.known, plain_certificates.index, ManualClock(50.0))


def _add(engine: Engine, code: str, now: float = 1.0) -> None:
    with acting(engine, "officer", now) as act:
        add_member(act, code, "Ad", "Name", MemberKind.STATE)


def test_the_first_look_reads_an_empty_registry_too(watcher: Watcher) -> None:
    first = watcher.poll()
    assert first is not None
    assert (first.version, first.built_at) == (0, 50.0)
    assert watcher.poll() is None


def test_a_change_of_another_process_is_seen(watcher: Watcher, sqlite_database: str) -> None:
    watcher.poll()
    other = open_database(sqlite_database)
    _add(other, "DIN")
    other.dispose()
    fresh = watcher.poll()
    assert fresh is not None
    assert list(fresh.members) == ["DIN"]
    assert watcher.directory is fresh


def test_through_an_outage_the_last_directory_stays_and_then_catches_up(watcher: Watcher, engine: Engine) -> None:
    _add(engine, "DIN")
    before = watcher.poll()
    path = Path(str(engine.url.database))
    engine.dispose()
    hidden = path.rename(path.with_suffix(".hidden"))
    path.mkdir()  # no database can be opened here
    with pytest.raises(RegistryUnavailable):
        watcher.poll()
    assert watcher.directory is before
    path.rmdir()
    hidden.rename(path)
    assert watcher.poll() is None
    with acting(engine, "officer", 2.0) as act:
        set_member_status(act, "DIN", MemberStatus.SUSPENDED, "as was decided")
    fresh = watcher.poll()
    assert fresh is not None
    assert fresh.members["DIN"].status is MemberStatus.SUSPENDED


@pytest.mark.parametrize("later", [[], ["C"], ["C", "D", "E"]])
def test_a_database_put_back_to_an_earlier_state_is_read_anew(
    watcher: Watcher, engine: Engine, tmp_path: Path, later: list[str]
) -> None:
    """Also when it has as many changes as before, or more: their numbers then mean other changes."""
    _add(engine, "A")
    path = Path(str(make_url(str(engine.url)).database))
    engine.dispose()
    shutil.copyfile(path, tmp_path / "backup")
    _add(engine, "B")
    watcher.poll()
    engine.dispose()
    shutil.copyfile(tmp_path / "backup", path)
    for number, code in enumerate(later):
        _add(engine, code, 100.0 + number)
    fresh = watcher.poll()
    assert fresh is not None
    assert sorted(fresh.members) == ["A", *later]
    assert watcher.poll() is None


def test_a_rebuild_makes_certificates_ready_again(watcher: Watcher, engine: Engine) -> None:
    _add(engine, "DIN")
    first = watcher.poll()
    again = watcher.rebuild()
    assert again is not first
    assert again == first
    assert watcher.directory is again
    assert watcher.poll() is None
