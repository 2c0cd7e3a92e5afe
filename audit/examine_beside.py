"""What stands beside the records in PostgreSQL, and no leaf says: which message ids are remembered, and that a number
is given once.

Whoever makes the bus forget a message id could have the message carried out again; whoever makes it remember a false
one could have a message refused.  So each that is remembered is held against its record, and each request of the time
for which they are remembered against them.
"""

from collections.abc import Callable, Iterator
from typing import Final

from esb.audit.examine import Finding
from esb.audit.reading import LogReading, log_reading
from esb.audit.replays import REMEMBERED
from esb.audit.store import locate

_PAGE: Final = 5_000
_NUMBERS: Final = 50_000
_REMEMBERED: Final = """
SELECT known.at, known.replay_key, known.record, record.replay_key, record.at FROM (
    SELECT at, replay_key, record FROM replay WHERE (at, replay_key) > (?, ?) ORDER BY at, replay_key LIMIT ?
) known LEFT JOIN record ON record.record = known.record ORDER BY 1, 2
"""
# One statement, because messages are taken and forgotten meanwhile.
_ASKED: Final = f"""
SELECT asked.at, asked.record, replay.record IS NOT DISTINCT FROM asked.record FROM (
    SELECT at, record, replay_key FROM record
    WHERE kind = 'request' AND (at, record) > (?, ?) AND replay_key IS NOT NULL
    AND at >= (SELECT max(at) FROM record WHERE kind = 'request') - {REMEMBERED}
    ORDER BY at, record LIMIT ?
) asked LEFT JOIN replay ON replay.replay_key = asked.replay_key ORDER BY 1, 2
"""  # noqa: S608  # our own number
_DOUBLED: Final = """
SELECT id, min(record), max(record) FROM record WHERE id >= ? AND id < ? GROUP BY id HAVING count(*) > 1 LIMIT 100
"""


def examine_beside(url: str, leaves: Callable[[str], bool]) -> Iterator[Finding]:
    """Say what is not as it should be; nothing of an SQLite log, whose own keys see to all of it.

    Args:
        leaves: says of a record whether it is about to leave the log: its message id goes first.

    Raises:
        StoreUnavailable: the log cannot be read.
    """
    log = log_reading(locate(url))
    try:
        if not log.sqlite:
            yield from _remembered(log)
            yield from _asked(log, leaves)
            yield from _doubled(log)
    finally:
        log.close()


def _remembered(log: LogReading) -> Iterator[Finding]:
    last = (-(2**62), b"")
    while rows := log.rows(_REMEMBERED, (*last, _PAGE)):
        for at, key, name, *own in rows:
            if own != [key, at]:
                yield Finding("a message id that is remembered is not that of its record", str(name))
        last = rows[-1][:2]


def _asked(log: LogReading, leaves: Callable[[str], bool]) -> Iterator[Finding]:
    place = (-(2**62), "")
    while rows := log.rows(_ASKED, (*place, _PAGE)):
        for _, name, known in rows:
            if not known and not leaves(str(name)):
                yield Finding("the message id of a record is not remembered", str(name))
        place = rows[-1][:2]


def _doubled(log: LogReading) -> Iterator[Finding]:
    (first, last), *_ = log.rows("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM record")
    for low in range(first, last + 1, _NUMBERS):
        for number, one, other in log.rows(_DOUBLED, (low, low + _NUMBERS)):
            yield Finding("two records have one number", f"{one} and {other}", f"number {number}")
