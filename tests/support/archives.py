"""A small log of three months in SQLite files, and its archive, for tests about packages."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from esb.audit.archiving import archive_until, droppable, verified
from esb.audit.depot import Depot
from esb.audit.dropping import drop_rows
from esb.audit.entry import Kind
from esb.audit.log_key import LogSigner
from esb.audit.package import Manifest
from esb.audit.raw import RawReader
from esb.audit.record import Record, replay_key
from esb.audit.seal import MasterKeys
from esb.audit.shelf import Shelf
from esb.audit.store import open_store, open_tree
from esb.kernel.ids import uuid7
from support.records import a_record

_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)
NOW = datetime(2026, 12, 15, tzinfo=UTC).timestamp()
MONTHS = {"2026-10": 300, "2026-11": 260, "2026-12": 20}


def moment(month: str) -> int:
    """Some days into a month, microseconds since the Unix epoch."""
    return int(datetime.fromisoformat(f"{month}-03T00:00:00+00:00").timestamp()) * 1_000_000


def exchange_at(at: int, ident: str) -> str:
    """The id of an exchange that began at a moment, microseconds since the Unix epoch, as a bus makes it."""
    return uuid7(at / 1_000_000, hashlib.sha256(ident.encode()).digest())


def a_request(at: int, ident: str) -> Record:
    """A request whose row is in every column what its leaf says."""
    key = replay_key("SSPF", ident)
    message = f"<m>{ident}</m>".encode()
    return a_record(exchange_at(at, ident), at=at, message=message, message_id=ident, replay_key=key)


def fill(
    url: str, months: dict[str, int] | None = None, signer: LogSigner = SIGNER, masters: MasterKeys | None = None
) -> None:
    """Write records of some months, each at its time, and a change of the registry; with a checkpoint after each."""
    clock = [0.0]
    store, tree = open_store(url, masters, lambda: clock[0]), open_tree(url)
    for month, wanted in (MONTHS if months is None else months).items():
        clock[0] = moment(month) / 1_000_000
        records = [a_request(moment(month) + at, f"{month} {at}") for at in range(wanted)]
        records.insert(9, a_record(f"change-{month}-9f86d081884c7d65", Kind.CHANGE, at=7))
        store.write(records)
        tree.add()
        tree.publish(signer.checkpoint)
    store.close()
    tree.close()


def a_log(folder: Path) -> str:
    """A filled log in an SQLite file; its URL."""
    url = f"sqlite:///{folder / 'evidence.db'}"
    fill(url)
    return url


def archived(url: str, depot: Depot, until: str = "2026-11", signer: LogSigner = SIGNER) -> list[Manifest]:
    """Archive a filled log."""
    return list(archive_until(url, depot, signer, until, NOW))


def dropped(url: str, depot: Depot, until: str = "2026-11", signer: LogSigner = SIGNER, now: float = NOW) -> int:
    """Let go of what is archived, as the operator's act does; how many records are gone."""
    reader = RawReader(url)
    gone = 0
    for kept in droppable(reader, until, now):
        verified(kept, depot, signer.key, reader)
        Shelf(url).dropping(kept.manifest.first, int(now))
        gone += drop_rows(url, reader.numbers(kept.manifest.first, kept.manifest.end))
    reader.close()
    return gone


def counts(asked: psycopg.Connection) -> dict[str, int]:
    """How many records each partition of a PostgreSQL log holds, where there are any."""
    return dict(asked.execute("SELECT tableoid::regclass::text, count(*) FROM record GROUP BY 1").fetchall())
