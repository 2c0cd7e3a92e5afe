"""A process that does nothing but keep records: each number on a line of its input becomes one, and it tells of each
line whether the record is durable.  A second argument says how many seconds lie between two numbers."""

import sys
import time
from dataclasses import fields
from pathlib import Path

from esb.audit.entry import Entry, Kind, record_id
from esb.audit.leaf import leaf_bytes
from esb.audit.record import Record, StoreUnavailable
from esb.audit.sqlite import SqliteStore

_BEGAN = 1_800_000_000  # of the numbers that lie apart


def numbered(number: int) -> Record:
    """A request's record that is known again by its number, as its time and its replay key."""
    exchange = f"00000000-0000-7000-8000-{number:012d}"
    facts = {
        field.name: None if field.name in ("grant", "duration_us", "provider_us") else "" for field in fields(Entry)
    }
    named = {"exchange": exchange, "record": record_id(exchange, Kind.REQUEST), "kind": Kind.REQUEST, "at": number}
    entry = Entry(**{**facts, **named})  # type: ignore[arg-type]
    return Record(entry, leaf_bytes(entry), b"m" * 3000, b"", number.to_bytes(8, "big"))


def main(path: Path, apart: int) -> None:
    """Write what comes in until nothing does."""
    now = time.time()
    store = SqliteStore(path, lambda: now)
    for line in sys.stdin:
        now = _BEGAN + int(line) * apart if apart else time.time()
        try:
            store.write([numbered(int(line))])
        except StoreUnavailable:
            print("not written", flush=True)
        else:
            print("written", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
