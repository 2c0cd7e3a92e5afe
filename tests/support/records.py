"""Evidence records for tests: plain ones, each with a name of its own."""

import hashlib
from itertools import count

from esb.audit.entry import Entry, Kind, record_id
from esb.audit.leaf import leaf_bytes
from esb.audit.record import Record

_numbers = count(1)
_TEXTS = {name: "" for name, written in Entry.__annotations__.items() if written is str}


def a_record(
    exchange: str | None = None,
    kind: Kind = Kind.REQUEST,
    message: bytes = b"<asked/>",
    sent: bytes = b"",
    replay_key: bytes | None = None,
    record_of: str = "",
    **fields: object,
) -> Record:
    """A record.  ``record_of`` begins the exchange's id, where it shall be known by that."""
    exchange = exchange or f"{record_of or '0192f3a0'}-1111-7abc-8def-{next(_numbers):012d}"
    values: dict[str, object] = {
        **_TEXTS,
        "record": record_id(exchange, kind),
        "exchange": exchange,
        "kind": kind,
        "at": 1_700_000_000_000_000,
        "consumer": "SSPF",
        "service": "DIN/IAMAS/PersonQuery/v1",
        "outcome": "accepted",
        "grant": None,
        "message_sha256": hashlib.sha256(message).hexdigest(),
        "duration_us": 0,
        "provider_us": None,
    }
    entry = Entry(**(values | fields))  # type: ignore[arg-type]
    return Record(entry, leaf_bytes(entry), message, sent, replay_key)
