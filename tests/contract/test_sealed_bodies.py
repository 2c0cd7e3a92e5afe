"""Messages are sealed on both databases: what the places hold is not them, and ends with its key."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.earlier import second_schema
from support.records import a_record
from support.sealed import MARKER, MASTERS, OPEN, OTHERS

from esb.admin.body_key import Masters, rewrap_all
from esb.admin.expiry import Expired, expire
from esb.audit.body_opener import MasterKeyMissing
from esb.audit.data_keys import CLEAR, DataKey
from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader
from esb.audit.log_key import LogSigner
from esb.audit.record import WRITTEN, Record, replay_key
from esb.audit.seal import BodyUnreadable
from esb.audit.store import locate, open_data_keys, open_store, open_tree
from esb.audit.walk import Report, walk
from esb.kernel.retention import Form, Retention, day_text, kept_text
from esb.registry.database import open_database

MESSAGE = b"<soap:Envelope>" + MARKER + b"</soap:Envelope>"
# A moment that is another microsecond once it was kept as one: one in eight is.
NOW = next(
    moment
    for moment in (time.time() + number / 7 for number in count())
    if round(moment * 1e6) != round(datetime.fromtimestamp(moment, UTC).timestamp() * 1e6)
)
_DAY = 86_400
_numbers = count(1)
_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'evidence.db'}"
    dsn: str = request.getfixturevalue("fresh_postgres_dsn")
    return dsn


def _execute(url: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    place = locate(url)
    if isinstance(place, Path):
        connection = sqlite3.connect(place, isolation_level=None)
        try:
            connection.execute("ATTACH ? AS keys", (str(place.with_name("evidence-keys.db")),))
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()
    with psycopg.connect(place, autocommit=True, options="-c search_path=evidence") as database:
        cursor = database.execute(query.replace("?", "%s").encode(), values)
        return cursor.fetchall() if cursor.description else []


def _files(url: str) -> Iterator[tuple[Path, bytes]]:
    """Every file that the log's place consists of."""
    place = locate(url)
    if isinstance(place, Path):
        folder = place.parent
    else:
        with psycopg.connect(place, autocommit=True) as database:
            database.execute("CHECKPOINT")
            (folder,) = (Path(row[0]) for row in database.execute("SHOW data_directory").fetchall())
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                yield path, path.read_bytes()
            except OSError:
                continue  # the server took it away meanwhile


def _exchange(**fields: object) -> list[Record]:
    ident = f"m-{next(_numbers)}"
    asked = a_record(message=MESSAGE, message_id=ident, replay_key=replay_key("SSPF", ident), **fields)  # type: ignore[arg-type]
    answer = a_record(asked.entry.exchange, Kind.ANSWER, b"", b"sent " + MESSAGE, **fields)  # type: ignore[arg-type]
    return [asked, answer]


def _full(days: int) -> str:
    return kept_text(Retention(Form.FULL, days), NOW)


def test_what_the_files_hold_is_not_the_messages(url: str) -> None:
    store, reader = open_store(url, MASTERS), EvidenceReader(url, lambda: MASTERS)
    asked, answered = _exchange(kept=_full(30))
    assert store.write([asked, answered]) == [WRITTEN, WRITTEN]
    assert [path for path, content in _files(url) if MARKER in content] == []
    assert reader.bodies(asked.entry.record) == (MESSAGE, b"")
    assert reader.answer_of(asked.entry.exchange) == b"sent " + MESSAGE
    (key,) = open_data_keys(url).all()
    assert (key.until, key.master, len(key.wrapped)) == (day_text(NOW + 30 * 86_400), MASTERS.name, 40)
    for masters in (None, OTHERS):
        other = EvidenceReader(url, masters and (lambda: OTHERS))
        with pytest.raises(BodyUnreadable if masters else MasterKeyMissing):
            other.bodies(asked.entry.record)
        other.close()
    store.close()
    reader.close()


def test_each_process_day_and_last_day_has_a_key_of_its_own(url: str) -> None:
    stores = [open_store(url, MASTERS) for _ in range(2)]
    for store in stores:
        store.write(_exchange(kept=_full(30)))
        store.write([*_exchange(kept=_full(30)), *_exchange(kept=_full(60)), *_exchange()])
    keys = open_data_keys(url).all()
    assert sorted(key.until for key in keys) == sorted([_full(30)[5:], _full(60)[5:], ""] * 2)
    assert len({key.wrapped for key in keys}) == 6
    for store in stores:
        store._now = lambda: NOW + 86_400  # type: ignore[attr-defined]  # it is tomorrow
        store.write(_exchange(kept=_full(30)))
        store.close()
    assert len(open_data_keys(url).all()) == 8


