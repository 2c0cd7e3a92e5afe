"""Evidence logs as earlier versions of the program made them."""

import psycopg

_SECOND = """
CREATE TABLE kept AS SELECT * FROM record;
DROP TABLE record, replay;
DROP SEQUENCE record_number;
CREATE TABLE record (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record text NOT NULL UNIQUE,
    kind text NOT NULL,
    at bigint NOT NULL,
    consumer text NOT NULL,
    service text NOT NULL,
    outcome text NOT NULL,
    grant_id bigint,
    replay_key bytea,
    leaf bytea NOT NULL
);
CREATE UNIQUE INDEX record_replay ON record (replay_key) WHERE replay_key IS NOT NULL;
CREATE INDEX record_use ON record (at, grant_id) WHERE kind = 'request';
INSERT INTO record OVERRIDING SYSTEM VALUE SELECT * FROM kept ORDER BY id;
SELECT setval('record_id_seq', (SELECT max(id) FROM kept));
DROP TABLE kept;
UPDATE version SET version = 2;
"""


def second_schema(url: str) -> None:
    """Put a PostgreSQL log back to schema 2: all records in one table, message ids unique in it."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=evidence") as connection:
        connection.execute(_SECOND)
