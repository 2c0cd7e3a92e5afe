"""What can go wrong with the SQLite store beyond the contract: kill -9, a full disk, a damaged or foreign file."""

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from esb.audit import sqlite
from esb.audit.record import WRITTEN, NotWritten, Record, StoreUnavailable
from esb.audit.sqlite import SCHEMA_VERSION, SqliteStore

MakeRecord = Callable[..., Record]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "evidence.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(path)
    yield store
    store.close()


def _names(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in connection.execute("SELECT record FROM record JOIN body USING (id)")}
    finally:
        connection.close()


def test_every_commit_reaches_the_disk(store: SqliteStore, path: Path) -> None:
    store.idle()
    connection = store._connection  # what a power failure would show, a test cannot
    assert connection is not None
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_file_is_nobody_elses(store: SqliteStore, path: Path, make_record: MakeRecord) -> None:
    store.write([make_record()])
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("count", [1, 2, 3, 63, 64, 65, 127, 128, 256])
def test_a_batch_of_any_size_is_written_whole(
    store: SqliteStore, path: Path, make_record: MakeRecord, count: int
) -> None:
    batch = [make_record(sent=b"s" * number) for number in range(count)]
    assert store.write(batch) == [WRITTEN] * count
    assert _names(path) == {record.entry.record for record in batch}


def test_a_newer_schema_is_refused_in_clear_words(store: SqliteStore, path: Path) -> None:
    store.idle()
    store.close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(StoreUnavailable, match=r"schema 4 and this program knows 3: use the program"):
        store.idle()


def test_a_file_that_is_no_log_is_refused(store: SqliteStore, path: Path) -> None:
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreUnavailable, match="is not one"):
        store.idle()


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="check that its folder is there"):
        SqliteStore(tmp_path / "nowhere" / "evidence.db").idle()


@contextmanager
def _no_file_larger_than(size: int) -> Iterator[None]:
    """What a full disk is like: writing beyond a size fails (Python ignores SIGXFSZ)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_writes_nothing_and_once_mended_everything(
    store: SqliteStore, path: Path, make_record: MakeRecord
) -> None:
    first = make_record()
    assert store.write([first]) == [WRITTEN]
    lost = [make_record(message=b"m" * 100_000) for _ in range(5)]
    with _no_file_larger_than(path.with_name("evidence.db-wal").stat().st_size + 150_000):
        for _ in range(2):
            with pytest.raises(StoreUnavailable) as caught:
                store.write(lost)
            assert str(path) not in str(caught.value)
    assert _names(path) == {first.entry.record}
    assert store.write(lost) == [WRITTEN] * 5
    assert len(_names(path)) == 6


def test_the_database_filled_to_its_limit_says_so(store: SqliteStore, make_record: MakeRecord) -> None:
    store.idle()
    connection = store._connection
    assert connection is not None
    connection.execute("PRAGMA max_page_count = 20")
    with pytest.raises(StoreUnavailable, match="disk is full: make room"):
        store.write([make_record(message=b"m" * 1_000_000)])
    assert store.write([make_record()]) == [WRITTEN]


_READ_ONLY = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: even root is then told no
    libc.prctl(24, capability, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1], *sys.argv[2:]])
"""
_TRY = """
import sys
from pathlib import Path
from esb.audit.record import StoreUnavailable
from esb.audit.sqlite import SqliteStore
try:
    SqliteStore(Path(sys.argv[1])).idle()
except StoreUnavailable as error:
    print(error)
"""


