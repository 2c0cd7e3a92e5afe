"""Entries and records for the evidence log's tests."""

import hashlib
from collections.abc import Callable, Iterator
from itertools import count

import psycopg
import pytest

from esb.audit.entry import Entry, Kind, record_id
from esb.audit.leaf import leaf_bytes
from esb.audit.record import Record

MakeEntry = Callable[..., Entry]
MakeRecord = Callable[..., Record]


@pytest.fixture
def asked(url: str) -> Iterator[psycopg.Connection]:
    """A connection to the tables of the log in PostgreSQL that the test's ``url`` leads to."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=evidence") as connection:
        yield connection


@pytest.fixture
def make_entry() -> MakeEntry:
    """Make an accepted request's entry; any field may be given by name."""
    numbers = count(1)

    def make(**fields: object) -> Entry:
        exchange = fields.get("exchange", f"0192f3a0-1111-7abc-8def-{next(numbers):012d}")
        kind = fields.get("kind", Kind.REQUEST)
        assert isinstance(exchange, str)
        assert isinstance(kind, Kind)
        values: dict[str, object] = {
            "record": record_id(exchange, kind),
            "exchange": exchange,
            "kind": kind,
            "at": 1_700_000_000_000_000,
            "consumer": "SSPF",
            "client": "SSPF/PENSION",
            "service": "DIN/IAMAS/PersonQuery/v1",
            "operation": "GetPerson",
            "message_id": f"urn:uuid:{exchange}",
            "grant": 7,
            "purpose": "pension",
            "legal_basis": "Law on pensions, § 12",
            "case_number": "2026/17",
            "officer": "",
            "on_behalf_of": "",
            "outcome": "accepted",
            "rule": "",
            "reason": "",
            "stage": "",
            "certificate": "aa" * 32,
            "signature": "bb" * 32,
            "message_sha256": hashlib.sha256(exchange.encode()).hexdigest(),
            "body_sha256": "cc" * 32,
            "request_leaf": "",
            "duration_us": 950,
            "provider_us": None,
            "peer": "192.0.2.1",
        }
        return Entry(**(values | fields))  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_record(make_entry: MakeEntry) -> MakeRecord:
    """Make a record with its leaf; entry fields by name, or ``entry``, ``message``, ``sent``, ``replay_key``."""

    def make(
        *, message: bytes = b"<asked/>", sent: bytes = b"", replay_key: bytes | None = None, **fields: object
    ) -> Record:
        entry = make_entry(**fields)
        return Record(entry, leaf_bytes(entry), message, sent, replay_key)

    return make
