"""The evidence log in PostgreSQL: the store for a bus of several machines.

A batch is one statement, so one round trip and one commit: its arrays become rows, and the unique keys decide which
of them are new.  What counts and what is only an index is as in the SQLite store; the tables stand in a schema of their
own, ``evidence``, so that the registry may share the database.  Records stand in partitions by months, messages in
partitions by numbers, and which message ids were used in a table of its own (:mod:`esb.audit.replays`).
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, LiteralString

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from esb.audit.entry import clip
from esb.audit.leaf import LeafInvalid, read_leaf
from esb.audit.partitions import partition_bodies
from esb.audit.record import (
    WRITTEN,
    Duplicate,
    NotWritten,
    Outcome,
    Record,
    RecordUnwritable,
    StoreUnavailable,
    check_schema,
    write_apart,
)
from esb.audit.record_partitions import INDICES, last_moment, make_months, partition_records
from esb.audit.replays import FILLED, MADE

SCHEMA_VERSION: Final = 3
_SCHEMA: Final[LiteralString] = """
CREATE SCHEMA IF NOT EXISTS evidence;
CREATE TABLE evidence.version (version integer NOT NULL);
INSERT INTO evidence.version VALUES (3);
-- No default: a program from before, which knows nothing of "replay", cannot go on writing into these tables.
CREATE SEQUENCE evidence.record_number;
CREATE TABLE evidence.record (
    id bigint NOT NULL,
    record text COLLATE "C" NOT NULL UNIQUE,
    kind text NOT NULL,
    at bigint NOT NULL,
    consumer text NOT NULL,
    service text NOT NULL,
    outcome text NOT NULL,
    grant_id bigint,
    replay_key bytea,
    leaf bytea NOT NULL
) PARTITION BY RANGE (record);
CREATE TABLE evidence.body (
    id bigint PRIMARY KEY,
    message bytea NOT NULL,
    sent bytea NOT NULL,
    key bigint
);
-- No foreign key: record and body are born in one statement, and the check would cost an eighth of it.
-- Messages are sealed and never give: compressing them would only cost.
ALTER TABLE evidence.body ALTER COLUMN message SET STORAGE EXTERNAL, ALTER COLUMN sent SET STORAGE EXTERNAL;
"""
_DATA_KEY: Final[LiteralString] = """
CREATE TABLE evidence.data_key (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    until text NOT NULL,
    made bigint NOT NULL,
    first bigint NOT NULL,
    master text NOT NULL,
    wrapped bytea NOT NULL,
    shredded bigint
);
"""
_SECOND: Final[tuple[LiteralString, ...]] = ("ALTER TABLE evidence.body ADD COLUMN key bigint", _DATA_KEY)
_LOCK: Final = 0x53686C757A  # any number that the processes agree on

# A server that is gone without a word must not hold the writer's thread for the minutes that TCP would wait.
_DEFAULTS: Final = {
    "application_name": "shluz-evidence",
    "client_encoding": "utf8",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# The more partitions, the dearer a statement looks; to compile one that takes milliseconds would cost a second.
_OPTIONS: Final = "-c search_path=evidence -c statement_timeout=30000 -c jit=off"

_INSERT: Final[LiteralString] = """
WITH given AS (
    SELECT * FROM unnest(
        %b::text[], %b::text[], %b::bigint[], %b::text[], %b::text[], %b::text[], %b::bigint[],
        %b::bytea[], %b::bytea[], %b::bytea[], %b::bytea[], %b::bigint[]
    ) WITH ORDINALITY AS row
        (record, kind, at, consumer, service, outcome, grant_id, replay_key, leaf, message, sent, key, place)
), claimed AS (
    INSERT INTO replay (replay_key, record, at)
    SELECT replay_key, record, at FROM given WHERE replay_key IS NOT NULL ORDER BY place
    ON CONFLICT DO NOTHING
    RETURNING replay_key, record
), free AS (
    SELECT record, kind, at, consumer, service, outcome, grant_id, replay_key, leaf FROM given
    WHERE replay_key IS NULL OR (replay_key, record) IN (SELECT replay_key, record FROM claimed)
    ORDER BY place
), new AS (
    INSERT INTO record (id, record, kind, at, consumer, service, outcome, grant_id, replay_key, leaf)
    SELECT nextval('record_number'), free.* FROM free
    ON CONFLICT DO NOTHING
    RETURNING id, record, replay_key
), kept AS (
    INSERT INTO body (id, message, sent, key) SELECT id, message, sent, key FROM new JOIN given USING (record)
)
SELECT record FROM new
-- Who has claimed a message id under a name that another record has: then nothing of this has been.
WHERE 1 / ((SELECT count(*) FROM claimed) = (SELECT count(replay_key) FROM new))::integer = 1
"""

_UNFIT: Final = (
    errors.DataError,
    errors.IntegrityError,
    errors.ProgramLimitExceeded,
    # Two processes with the same keys in another order; one record at a time cannot meet so.
    errors.DeadlockDetected,
    UnicodeError,
    OverflowError,
)
_REASONS: Final[dict[str, str]] = {
    "25006": "the evidence database is read-only: is it a standby?",
    "53100": "the evidence database's disk is full: make room",
    "42501": "the bus has no leave to write the evidence database",
    "42P01": "the evidence database has no tables yet: start the bus once",
    "3F000": "the evidence database has no tables yet: start the bus once",
}
_OTHER_REASON: Final = "the evidence database does not answer: check its address and password, and its log"


def reason(error: psycopg.Error) -> str:
    """Say for a person, without addresses or statements, why the database failed and what to do."""
    return _REASONS.get(error.sqlstate or "", _OTHER_REASON)


def connect(url: str) -> psycopg.Connection:
    """Open a connection whose unqualified names are the log's tables; each statement is its own transaction.

    Raises:
        psycopg.Error: the server does not let us in.
    """
    settings: dict[str, Any] = {**_DEFAULTS, **conninfo_to_dict(url)}
    settings["options"] = f"{settings.get('options', '')} {_OPTIONS}"
    return psycopg.connect(make_conninfo(**settings), autocommit=True)


class PostgresStore:
    """An :class:`~esb.audit.record.EvidenceStore` in a database, its tables made at the first use.

    Args:
        url: a libpq URL, ``postgresql://…``.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection | None = None

    def write(self, batch: Sequence[Record]) -> list[Outcome]:
        """See :class:`~esb.audit.record.EvidenceStore`.

        A connection that turns out to be lost is opened again and the batch repeated once: a record that the lost
        connection had committed after all is found by its name.
        """
        fresh = self._connection is None
        try:
            return self._write_fitting(batch)
        except StoreUnavailable:
            if fresh or self._connection is not None:
                raise
        return self._write_fitting(batch)

    def idle(self) -> None:
        """Open the connection where it is lost, and find out whether it is."""
        connection = self._open()
        try:
            connection.execute("")
        except psycopg.Error as error:
            self.close()
            raise StoreUnavailable(reason(error)) from error

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    def _write_fitting(self, batch: Sequence[Record]) -> list[Outcome]:
        try:
            return self._write(batch)
        except RecordUnwritable:
            return write_apart(self._write, batch)

    def _write(self, batch: Sequence[Record]) -> list[Outcome]:
        if not batch:
            return []
        connection = self._open()
        try:
            new = connection.execute(_INSERT, _columns(batch), prepare=True, binary=True).fetchall()
            if len(new) == len(batch):
                return [WRITTEN] * len(batch)
            names = {row[0] for row in new}
            return [WRITTEN if record.entry.record in names else _found(connection, record) for record in batch]
        except errors.DivisionByZero as error:
            if len(batch) == 1:
                return [_found(connection, batch[0])]
            raise RecordUnwritable("the record's name is that of another") from error
        except _UNFIT as error:
            raise RecordUnwritable("the record holds a value that the evidence log cannot store") from error
        except psycopg.Error as error:
            if connection.broken or connection.closed:
                self.close()
            raise StoreUnavailable(reason(error)) from error

    def _open(self) -> psycopg.Connection:
        if self._connection is None:
            try:
                connection = connect(self._url)
                try:
                    _prepare(connection)
                except BaseException:
                    connection.close()
                    raise
            except psycopg.Error as error:
                raise StoreUnavailable(reason(error)) from error
            self._connection = connection
        return self._connection