def test_a_read_only_file_is_told_and_used_again_when_mended(
    store: SqliteStore, path: Path, make_record: MakeRecord
) -> None:
    store.write([make_record()])
    store.close()
    path.chmod(0o400)
    done = subprocess.run(
        [sys.executable, "-c", _READ_ONLY, _TRY, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "the evidence log cannot be opened: check that its folder is there and writable\n"
    path.chmod(0o600)
    assert store.write([make_record()]) == [WRITTEN]


def test_after_a_failed_commit_what_is_found_again_was_synced_first(
    store: SqliteStore, path: Path, make_record: MakeRecord
) -> None:
    store.idle()
    record = make_record()
    store.write([record])
    store._fail()  # as after a failed fsync: the log's bytes may be in memory only
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM record").fetchall()
    other = SqliteStore(path)
    other.write([make_record()])
    # While a reader holds an old state the log cannot be copied whole, so nothing may be called durable yet.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("esb.audit.sqlite._BUSY_MS", 20)
        with pytest.raises(StoreUnavailable, match="another process"):
            store.write([record])
    reader.close()
    assert store.write([record]) == [WRITTEN]
    other.close()


def test_a_lock_held_too_long_is_told_and_forgotten(
    store: SqliteStore, path: Path, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("esb.audit.sqlite._BUSY_MS", 20)
    store.idle()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="write lock too long"):
        store.write([make_record()])
    other.execute("ROLLBACK")
    other.close()
    assert store.write([make_record()]) == [WRITTEN]


def test_a_value_no_table_takes_fails_alone(store: SqliteStore, path: Path, make_record: MakeRecord) -> None:
    good, bad = make_record(), make_record()
    bad = replace(bad, entry=replace(bad.entry, at=2**63))
    outcomes = store.write([good, bad])
    assert outcomes[0] == WRITTEN
    assert isinstance(outcomes[1], NotWritten)
    assert _names(path) == {good.entry.record}


def test_a_damaged_first_record_does_not_take_the_log_down(
    store: SqliteStore, path: Path, make_record: MakeRecord
) -> None:
    store.write([make_record(replay_key=b"k" * 32)])
    connection = sqlite3.connect(path)
    connection.execute("UPDATE record SET leaf = x'00'")
    connection.commit()
    connection.close()
    again, other = store.write([make_record(replay_key=b"k" * 32), make_record()])
    assert isinstance(again, NotWritten)
    assert "damaged" in again.reason
    assert other == WRITTEN


_CHILD = """
import sys
from pathlib import Path
from esb.audit.entry import Entry, Kind, record_id
from esb.audit.leaf import leaf_bytes
from esb.audit.record import WRITTEN, Record
from esb.audit.sqlite import SqliteStore
from esb.audit.writer import EvidenceWriter

texts = {name: "" for name, written in Entry.__annotations__.items() if written is str}
def make(exchange):
    values = texts | {"record": record_id(exchange, Kind.REQUEST), "exchange": exchange, "kind": Kind.REQUEST, "at": 1}
    entry = Entry(**values, grant=None, duration_us=None, provider_us=None)
    return Record(entry, leaf_bytes(entry), b"m" * 3000, b"", None)

def acknowledge(name, outcome):
    assert outcome == WRITTEN
    sys.stdout.write(name + "-q\\n")

def deliver(call):
    call()
    sys.stdout.flush()

writer = EvidenceWriter(SqliteStore(Path(sys.argv[1])), deliver)
writer.start()
number = 0
while True:
    while writer.waiting > 100:
        pass
    name = f"{sys.argv[2]}.{number}"
    writer.submit(make(name), lambda outcome, name=name: acknowledge(name, outcome))
    number += 1
"""


@pytest.mark.slow
def test_kill_9_at_any_moment_loses_nothing_that_was_acknowledged(path: Path) -> None:
    acknowledged: set[str] = set()
    for run in range(24):
        child = subprocess.Popen([sys.executable, "-c", _CHILD, str(path), str(run)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(run * 0.004)
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read()
        child.wait()
        # A last line cut short by the kill was not heard.
        acknowledged |= {line.decode().strip() for line in (first + rest).splitlines(True) if line.endswith(b"\n")}
        assert acknowledged <= _names(path)
    assert len(acknowledged) > 24


def test_the_log_beside_it_stays_small_though_no_checkpoint_is_forced(
    store: SqliteStore, path: Path, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with writers that never rest, whose forced checkpoints never come to an end."""
    kept = 512 * 1024
    monkeypatch.setattr(sqlite, "_WAL_BYTES_KEPT", kept)
    monkeypatch.setattr(sqlite, "_PAGES_FORCED", 0)
    largest = 0
    for _ in range(60):
        store.write([make_record(message=b"m" * 30_000, sent=b"s" * 30_000)])
        largest = max(largest, os.stat(f"{path}-wal").st_size)
    # Never by more than the commit that went beyond it.
    assert kept / 2 < largest < 2 * kept


def test_a_checkpoint_that_fails_takes_nothing_back(
    store: SqliteStore, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_WAL_BYTES_KEPT", -1)
    store.write([make_record()])

    def fail(connection: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("the disk is full")

    monkeypatch.setattr(store, "_keep_small", fail)
    assert store.write([make_record()]) == [WRITTEN]


def test_a_lock_that_is_given_back_is_taken_and_one_that_is_kept_is_told(
    store: SqliteStore, path: Path, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([make_record()])
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 5:
            other.execute("COMMIT")

    monkeypatch.setattr(sqlite.time, "sleep", wait)
    assert store.write([make_record()]) == [WRITTEN]
    assert len(waited) == 5
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(sqlite, "_BUSY_MS", 0)
    with pytest.raises(StoreUnavailable, match="another process has held"):
        store.write([make_record()])
    other.execute("COMMIT")
    other.close()
    assert store.write([make_record()]) == [WRITTEN]


def test_a_second_store_takes_no_lock_from_the_first(tmp_path: Path) -> None:
    """Closing any descriptor of a file drops the locks of this process on it: a file that is there is not opened."""
    path = tmp_path / "evidence.db"
    first, second = SqliteStore(path), SqliteStore(path)
    first.idle()
    before = [
        line.split()[-3:] for line in Path("/proc/locks").read_text().splitlines() if f":{path.stat().st_ino} " in line
    ]
    second.idle()
    after = [
        line.split()[-3:] for line in Path("/proc/locks").read_text().splitlines() if f":{path.stat().st_ino} " in line
    ]
    assert before
    assert before == after
    first.close()
    second.close()
