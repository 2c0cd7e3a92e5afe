"""Every change of the registry is on record once: on SQLite and on PostgreSQL, whoever recorded it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, delete, update

from esb.admin.recording import Recorder, change_name
from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader
from esb.audit.log import Recorded as Line
from esb.audit.record import NotWritten, Outcome, Record, StoreUnavailable
from esb.registry.acts import acting, list_changes
from esb.registry.database import open_database, reading
from esb.registry.models import ChangeRow

NOW = 1_764_000_000.123456


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> str:
    """The evidence log's URL: a file of its own, or the registry's own PostgreSQL database."""
    return database_url if database_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'evidence.db'}"


def change(engine: Engine, count: int, author: str = "officer") -> None:
    for number in range(count):
        with acting(engine, author, NOW + number) as act:
            act.record("add", "thing", f"{author}-{number}", {"weight": 1.5, "name": "Şəhər"})


def names(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return [change_name(row) for row in list_changes(session)]


def lines(log: str) -> list[Line]:
    return EvidenceReader(log).recent(10_000, kind=Kind.CHANGE)[::-1]


def recorded(log: str) -> list[str]:
    return [each.entry.exchange for each in lines(log)]


def test_each_change_has_one_record_in_the_order_of_the_acts(engine: Engine, log: str) -> None:
    change(engine, 7)
    assert Recorder(engine, log).catch_up().count == 7
    assert recorded(log) == names(engine)
    entry = lines(log)[3].entry
    assert (entry.officer, entry.operation, entry.service) == ("officer", "add", "thing:officer-3")
    assert entry.at == 1_764_000_003_123_456
    kept = EvidenceReader(log).bodies(entry.record)
    assert kept is not None
    assert json.loads(kept[0])["detail"] == {"weight": 1.5, "name": "Şəhər"}


def test_what_is_on_record_is_not_written_again(engine: Engine, log: str) -> None:
    change(engine, 5)
    first = Recorder(engine, log)
    first.catch_up()
    assert first.catch_up().count == 0
    assert Recorder(engine, log).catch_up().count == 0, "a new process finds in the log how far it has come"
    change(engine, 3, "other")
    assert first.catch_up().count == 3
    assert recorded(log) == names(engine)


@pytest.mark.parametrize("known", [0, 1, 2, 9, 30, 37])
def test_the_end_of_what_is_on_record_is_found(engine: Engine, log: str, known: int) -> None:
    change(engine, known)
    Recorder(engine, log).catch_up()
    change(engine, 38 - known, "other")
    assert Recorder(engine, log).catch_up().count == 38 - known
    assert recorded(log) == names(engine)


def test_several_that_record_at_once_write_each_change_once(engine: Engine, log: str) -> None:
    change(engine, 60)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(Recorder(engine, log).catch_up) for _ in range(4)]:
            assert done.result().declined == ()
    assert sorted(recorded(log)) == sorted(names(engine))


def test_a_log_that_was_made_anew_is_told_everything(engine: Engine, log: str, tmp_path: Path) -> None:
    change(engine, 4)
    recorder = Recorder(engine, log)
    recorder.catch_up()
    recorder.close()
    other = f"sqlite:///{tmp_path / 'new.db'}"
    Recorder(engine, other).catch_up()
    assert recorded(other) == names(engine)


def test_a_registry_that_was_put_back_leaves_both_pasts_on_record(engine: Engine, log: str) -> None:
    change(engine, 6)
    recorder = Recorder(engine, log)
    recorder.catch_up()
    before = names(engine)
    with engine.begin() as connection:
        connection.execute(delete(ChangeRow).where(ChangeRow.number > 3))
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = 3 WHERE name = 'changes'")
        else:
            connection.exec_driver_sql("ALTER SEQUENCE changes_number_seq RESTART WITH 4")
    change(engine, 5, "other")
    assert recorder.catch_up().count == 5, "also the recorder that saw the other past"
    assert recorded(log) == [*before, *names(engine)[3:]]


def test_numbers_may_be_missing(engine: Engine, log: str) -> None:
    change(engine, 12)
    with engine.begin() as connection:
        connection.execute(delete(ChangeRow).where(ChangeRow.number.in_([1, 2, 5, 6, 7, 12])))
    Recorder(engine, log).catch_up()
    change(engine, 1, "other")
    assert Recorder(engine, log).catch_up().count == 1
    assert recorded(log) == names(engine)


def test_a_change_that_was_altered_afterwards_shows(engine: Engine, log: str) -> None:
    """Whoever alters the row cannot alter its record: the altered row has another name, which is not on record."""
    change(engine, 3)
    Recorder(engine, log).catch_up()
    with engine.begin() as connection:
        connection.execute(update(ChangeRow).where(ChangeRow.number == 2).values(author="somebody else"))
    assert set(names(engine)) - set(recorded(log)) == {names(engine)[1]}


def test_more_than_the_limit_is_left_to_the_bus(engine: Engine, log: str) -> None:
    change(engine, 11)
    recorder = Recorder(engine, log)
    assert recorder.catch_up(limit=10).left == 11
    assert recorded(log) == []
    assert recorder.catch_up(limit=11).count == 11


def test_batches_are_told(engine: Engine, log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("esb.admin.recording._BATCH", 4)
    change(engine, 10)
    told: list[tuple[int, int]] = []
    Recorder(engine, log, lambda *so_far: told.append(so_far)).catch_up()
    assert told == [(4, 10), (8, 10), (10, 10)]


class Choosy:
    """A store that fails in the middle of a batch, or does not take one record."""

    def __init__(self, hated: str = "", fails: int = 0) -> None:
        self.taken: list[str] = []
        self.hated = hated
        self.fails = fails

    def write(self, batch: list[Record]) -> list[Outcome]:
        from esb.audit.record import WRITTEN

        outcomes: list[Outcome] = []
        for record in batch:
            if self.fails and len(self.taken) == 2:
                self.fails -= 1
                if not outcomes:
                    raise StoreUnavailable("gone")
                return [*outcomes, *[NotWritten("gone")] * (len(batch) - len(outcomes))]
            if record.entry.service == self.hated:
                outcomes.append(NotWritten("another record has this record's name"))
                continue
            if record.entry.exchange not in self.taken:
                self.taken.append(record.entry.exchange)
            outcomes.append(WRITTEN)
        return outcomes

    def idle(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


@pytest.fixture
def choosy(monkeypatch: pytest.MonkeyPatch) -> Choosy:
    store = Choosy()
    monkeypatch.setattr("esb.admin.recording.open_store", lambda _: store)
    monkeypatch.setattr(EvidenceReader, "holds", lambda self, name: name[:-2] in store.taken)
    return store


def test_a_record_that_is_not_taken_is_told_and_passed_by(engine: Engine, log: str, choosy: Choosy) -> None:
    change(engine, 5)
    choosy.hated = "thing:officer-2"
    recorder = Recorder(engine, log)
    assert recorder.catch_up().declined == (names(engine)[2] + "-c",)
    assert choosy.taken == [name for place, name in enumerate(names(engine)) if place != 2]
    assert recorder.catch_up().declined == ()


def test_a_log_that_fails_in_the_middle_goes_on_later(engine: Engine, log: str, choosy: Choosy) -> None:
    change(engine, 5)
    choosy.fails = 2
    recorder = Recorder(engine, log)
    with pytest.raises(StoreUnavailable):
        recorder.catch_up()
    assert choosy.taken == names(engine)[:2]
    assert recorder.catch_up().declined == ()
    assert choosy.taken == names(engine)


def test_a_log_that_is_away_is_told(engine: Engine, tmp_path: Path) -> None:
    change(engine, 1)
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        Recorder(engine, f"sqlite:///{tmp_path / 'nowhere' / 'evidence.db'}").catch_up()


def test_a_postgresql_that_comes_back_is_used_again(fresh_postgres_dsn: str, sqlite_database: str) -> None:
    engine = open_database(sqlite_database)
    change(engine, 2)
    recorder = Recorder(engine, fresh_postgres_dsn)
    recorder.catch_up()
    with psycopg.connect(fresh_postgres_dsn, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    change(engine, 2, "other")
    assert recorder.catch_up().count == 2
    assert recorded(fresh_postgres_dsn) == names(engine)
    recorder.close()
    engine.dispose()
