"""Which message ids are remembered in PostgreSQL: a small table beside the months of records.

A message id may be used once (TIM-04), and a unique key over all months would tie them together again.  So each request
puts its key into ``replay`` in the statement that writes its record.  What was used more than two days before the
newest is forgotten: no message of that age is taken any more (TIM-02; the settings allow no longer window than a day).
"""

from typing import Final, LiteralString

import psycopg

from esb.audit import record

REMEMBERED: Final = record.REMEMBERED * 1_000_000
"""Microseconds that a message id is remembered for at least."""

MADE: Final[tuple[LiteralString, ...]] = (
    'CREATE TABLE evidence.replay (replay_key bytea PRIMARY KEY, record text COLLATE "C" NOT NULL, at bigint NOT NULL)',
    "CREATE INDEX replay_at ON evidence.replay (at)",
)
FILLED: Final = f"""
INSERT INTO evidence.replay
SELECT replay_key, record, at FROM evidence.record WHERE kind = 'request' AND replay_key IS NOT NULL
AND at >= (SELECT max(at) FROM evidence.record WHERE kind = 'request') - {REMEMBERED}
"""  # noqa: S608  # our own number
"""What a log of an earlier version remembers from the beginning."""

# Neither a bus whose clock is ahead nor a database whose clock is can make it forget too soon.
_FORGET: Final = f"""
DELETE FROM evidence.replay WHERE replay_key IN (
    SELECT replay_key FROM evidence.replay WHERE at < -{REMEMBERED} + least(
        (SELECT max(at) FROM evidence.replay), (extract(epoch FROM now()) * 1000000)::bigint
    )
    ORDER BY at LIMIT %s
)
"""  # noqa: S608  # our own number
_MOST: Final = 2_000  # in one commit: some milliseconds
_LEAVING: Final[LiteralString] = """
DELETE FROM evidence.replay WHERE replay_key IN (
    SELECT old.replay_key FROM (SELECT replay_key, record FROM evidence.replay ORDER BY at LIMIT %s) old
    JOIN evidence.record USING (record) WHERE record.id >= %s AND record.id < %s
)
"""


def forget(connection: psycopg.Connection, most: int = _MOST) -> int:
    """Forget the oldest of those that need not be remembered; how many."""
    return connection.execute(_FORGET.encode(), (most,)).rowcount


def forget_leaving(connection: psycopg.Connection, low: int, high: int) -> None:
    """Forget the message ids of records that are about to leave the log: days old, and the oldest that there are."""
    while connection.execute(_LEAVING, (_MOST, low, high)).rowcount:
        pass
