"""Whoever has the database's password alters one field of one row, and the walk over the log finds it.

Every field of every table, on SQLite and on PostgreSQL; the columns are read off the database, so that a new one cannot
be forgotten.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.offices import NOW, authority, office
from support.records import a_record
from support.sealed import MASTERS, OPEN

from esb.admin.stamp_sources import stamp_judge
from esb.audit.entry import Entry, Kind
from esb.audit.examine import Finding
from esb.audit.log_key import LogSigner
from esb.audit.notes import COSIGNATURE, NoteKey, cosign, parse_note
from esb.audit.record import StoreUnavailable, replay_key
from esb.audit.record_partitions import border
from esb.audit.store import open_store, open_tree
from esb.audit.tree import TreeStore
from esb.audit.tree_reader import TreeReader
from esb.audit.walk import Report, walk
from esb.certs.profiles import TIME_STAMPING
from esb.certs.tsa import TimeStamper, timestamp

_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)
RECORDS = 700
SEALED = 400  # from here on messages are sealed; those before are of a log of earlier days
_WITNESS = Ed25519PrivateKey.generate()
WITNESS = NoteKey("witness.example/w1", COSIGNATURE, _WITNESS.public_key().public_bytes_raw())
STRANGER = NoteKey("witness.example/w2", COSIGNATURE, bytes(32))
STAMPER = TimeStamper(*office(TIME_STAMPING), authority()[1], "1.2.3.4", 1000)
STAMPED = stamp_judge([authority()[1]])
# Of the tables' housekeeping; what they say is not about any record, and a wrong value stops the program.
_HOUSEKEEPING = {("version", "version"), ("tree", "version"), ("tree", "one"), ("file", "one")}


@dataclass
class Log:
    """A log of some hundred records with its tree, and the way of a person who has the database's password."""

    url: str
    execute: Callable[..., list[tuple[Any, ...]]]
    columns: list[tuple[str, str, str]]

    def walk(self, **more: Any) -> Report:
        attested = {"stamped": STAMPED, "witnesses": [WITNESS]}
        return walk(self.url, SIGNER.key, **{"sent": _judge, "masters": OPEN, **attested, **more})


def _judge(sent: bytes, entry: Entry) -> str:
    """Stands in for the bus's signature, which tests/way looks at: what is sent names its record."""
    return "" if sent == f"sent {entry.record}".encode() else "not what was sent"


def _fill(url: str) -> None:
    store, tree = open_store(url), open_tree(url)
    written = 0
    while written < RECORDS:
        if written == SEALED:
            store.close()
            store = open_store(url, MASTERS)
        batch = []
        for kind in (Kind.REQUEST, Kind.ANSWER):
            ident = f"m-{written}"
            record = a_record(
                f"0192f3a0-1111-7abc-8def-{written:012d}",
                kind,
                message=f"<m>{written}</m>".encode(),
                message_id=ident,
                grant=written,
                at=1_700_000_000_000_000 + written,
                replay_key=replay_key("SSPF", ident) if kind is Kind.REQUEST else None,
                kept=("full 2999-01-01", "full 2999-01-02")[written % 2] if written >= SEALED else "",
            )
            if kind is Kind.ANSWER:
                record = type(record)(
                    record.entry, record.leaf, record.message, f"sent {record.entry.record}".encode(), None
                )
            batch.append(record)
            written += 1
        store.write(batch)
        if written % 200 == 0:
            # A number that a duplicate used up, so that there is more than one span.
            store.write([a_record(replay_key=replay_key("SSPF", "m-0"))])
            tree.add()
            _attest(tree, written, tree.publish(SIGNER.checkpoint))
    tree.add()
    _attest(tree, written, tree.publish(SIGNER.checkpoint))
    store.close()
    tree.close()


