"""Rows of an SQLite log: putting records into it, and finding those that are there already."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final

from esb.audit.entry import clip
from esb.audit.leaf import LeafInvalid, read_leaf
from esb.audit.record import WRITTEN, Duplicate, NotWritten, Outcome, Record

_RECORD_COLUMNS: Final = 10
_BODY_COLUMNS: Final = 4
# Statements come in sizes of powers of two, so that a handful of them, prepared once, writes a batch of any size;
# a single statement of many rows gives the interpreter's lock back and takes it once, not once for each row.
_LARGEST_STATEMENT: Final = 64
_HELD: Final = "SELECT 1 FROM record WHERE record = ?1 UNION ALL SELECT 1 FROM record WHERE replay_key = ?2"


def _pieces(rows: list[tuple[int, Record]]) -> Iterator[list[tuple[int, Record]]]:
    start = 0
    while start < len(rows):
        size = min(_LARGEST_STATEMENT, 1 << ((len(rows) - start).bit_length() - 1))
        yield rows[start : start + size]
        start += size


def _statement(table: str, columns: int, rows: int, ending: str = "") -> str:
    row = "(" + ",".join("?" * columns) + ")"
    return f"INSERT INTO {table} VALUES {','.join([row] * rows)}{ending}"  # noqa: S608  # our own names, no values


_SIZES: Final = [1 << power for power in range(_LARGEST_STATEMENT.bit_length())]
_INSERT_RECORDS: Final = {n: _statement("record", _RECORD_COLUMNS, n, " ON CONFLICT DO NOTHING") for n in _SIZES}
_INSERT_BODIES: Final = {n: _statement("body", _BODY_COLUMNS, n) for n in _SIZES}


def insert_records(connection: sqlite3.Connection, rows: list[tuple[int, Record]]) -> int:
    """Insert what is new; return how many were."""
    count = 0
    for piece in _pieces(rows):
        values: list[object] = []
        for number, record in piece:
            entry = record.entry
            values += (
                number,
                entry.record,
                entry.kind.value,
                entry.at,
                clip(entry.consumer),
                clip(entry.service),
                clip(entry.outcome),
                entry.grant,
                record.replay_key,
                record.leaf,
            )
        count += connection.execute(_INSERT_RECORDS[len(piece)], values).rowcount
    return count


def insert_bodies(connection: sqlite3.Connection, rows: list[tuple[int, Record]]) -> None:
    """Insert the messages of records that were inserted."""
    for piece in _pieces(rows):
        values: list[object] = []
        for number, record in piece:
            values += (number, record.message, record.sent, record.key)
        connection.execute(_INSERT_BODIES[len(piece)], values)


def known(connection: sqlite3.Connection, batch: Sequence[Record]) -> dict[int, Outcome]:
    """What a file that takes no records any more says of those of a batch, by their places in it; of most nothing."""
    return {
        place: found(connection, record)
        for place, record in enumerate(batch)
        if connection.execute(_HELD, (record.entry.record, record.replay_key)).fetchone() is not None
    }


def found(connection: sqlite3.Connection, record: Record) -> Outcome:
    """Say what an insert that did nothing ran into."""
    name = record.entry.record
    row = connection.execute("SELECT leaf FROM record WHERE record = ?", (name,)).fetchone()
    if row is not None:
        return WRITTEN if row[0] == record.leaf else NotWritten("another record has this record's name")
    row = connection.execute("SELECT leaf FROM record WHERE replay_key = ?", (record.replay_key,)).fetchone()
    try:
        first = read_leaf(row[0])
    except LeafInvalid:
        return NotWritten("the record of the first message with this id is damaged: an operator must look into it")
    return Duplicate(first.exchange, first.message_sha256)