def _prepare(connection: psycopg.Connection) -> None:
    """Make the tables where they are missing, and make sure that a commit is durable when it returns."""
    if _one(connection, "SHOW server_encoding") != "UTF8":
        raise StoreUnavailable("the evidence database is not encoded in UTF8: create it so")
    if _one(connection, "SHOW synchronous_commit") not in ("on", "remote_apply"):
        connection.execute("SET synchronous_commit = on")
    bring_up(connection)


def bring_up(connection: psycopg.Connection) -> None:
    """Make the tables where they are missing, and bring those of an earlier version up to this one, in place.

    Raises:
        StoreUnavailable: a later version made them.
        psycopg.Error: the database does not let us.
    """
    with connection.transaction():
        # The lock comes before the first look: a session remembers that a name was not there, and waiting for a lock
        # of this kind does not make it look again.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        if _one(connection, "SELECT to_regclass('evidence.version') IS NULL"):
            for statement in (_SCHEMA, _DATA_KEY, *INDICES, *MADE):
                connection.execute(statement)
        elif (found := _one(connection, "SELECT version FROM evidence.version")) in (1, 2):
            connection.execute("SET LOCAL statement_timeout = 0")  # it reads all that there is
            connection.execute("LOCK TABLE evidence.record, evidence.body IN ACCESS EXCLUSIVE MODE")
            for statement in (*(_SECOND if found == 1 else ()), *MADE):
                connection.execute(statement)
            connection.execute(FILLED.encode())
            partition_records(connection)
            connection.execute("UPDATE evidence.version SET version = 3")
        check_version(connection)
        make_months(connection, last_moment(connection))
        partition_bodies(connection)