def _attest(tree: TreeStore, size: int, note: bytes | None) -> None:
    """Have a checkpoint time-stamped and cosigned."""
    assert note is not None
    at = NOW + size
    token = timestamp(STAMPER, hashlib.sha256(note).digest(), at, secrets.token_bytes)
    tree.keep_stamp(size, int(at * 1_000_000), token)
    tree.keep_cosignature(size, WITNESS.name, cosign(parse_note(note).text, WITNESS, int(at), _WITNESS.sign).line)
    tree.keep_cosignature(size, STRANGER.name, cosign(parse_note(note).text, STRANGER, 1, _WITNESS.sign).line)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("log")
        url = f"sqlite:///{folder / 'evidence.db'}"
        _fill(url)
        yield Log(url, _sqlite(folder), _sqlite_columns(folder))
        return
    from conftest import libpq, temporary_database

    with temporary_database(request.getfixturevalue("postgres_url")) as made:
        url = libpq(made)
        _fill(url)
        with psycopg.connect(url, autocommit=True, options="-c search_path=evidence") as connection:
            connection.execute("ALTER TABLE data_key ALTER id DROP IDENTITY")

            def execute(query: str, *values: object) -> list[tuple[Any, ...]]:
                cursor = connection.execute(query.replace("?", "%s").encode(), values)
                return cursor.fetchall() if cursor.description else []

            columns = execute(
                "SELECT table_name, column_name, data_type FROM information_schema.columns "
                # Partitions are read and altered through their table.
                "WHERE table_schema = 'evidence' AND NOT (SELECT relispartition FROM pg_class "
                "WHERE oid = ('evidence.' || table_name)::regclass) ORDER BY 1, 2"
            )
            yield Log(url, execute, [(str(a), str(b), str(c)) for a, b, c in columns])


def _sqlite(folder: Path) -> Callable[..., list[tuple[Any, ...]]]:
    def execute(query: str, *values: object) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(folder / "evidence.db", isolation_level=None)
        try:
            for name in ("tree", "keys"):
                connection.execute(f"ATTACH ? AS {name}", (str(folder / f"evidence-{name}.db"),))
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    return execute


