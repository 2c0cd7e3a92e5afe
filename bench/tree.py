"""The evidence tree at full size: so many records written, sequenced, verified and proved, and how long each took.

``python -m esb.bench.tree --records 10000000`` in a folder with room for them (some 800 bytes each).
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from esb.audit.entry import Entry, Kind, record_id
from esb.audit.leaf import leaf_bytes, leaf_hash
from esb.audit.log_key import LogSigner
from esb.audit.merkle import check_inclusion
from esb.audit.record import Record, replay_key
from esb.audit.store import open_store, open_tree
from esb.audit.tree import BATCH
from esb.audit.tree_reader import TreeReader
from esb.audit.walk import walk

_BATCH = 2_000
_MESSAGE = b"<m/>"
_DIGEST = hashlib.sha256(_MESSAGE).hexdigest()
_TEXTS = {name: "" for name, written in Entry.__annotations__.items() if written is str}


def record(number: int) -> Record:
    """A request's record of a realistic size, its message aside."""
    exchange = f"0192f3a0-1111-7abc-8def-{number:012d}"
    entry = Entry(
        **{  # type: ignore[arg-type]
            **_TEXTS,
            "record": record_id(exchange, Kind.REQUEST),
            "exchange": exchange,
            "kind": Kind.REQUEST,
            "at": 1_700_000_000_000_000 + number,
            "consumer": "EESMN",
            "client": "EESMN/HR",
            "service": "DIN/IAMAS/PersonQuery/v1",
            "operation": "GetPerson",
            "message_id": f"urn:uuid:{exchange}",
            "grant": 17,
            "purpose": "Employment contracts",
            "legal_basis": "Labour Code, article 49",
            "outcome": "accepted",
            "stage": "record",
            "certificate": _DIGEST,
            "signature": _DIGEST,
            "message_sha256": _DIGEST,
            "body_sha256": _DIGEST,
            "duration_us": 900,
            "provider_us": None,
            "peer": "10.0.0.7",
        }
    )
    return Record(entry, leaf_bytes(entry), _MESSAGE, b"", replay_key("EESMN", entry.message_id))


@contextmanager
def timed(what: str, count: int, told: dict[str, float]) -> Iterator[None]:
    """Time a part and say how fast it was."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    told[what] = round(took, 1)
    sys.stderr.write(f"{what}: {took:.1f} s, {count / max(took, 1e-9):,.0f} a second\n")


def main(arguments: list[str] | None = None) -> None:
    """Build, verify and prove; print what was measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="shluz-tree-", dir=given.folder))
    private = Ed25519PrivateKey.generate()
    signer = LogSigner("bench.example/log", private.public_key().public_bytes_raw(), private.sign)
    url = f"sqlite:///{folder / 'evidence.db'}"
    told: dict[str, float] = {}
    try:
        store, tree = open_store(url), open_tree(url)
        with timed("written", given.records, told):
            for start in range(0, given.records, _BATCH):
                store.write([record(number) for number in range(start, min(start + _BATCH, given.records))])
        with timed("sequenced", given.records, told):
            while tree.add() == BATCH:
                pass
        with timed("signed", 1, told):
            tree.publish(signer.checkpoint)
        store.write([record(given.records)])
        with timed("one more, added and signed", 1, told):
            tree.add()
            tree.publish(signer.checkpoint)
        store.close()
        tree.close()
        with timed("verified", given.records, told):
            report = walk(url, signer.key, processes=given.processes)
        reader = TreeReader(url)
        latest = reader.latest()
        assert latest is not None
        proofs = 1_000
        chance = random.Random(1)
        with timed("proved", proofs, told):
            for _ in range(proofs):
                one = record(chance.randrange(given.records))
                index = reader.index_of(one.entry.record)
                assert index is not None
                proof = reader.inclusion(index, latest.size)
                check_inclusion(leaf_hash(one.leaf), index, latest.size, proof, latest.root)
        reader.close()
        size = {path.name: path.stat().st_size for path in folder.iterdir()}
    finally:
        shutil.rmtree(folder)
    sys.stdout.write(
        json.dumps(
            {"records": given.records, "seconds": told, "findings": len(report.findings), "bytes": size}, indent=1
        )
        + "\n"
    )
    if report.findings:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