def check_version(connection: psycopg.Connection) -> None:
    """Refuse tables that are not those of this program.

    Raises:
        StoreUnavailable: another version made them.
    """
    check_schema(_one(connection, "SELECT version FROM evidence.version"), SCHEMA_VERSION)


def _one(connection: psycopg.Connection, query: LiteralString) -> object:
    row = connection.execute(query).fetchone()
    return None if row is None else row[0]


def _columns(batch: Sequence[Record]) -> list[list[object]]:
    rows = [
        (
            record.entry.record,
            record.entry.kind.value,
            record.entry.at,
            clip(record.entry.consumer),
            clip(record.entry.service),
            clip(record.entry.outcome),
            record.entry.grant,
            record.replay_key,
            record.leaf,
            record.message,
            record.sent,
            record.key,
        )
        for record in batch
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _found(connection: psycopg.Connection, record: Record) -> Outcome:
    """Say what an insert that did nothing ran into."""
    name = record.entry.record
    row = connection.execute("SELECT leaf FROM record WHERE record = %s", (name,), binary=True).fetchone()
    if row is not None:
        return WRITTEN if row[0] == record.leaf else NotWritten("another record has this record's name")
    row = connection.execute(
        "SELECT leaf FROM record WHERE record = (SELECT record FROM replay WHERE replay_key = %s) AND replay_key = %s",
        (record.replay_key, record.replay_key),
        binary=True,
    ).fetchone()
    try:
        first = read_leaf(row[0]) if row is not None else None
    except LeafInvalid:
        first = None
    if first is None:
        return NotWritten("the record of the first message with this id is damaged: an operator must look into it")
    return Duplicate(first.exchange, first.message_sha256)