def test_messages_in_another_records_place_do_not_open(url: str) -> None:
    store, reader = open_store(url, MASTERS), EvidenceReader(url, lambda: MASTERS)
    first, second = a_record(message=b"<a/>"), a_record(message=b"<b/>")
    answer = a_record(kind=Kind.ANSWER, message=b"<c/>", sent=b"<d/>")
    store.write([first, second, answer])
    _execute(url, "UPDATE body SET message = (SELECT message FROM body WHERE id = 1) WHERE id = 2")
    _execute(url, "UPDATE body SET message = sent, sent = message WHERE id = 3")
    for record in (second, answer):
        with pytest.raises(BodyUnreadable, match="not those that were sealed"):
            reader.bodies(record.entry.record)
    assert reader.bodies(first.entry.record) == (b"<a/>", b"")
    store.close()
    reader.close()


def test_a_key_that_is_given_another_last_day_opens_nothing(url: str) -> None:
    store = open_store(url, MASTERS)
    (record, _) = batch = _exchange(kept=_full(30))
    store.write(batch)
    _execute(url, "UPDATE data_key SET until = '2001-01-01'")
    reader = EvidenceReader(url, lambda: MASTERS)
    with pytest.raises(BodyUnreadable, match="not those that were sealed"):
        reader.bodies(record.entry.record)
    store.close()
    reader.close()


def test_after_its_key_was_shredded_a_copy_of_the_row_is_worth_nothing(url: str) -> None:
    store = open_store(url, MASTERS)
    batch = _exchange(kept=_full(30))
    store.write(batch)
    name = batch[0].entry.record
    copy = _execute(url, "SELECT message, sent, key FROM body WHERE id = 1")[0]
    keys = open_data_keys(url)
    (key,) = keys.all()
    keys.shred([key.id], 99)
    keys.close()
    (dead,) = open_data_keys(url).all()
    assert dead == replace(key, wrapped=b"", shredded=99)
    # The master key and a copy of the row are at hand; the data key is nowhere.
    reader = EvidenceReader(url, lambda: MASTERS)
    assert reader.bodies(name) is None
    assert bytes(copy[0]) == bytes(_execute(url, "SELECT message FROM body WHERE id = 1")[0][0])
    held = [path for path, content in _files(url) if key.wrapped in content and path.parent.name != "pg_wal"]
    assert held == []
    store.close()
    reader.close()


def test_a_log_in_the_clear_stays_readable_and_says_until_when_it_keeps(url: str) -> None:
    store, reader = open_store(url), EvidenceReader(url)
    without_end, month = a_record(message=b"<a/>"), a_record(message=b"<b/>", kept=_full(30))
    digests = a_record(message=b"<c/>", kept="digests")
    store.write([without_end, month, digests])
    assert [reader.bodies(one.entry.record) for one in (without_end, month, digests)] == [
        (b"<a/>", b""),
        (b"<b/>", b""),
        (b"", b""),
    ]
    assert [(key.until, key.master, key.wrapped) for key in open_data_keys(url).all()] == [(_full(30)[5:], CLEAR, b"")]
    # Sealing begins with the next start.
    store.close()
    store = open_store(url, MASTERS)
    sealed = a_record(message=b"<d/>")
    store.write([sealed])
    both = EvidenceReader(url, lambda: MASTERS)
    assert both.bodies(without_end.entry.record) == (b"<a/>", b"")
    assert both.bodies(sealed.entry.record) == (b"<d/>", b"")
    for each in (store, reader, both):
        each.close()


def test_a_log_of_the_first_schema_is_brought_up_in_place(url: str) -> None:
    store, old = open_store(url), a_record(message=b"<old/>")
    store.write([old])
    store.close()
    if not url.startswith("sqlite"):
        second_schema(url)
    _execute(url, "ALTER TABLE body DROP COLUMN key")
    if url.startswith("sqlite"):
        _execute(url, "DROP TABLE file")
        _execute(url, "PRAGMA user_version = 1")
    else:
        _execute(url, "DROP TABLE data_key")
        _execute(url, "UPDATE version SET version = 1")
    reader = EvidenceReader(url, lambda: MASTERS)
    assert reader.bodies(old.entry.record) == (b"<old/>", b"")  # who comes first brings it up
    store = open_store(url, MASTERS)
    new = a_record(message=b"<new/>")
    assert store.write([old, new]) == [WRITTEN, WRITTEN]
    assert reader.bodies(new.entry.record) == (b"<new/>", b"")
    store.close()
    reader.close()


