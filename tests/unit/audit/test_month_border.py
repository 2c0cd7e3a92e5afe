"""A month ends while an SQLite log is written: nothing is lost or kept twice, and all is found as before."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from support.records import a_record

from esb.audit import reading, sqlite
from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader
from esb.audit.log_key import LogSigner
from esb.audit.months import month_begin
from esb.audit.record import REMEMBERED, WRITTEN, Duplicate, NotWritten, Record, StoreUnavailable
from esb.audit.sqlite import SqliteStore
from esb.audit.store import open_tree
from esb.audit.tree_reader import TreeReader
from esb.audit.walk import walk
from esb.kernel.ids import uuid7

BORDER = month_begin("2026-12") / 1_000_000


class Log:
    """A log whose time is given."""

    def __init__(self, path: Path) -> None:
        self.path, self.url = path, f"sqlite:///{path}"
        self.now = BORDER - 10
        self.store = SqliteStore(path, lambda: self.now)
        self._count = 0

    def request(self, key: bytes | None = None, **fields: object) -> Record:
        """A request made now."""
        self._count += 1
        exchange = uuid7(self.now, self._count.to_bytes(10, "big"))
        return a_record(exchange, at=int(self.now * 1_000_000), replay_key=key, **fields)  # type: ignore[arg-type]

    def months(self) -> list[str]:
        files = reading.FilesReading(self.path)
        try:
            return [file.month for file in files.files()]
        finally:
            files.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path / "evidence.db")
    yield log
    log.store.close()


def test_records_go_into_the_file_of_their_month_and_numbers_go_on(log: Log) -> None:
    assert log.store.write([log.request(), log.request()]) == [WRITTEN] * 2
    other = SqliteStore(log.path, lambda: log.now)
    other.idle()
    log.now = BORDER
    assert log.store.write([log.request()]) == [WRITTEN]
    assert other.write([log.request()]) == [WRITTEN]  # it had the old file open
    other.close()
    log.now = month_begin("2027-03") / 1_000_000 + 5
    log.store.write([log.request()])
    assert log.months() == ["2026-11", "2026-12", "2027-03"]
    reader = EvidenceReader(log.url)
    assert [one.id for one in reader.recent()] == [5, 4, 3, 2, 1]
    assert [one.id for one in reader.recent(2, before=4)] == [3, 2]
    assert [one[0] for one in reader.leaves(2, 5, 2)] == [2, 3]
    assert [one[0] for one in reader.leaves(1, 9, 3, oldest_first=False)] == [5, 4, 3]
    assert [one[0] for one in reader.leaves_of([5, 1, 7])] == [1, 5]
    assert reader.last_number() == 5
    reader.close()


def test_a_clock_that_goes_back_makes_no_new_file(log: Log) -> None:
    log.now = BORDER
    log.store.write([log.request()])
    log.now = BORDER - 5
    assert log.store.write([log.request()]) == [WRITTEN]
    assert log.months() == ["2026-12"]


def test_an_exchange_over_the_border_is_found_whole(log: Log) -> None:
    exchange = uuid7(log.now, bytes(10))
    log.store.write([a_record(exchange, grant=7, at=int(log.now * 1_000_000))])
    log.now = BORDER + 1
    log.store.write([a_record(exchange, Kind.ANSWER, sent=b"<answer/>"), log.request(grant=7)])
    reader = EvidenceReader(log.url)
    assert [one.entry.kind for one in reader.show(exchange)] == [Kind.REQUEST, Kind.ANSWER]
    assert reader.answer_of(exchange) == b"<answer/>"
    assert reader.bodies(f"{exchange}-q") == (b"<asked/>", b"")
    assert reader.holds(f"{exchange}-a")
    assert not reader.holds(f"{exchange}-r")
    # A day of quotas that ended with the month, and one that began with it.
    assert reader.counts_by_grant(month_begin("2026-12") - 86_400_000_000) == {7: 2}
    assert reader.counts_by_grant(month_begin("2026-12")) == {7: 1}
    reader.close()


def test_what_the_month_before_has_is_known_again(log: Log) -> None:
    first, other = log.request(b"k" * 32), log.request(b"o" * 32)
    log.store.write([first, other])
    log.now = BORDER + 1
    again = log.request(b"k" * 32)
    altered = a_record(first.entry.exchange, reason="another")
    new = log.request(b"n" * 32)
    told = Duplicate(first.entry.exchange, first.entry.message_sha256)
    assert log.store.write([again, first, new, altered, log.request(b"n" * 32)]) == [
        told,
        WRITTEN,
        WRITTEN,
        NotWritten("another record has this record's name"),
        Duplicate(new.entry.exchange, new.entry.message_sha256),
    ]
    assert log.store.write([again]) == [told]
    # A process that starts anew knows it too.
    log.store.close()
    assert log.store.write([again]) == [told]
    log.now = BORDER + REMEMBERED - 1
    assert log.store.write([again]) == [told]
    reader = EvidenceReader(log.url)
    assert reader.last_number() == 3
    log.now = BORDER + REMEMBERED
    assert log.store.write([again]) == [WRITTEN]
    assert log.store.write([log.request(b"o" * 32)]) == [WRITTEN]
    assert reader.last_number() == 5
    reader.close()


def test_a_batch_with_something_unfit_is_written_but_for_that(log: Log) -> None:
    first = log.request(b"k" * 32)
    log.store.write([first])
    log.now = BORDER + 1
    unfit = log.request()
    unfit = replace(unfit, entry=replace(unfit.entry, at=2**63))
    outcomes = log.store.write([first, unfit, log.request()])
    assert [outcomes[0], outcomes[2]] == [WRITTEN, WRITTEN]
    assert isinstance(outcomes[1], NotWritten)


def test_who_sequences_goes_on_over_the_border(log: Log) -> None:
    key = LogSigner("bus.example/log", bytes(32), lambda _: bytes(64))
    tree = open_tree(log.url)
    written = []
    for _ in range(3):
        written += [log.request() for _ in range(7)]
        log.store.write(written[-7:])
        while tree.add(3):
            pass
        assert tree.oldest_waiting() is None
        log.now += 32 * 86_400
    log.store.write([log.request()])
    assert tree.oldest_waiting() is not None
    tree.add()
    tree.publish(key.checkpoint)
    reader = TreeReader(log.url)
    assert [name for _, name, _ in reader.leaves(0, 21)] == [one.entry.record for one in written]
    assert [reader.index_of(one.entry.record) for one in written] == list(range(21))
    assert list(reader.strays()) == []
    reader.close()
    tree.close()


def test_a_file_that_is_lost_is_named_and_nothing_put_in_its_place(log: Log) -> None:
    for months in range(3):
        log.now = BORDER + months * 32 * 86_400
        log.store.write([log.request()])
    log.store.close()
    for name in ("evidence-2027-01.db", "evidence.db"):
        lost = log.path.with_name(name)
        lost.rename(lost.with_suffix(".away"))
        for ask in (lambda: log.store.write([log.request()]), EvidenceReader(log.url).recent):
            with pytest.raises(StoreUnavailable, match=f"{name} is missing"):
                ask()
        assert not lost.exists()
        lost.with_suffix(".away").rename(lost)
    assert log.store.write([log.request()]) == [WRITTEN]


def test_files_that_name_one_another_in_a_circle(log: Log) -> None:
    log.store.write([log.request()])
    log.now = BORDER
    log.store.write([log.request()])
    log.store.close()
    with closing(sqlite3.connect(log.path.with_name("evidence-2026-12.db"))) as file:
        file.execute("UPDATE file SET next = 'evidence.db'")
        file.commit()
    with pytest.raises(StoreUnavailable, match="names an earlier one"):
        EvidenceReader(log.url).recent()
    with pytest.raises(StoreUnavailable, match="names an earlier one"):
        log.store.write([log.request()])


def test_the_walk_names_a_file_whose_facts_were_altered(log: Log) -> None:
    key = LogSigner("bus.example/log", bytes(32), lambda _: bytes(64)).key
    tree = open_tree(log.url)
    for months in range(3):
        log.now = BORDER + months * 32 * 86_400
        log.store.write([log.request()])
    log.store.close()
    tree.add()
    tree.close()
    untouched = walk(log.url, key).findings
    for name, change in [
        ("evidence-2027-01.db", "first = 17"),
        ("evidence.db", "first = 2"),
        ("evidence-2027-02.db", "month = '2027-07'"),
        ("evidence-2027-01.db", "next = NULL"),
    ]:
        path = log.path.with_name(name)
        kept = path.read_bytes()
        with closing(sqlite3.connect(path)) as file:
            file.execute(f"UPDATE file SET {change}")
            file.commit()
        found = [one for one in walk(log.url, key).findings if one not in untouched]
        assert any(name in one.where or "NULL" in change for one in found), (name, found)
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        path.write_bytes(kept)
    assert walk(log.url, key).findings == untouched


def test_many_files_are_read_with_few_of_them_open(log: Log) -> None:
    names = []
    for _ in range(15):
        names.append(log.request())
        log.store.write(names[-1:])
        log.now += 31 * 86_400
    files = reading.FilesReading(log.path)
    assert len(files.rows("SELECT id FROM record ORDER BY id")) == 15
    assert len(files._open) <= 12
    for one in (*names, *reversed(names)):
        where = reading.Where(names=(one.entry.record,))
        assert files.rows("SELECT id FROM record WHERE record = ?", where.names, where)
    files.close()


def test_a_log_of_the_version_before_becomes_the_first_file(log: Log) -> None:
    log.store.write([log.request(b"k" * 32)])
    log.store.close()
    with closing(sqlite3.connect(log.path)) as file:
        file.execute("DROP TABLE file")
        file.execute("PRAGMA user_version = 2")
    reader = EvidenceReader(log.url)
    assert reader.last_number() == 1
    reader.close()
    assert log.store.write([log.request()]) == [WRITTEN]
    with closing(sqlite3.connect(log.path)) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (sqlite.SCHEMA_VERSION,)