def _sqlite_columns(folder: Path) -> list[tuple[str, str, str]]:
    found = []
    for name in ("evidence.db", "evidence-tree.db", "evidence-keys.db"):
        connection = sqlite3.connect(folder / name)
        for (table,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall():
            found += [(table, row[1], row[2]) for row in connection.execute(f"PRAGMA table_info({table})").fetchall()]
        connection.close()
    return found


def _other(value: Any, kind: str) -> Any:
    if isinstance(value, str):
        return value[:-1] + ("x" if not value.endswith("x") else "y") if value else "x"
    if isinstance(value, bytes | memoryview):
        octets = bytes(value)
        return bytes([octets[0] ^ 1]) + octets[1:] if octets else b"x"
    if value is None:
        return b"x" * 32 if kind.lower() in ("blob", "bytea") else 77
    return value + 100_000


def test_a_log_that_nobody_touched_is_whole(log: Log) -> None:
    seen: list[tuple[int, int]] = []
    report = log.walk(told=lambda done, of: seen.append((done, of)))
    assert report.findings == []
    assert (report.size, report.records, report.checkpoints) == (RECORDS, RECORDS, 4)
    assert (report.attested.stamps, report.attested.cosignatures) == (4, 4)
    assert seen[-1] == (RECORDS, RECORDS)


def test_processes_that_share_the_work_find_the_same(log: Log) -> None:
    log.execute("UPDATE body SET message = ? WHERE id = 3", b"<other/>")
    try:
        alone = log.walk()
        shared = log.walk(processes=2)
        assert [one.what for one in alone.findings] == ["a record's message is not the one that came"]
        assert shared.findings == alone.findings
        assert shared.records == RECORDS
    finally:
        log.execute("UPDATE body SET message = ? WHERE id = 3", b"<m>2</m>")


def _keys(log: Log, table: str) -> dict[str, Any]:
    """A row of a table, by its key: the second, where there are several."""
    if table == "tile":
        return {"level": 0, "number": 1}
    if table == "cosignature":
        return {"size": 400, "name": WITNESS.name}
    names = {"span": "first", "tree": "size", "checkpoint": "size", "stamp": "size", "replay": "at", "file": "one"}
    name = names.get(table, "id")
    rows = log.execute(f"SELECT {name} FROM {table} ORDER BY {name} LIMIT 2")
    return {name: rows[-1][0]}


def test_every_field_of_every_table(log: Log) -> None:
    tried = 0
    sealed = [("body", column, kind) for table, column, kind in log.columns if table == "body"]
    for number, (table, column, kind) in enumerate([*log.columns, *sealed]):
        if (table, column) in _HOUSEKEEPING:
            continue
        keys = _keys(log, table) if number < len(log.columns) else {"id": SEALED + 90}
        where = " AND ".join(f"{name} = ?" for name in keys)
        ((before,),) = log.execute(f"SELECT {column} FROM {table} WHERE {where}", *keys.values())
        after = 5 if (table, column) == ("tile", "level") else _other(before, kind)
        log.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", after, *keys.values())
        moved = [after if name == column else value for name, value in keys.items()]
        try:
            assert _is_noticed(log, table), f"{table}.{column}: {before!r} became {after!r} unseen"
            tried += 1
        finally:
            log.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", before, *moved)
    assert tried > 31
    assert log.walk().findings == []


def _is_noticed(log: Log, table: str) -> bool:
    try:
        return bool(log.walk().findings)
    except StoreUnavailable:
        # A file that does not say which it is, or names one that is not there, is not read any further.
        return table == "file"


def _names(report: Report) -> set[str]:
    return {one.what for one in report.findings}


def test_the_record_that_was_altered_is_named(log: Log) -> None:
    ((name, leaf),) = log.execute("SELECT record, leaf FROM record WHERE id = 300")
    forged = bytes(leaf).replace(b"accepted", b"answered")
    log.execute("UPDATE record SET leaf = ?, outcome = 'answered' WHERE id = 300", forged)
    try:
        findings = log.walk().findings
    finally:
        log.execute("UPDATE record SET leaf = ?, outcome = 'accepted' WHERE id = 300", bytes(leaf))
    assert [(one.what, one.where) for one in findings] == [("a record is not the one that was sequenced", name)]


def test_a_record_that_is_put_in_under_a_number_that_is_taken_is_named(log: Log) -> None:
    if log.url.startswith("sqlite"):
        return  # the number is the row's place in its table
    columns = "kind, at, consumer, service, outcome, grant_id, replay_key, leaf"
    # In another month, whose index knows nothing of the first.
    forged = f"{border(1_700_000_000_000_000)}-forged"
    log.execute(f"INSERT INTO record SELECT id, ?, {columns} FROM record WHERE id = 300", forged)
    try:
        findings = log.walk().findings
    finally:
        log.execute("DELETE FROM record WHERE record = ?", forged)
    assert "two records have one number" in {one.what for one in findings}


def test_a_message_id_that_is_forgotten_too_soon_is_named(log: Log) -> None:
    if log.url.startswith("sqlite"):
        return  # its key stands in the record's own row
    ((key, name, at),) = log.execute(
        "SELECT replay_key, record, at FROM replay WHERE record LIKE ?", "%-000000000300-q"
    )
    log.execute("DELETE FROM replay WHERE replay_key = ?", bytes(key))
    try:
        findings = log.walk().findings
    finally:
        log.execute("INSERT INTO replay VALUES (?, ?, ?)", bytes(key), name, at)
    assert findings == [Finding("the message id of a record is not remembered", name)]


def test_two_records_that_change_places_are_named(log: Log) -> None:
    swap = ("UPDATE record SET id = ? WHERE id = ?", "UPDATE body SET id = ? WHERE id = ?")
    for to, of in ((-1, 10), (10, 12), (12, -1)):
        for statement in swap:
            log.execute(statement, to, of)
    try:
        report = log.walk()
    finally:
        for to, of in ((-1, 10), (10, 12), (12, -1)):
            for statement in swap:
                log.execute(statement, to, of)
    assert [one.what for one in report.findings] == ["a record is not the one that was sequenced"] * 2


def test_a_record_that_is_deleted_is_told(log: Log) -> None:
    rows = log.execute("SELECT * FROM record WHERE id = 20")
    log.execute("DELETE FROM record WHERE id = 20")
    try:
        report = log.walk()
    finally:
        log.execute(f"INSERT INTO record VALUES ({','.join('?' * len(rows[0]))})", *rows[0])
    assert Finding("a record is gone", "leaf 19") in report.findings


def test_a_message_that_is_deleted_is_told(log: Log) -> None:
    rows = log.execute("SELECT id, message, sent, key FROM body WHERE id = 20")
    log.execute("DELETE FROM body WHERE id = 20")
    try:
        assert _names(log.walk()) == {"a record's messages are gone"}
    finally:
        log.execute("INSERT INTO body VALUES (?, ?, ?, ?)", *rows[0])


def test_a_time_stamp_that_was_exchanged_is_named(log: Log) -> None:
    """For another good token of the same authority, over another checkpoint."""
    tokens = dict(log.execute("SELECT size, token FROM stamp"))
    log.execute("UPDATE stamp SET token = ? WHERE size = 400", bytes(tokens[200]))
    try:
        findings = log.walk().findings
    finally:
        log.execute("UPDATE stamp SET token = ? WHERE size = 400", bytes(tokens[400]))
    assert [(one.what, one.where) for one in findings] == [
        ("a time-stamp cannot be believed", "time-stamp of checkpoint 400")
    ]


def test_times_that_contradict_one_another_are_named(log: Log) -> None:
    """An authority that lends itself to dating back: its tokens hold, and what they say does not fit."""
    made = 1_700_000_000_000_000

    def judge(times: dict[int, int]) -> list[tuple[str, str]]:
        believed = iter(times.values())
        for size, at in times.items():
            log.execute("UPDATE stamp SET at = ? WHERE size = ?", at, size)
        found = walk(log.url, SIGNER.key, stamped=lambda _token, _note: (next(believed), 0)).findings
        return [(one.what, one.where) for one in found]

    try:
        later = {size: made + 10**9 + size for size in (200, 400, 600, 700)}
        assert judge(later) == []
        assert judge(later | {600: made + 5 * 10**8}) == [
            ("time-stamps are out of order", "time-stamp of checkpoint 600")
        ]
        assert judge({size: made - 10**9 for size in later}) == [
            ("a record says that it was made after it was time-stamped", f"time-stamp of checkpoint {size}")
            for size in later
        ]
    finally:
        for size in (200, 400, 600, 700):
            log.execute("UPDATE stamp SET at = ? WHERE size = ?", int((NOW + size) * 1_000_000), size)


def test_a_forged_cosignature_is_named(log: Log) -> None:
    ((note,),) = log.execute("SELECT note FROM checkpoint WHERE size = 600")
    ((good,),) = log.execute("SELECT line FROM cosignature WHERE size = 600 AND name = ?", WITNESS.name)
    text = parse_note(bytes(note)).text
    other = NoteKey(WITNESS.name, COSIGNATURE, bytes(31) + b"\1")
    forged = (cosign(text, WITNESS, 5, lambda _: bytes(64)), cosign(text, other, 5, _WITNESS.sign))
    for line in (one.line for one in forged):
        log.execute("UPDATE cosignature SET line = ? WHERE size = 600 AND name = ?", line, WITNESS.name)
        try:
            (finding,) = log.walk().findings
            assert finding.what == "a cosignature cannot be believed"
            assert finding.where == f"{WITNESS.name} on checkpoint 600"
        finally:
            log.execute("UPDATE cosignature SET line = ? WHERE size = 600 AND name = ?", good, WITNESS.name)


def test_a_checkpoint_that_somebody_kept_tells_a_log_that_was_cut_or_rewritten(tmp_path: Path) -> None:
    """Even where records, tree and checkpoints were made anew with the log's own key: a copy outside tells."""
    url, other = (f"sqlite:///{tmp_path / name / 'evidence.db'}" for name in ("one", "other"))
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    _fill(url)
    reader = TreeReader(url)
    points = list(reader.checkpoints())
    reader.close()
    store, tree = open_store(other), open_tree(other)
    names = [f"m-{number}" for number in range(250)]
    store.write([a_record(message_id=name, replay_key=replay_key("SSPF", name)) for name in names])
    tree.add()
    tree.publish(SIGNER.checkpoint)
    assert walk(other, SIGNER.key).findings == []
    assert [one.what for one in walk(other, SIGNER.key, kept=[points[0].note]).findings] == ["the log was rewritten"]
    assert [one.what for one in walk(other, SIGNER.key, kept=[points[-1].note]).findings] == ["the log was cut back"]
    assert walk(url, SIGNER.key, kept=[one.note for one in points]).findings == []
    stranger = LogSigner("bus.example/log", bytes(32), lambda _: bytes(64))
    assert [one.what for one in walk(url, SIGNER.key, kept=[stranger.checkpoint(1, bytes(32))]).findings] == [
        "a checkpoint that was kept cannot be believed"
    ]
    store.close()
    tree.close()


def test_another_key_believes_nothing(log: Log) -> None:
    other = LogSigner("bus.example/log", bytes(31) + b"\1", lambda _: bytes(64))
    assert _names(walk(log.url, other.key)) == {"a checkpoint cannot be believed"}


def test_a_log_whose_master_key_is_elsewhere_is_looked_at_as_far_as_it_can_be(log: Log) -> None:
    report = log.walk(masters=None)
    assert (report.findings, report.tally.unopened) == ([], RECORDS - SEALED)


def test_sealed_messages_that_change_places_are_told(log: Log) -> None:
    place = "(SELECT {0} FROM body WHERE id = 501)"
    kept = log.execute("SELECT message, sent, key FROM body WHERE id = 503")[0]
    moved = ", ".join(f"{name} = {place.format(name)}" for name in ("message", "sent", "key"))
    log.execute(f"UPDATE body SET {moved} WHERE id = 503")
    try:
        assert _names(log.walk()) == {"a record's messages do not open as what was sealed"}
    finally:
        log.execute("UPDATE body SET message = ?, sent = ?, key = ? WHERE id = 503", *kept)


def test_messages_are_missed_until_their_day_is_past(log: Log) -> None:
    rows = log.execute("SELECT id, message, sent, key FROM body WHERE id > 650")
    log.execute("DELETE FROM body WHERE id > 650")
    try:
        assert {one.what for one in log.walk(today="2999-01-01").findings} == {"a record's messages are gone"}
        # Their day is past, but nobody has destroyed their keys by an act on record.
        report = log.walk(today="2999-01-03")
        assert sum(report.tally.expired.values()) == len(rows)
        assert _names(report) == {"messages are gone, and no key of their day was destroyed"}
    finally:
        for row in rows:
            log.execute("INSERT INTO body VALUES (?, ?, ?, ?)", *row)


def test_a_walk_since_an_earlier_size_looks_at_what_came_after(log: Log) -> None:
    report = log.walk(since=600)
    assert (report.records, report.findings) == (RECORDS - 512, [])
    log.execute("UPDATE body SET message = ? WHERE id = 3", b"<other/>")
    try:
        assert log.walk(since=600).findings == []
        assert _names(log.walk(since=100)) == {"a record's message is not the one that came"}
    finally:
        log.execute("UPDATE body SET message = ? WHERE id = 3", b"<m>2</m>")