def test_data_keys_go_over_to_another_master_key(url: str) -> None:
    store = open_store(url, MASTERS)
    batch = _exchange(kept=_full(30))
    store.write(batch)
    keys = open_data_keys(url)
    before = keys.all()
    both = Masters(OTHERS.current, (MASTERS.current,))
    assert rewrap_all(keys, both) == (1, [])
    assert rewrap_all(keys, both) == (0, [])
    assert rewrap_all(keys, MASTERS) == (0, [OTHERS.name])
    (after,) = keys.all()
    assert after == replace(before[0], master=OTHERS.name, wrapped=after.wrapped)
    reader = EvidenceReader(url, lambda: OTHERS)
    assert reader.bodies(batch[0].entry.record) == (MESSAGE, b"")
    assert not keys.rewrap(before[0], "x", b"x"), "it is not any more what was read"
    stale: DataKey = after
    keys.shred([after.id], 1)
    assert not keys.rewrap(stale, "x", b"x"), "what is destroyed does not come back"
    for each in (store, keys, reader):
        each.close()


@pytest.mark.parametrize("masters", [MASTERS, None], ids=["sealed", "clear"])
def test_what_expires_ends_by_an_act_on_record_and_the_walk_says_so(
    url: str, masters: Masters | None, sqlite_database: str
) -> None:
    engine = open_database(sqlite_database)
    store, tree = open_store(url, masters), open_tree(url)
    batches = [_exchange(kept=_full(30)), _exchange(kept=_full(60)), _exchange(), _exchange(kept=_full(30))]
    for batch in batches:
        store.write(batch)
    kept = [record.entry.record for batch in batches[1:3] for record in batch]
    ended = [record.entry.record for batch in (batches[0], batches[3]) for record in batch]
    until = _full(30)[5:]

    def look(days: float) -> Report:
        tree.add()
        tree.publish(SIGNER.checkpoint)
        return walk(url, SIGNER.key, masters=masters and OPEN, sent=None, today=day_text(NOW + days * _DAY))

    def end(days: float, more: Callable[[], bool] = lambda: True) -> Expired:
        return expire(engine, url, author="operator", now=NOW + days * _DAY, more=more)

    assert look(0).findings == []
    assert end(30) == Expired({}, 0), "its last day is not past"
    assert end(31, lambda: False) == Expired({until: 1}, None), "the key is gone, and there was no time for the rest"
    assert end(31).shredded == {}
    assert _execute(url, "SELECT count(*) FROM body") == [(5,)]
    assert end(32) == Expired({}, 0)
    reader = EvidenceReader(url, masters and (lambda: MASTERS))
    assert [reader.bodies(name) for name in ended] == [None] * 4
    assert [bool(reader.bodies(name)) for name in kept] == [True] * 4
    (act,) = [one.entry for one in reader.recent(kind=Kind.CHANGE)]
    assert (act.operation, act.service, act.officer) == ("shred", f"messages:{until}", "operator")
    report = look(32)
    assert (report.findings, report.tally.expired) == ([], {until: 4})
    assert report.shredded == {until: {day_text(NOW + 31 * _DAY)}}
    # Whoever lets others go before their day is found, also who destroys their key by hand.
    _execute(url, "UPDATE data_key SET shredded = 5 WHERE until = ?", _full(60)[5:])
    assert {one.what for one in look(32).findings} == {
        "the key of a record's messages was destroyed before its day",
        "a key of messages was destroyed without an act on record",
    }
    _execute(url, "UPDATE data_key SET shredded = NULL WHERE until = ?", _full(60)[5:])
    _execute(url, "DELETE FROM body WHERE id = 3")
    assert {one.what for one in look(32).findings} == {"a record's messages are gone"}
    for each in (store, tree, reader):
        each.close()
    engine.dispose()


_WRITER = """
import sys
from support.records import a_record
from esb.admin.body_key import Masters
from esb.audit.store import open_store
from esb.certs.master_key import FileMaster
store = open_store(sys.argv[1], Masters(FileMaster(bytes.fromhex(sys.argv[2]))))
number = 0
while True:
    batch = [a_record(record_of=sys.argv[3], message=b"<m>%d</m>" % (number + one)) for one in range(3)]
    store.write(batch)
    print(*[record.entry.record for record in batch], flush=True)
    number += 3
"""


def test_what_a_killed_writer_acknowledged_opens(url: str) -> None:
    key = MASTERS.current.key  # type: ignore[attr-defined]
    open_store(url).idle()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, url, key.hex(), f"0000000{number}"],
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        for number in range(2)
    ]
    acknowledged = []
    for writer in writers:
        assert writer.stdout is not None
        acknowledged += [writer.stdout.readline() for _ in range(3)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += writer.stdout.readlines()
        writer.wait()
    reader = EvidenceReader(url, lambda: MASTERS)
    names = [name for line in acknowledged if line.endswith("\n") for name in line.split()]
    assert len(names) >= 18
    for name in names:
        found = reader.bodies(name)
        assert found is not None
        assert found[0].startswith(b"<m>")
    assert len(open_data_keys(url).all()) == 2
    reader.close()
