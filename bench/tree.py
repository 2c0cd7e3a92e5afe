"""The evidence log at full size: so many records made, sequenced, verified, proved, indexed and searched.

``python -m esb.bench.tree --records 10000000`` in a folder with room for them (some 1,400 bytes each).
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from esb.audit.index_check import check_index
from esb.audit.indexer import build
from esb.audit.leaf import leaf_hash
from esb.audit.log_key import LogSigner
from esb.audit.merkle import check_inclusion
from esb.audit.notes import NoteKey
from esb.audit.store import open_store, open_tree
from esb.audit.tree import BATCH
from esb.audit.tree_reader import TreeReader
from esb.audit.walk import walk
from esb.bench.big_log import fill, made, record_of
from esb.bench.databases import Databases
from esb.bench.search import let_go, measure, sizes

_WRITTEN = 20_000  # records that a store writes, to tell how fast it does


@contextmanager
def timed(what: str, count: int, told: dict[str, Any]) -> Iterator[None]:
    """Time a part, by the clock and by the CPU of this process and its children, and say how fast it was."""
    began, worked = time.monotonic(), _worked()
    yield
    took, cpu = time.monotonic() - began, _worked() - worked
    told["seconds"][what], told["cpu_us"][what] = round(took, 1), round(cpu / count * 1e6, 1)
    sys.stderr.write(
        f"{what}: {took:.1f} s, {count / max(took, 1e-9):,.0f} a second, {cpu / count * 1e6:,.1f} µs of CPU each\n"
    )


def _worked() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def main(arguments: list[str] | None = None) -> None:
    """Make a log, measure, and print what was measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--parts", default="tree,search", help="tree: verify and prove.  search: index and search.")
    given = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="shluz-tree-", dir=given.folder))
    told: dict[str, Any] = {"records": given.records, "database": given.database, "seconds": {}, "cpu_us": {}}
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        url = f"sqlite:///{folder / 'evidence.db'}"
        if given.database == "postgresql":
            databases = stack.enter_context(Databases(parent=folder))
            url = stack.enter_context(databases.fresh())
        findings = _measure(url, folder, given, told)
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    if findings:
        raise SystemExit(1)


def _measure(url: str, folder: Path, given: argparse.Namespace, told: dict[str, Any]) -> int:
    private = Ed25519PrivateKey.generate()
    signer = LogSigner("bench.example/log", private.public_key().public_bytes_raw(), private.sign)
    findings = 0
    with timed("made", given.records, told):
        fill(url, given.records)
    store, tree = open_store(url), open_tree(url)
    with timed("sequenced", given.records, told):
        while tree.add() == BATCH:
            pass
    with timed("signed", 1, told):
        tree.publish(signer.checkpoint)
    if "search" in given.parts:
        with timed("indexed", given.records, told):
            build(url)
        tree.close()
        store.close()
        told["milliseconds"] = measure(url, given.records, lambda: let_go(folder))
        with timed("index checked", given.records, told):
            findings += len(check_index(url, processes=given.processes).wrong)
    if "tree" in given.parts:
        with timed("written", _WRITTEN, told):
            for start in range(given.records, given.records + _WRITTEN, BATCH):
                store.write([record_of(made(number)) for number in range(start, start + BATCH)])
        while tree.add() == BATCH:
            pass
        store.write([record_of(made(given.records + _WRITTEN))])
        with timed("one more, added and signed", 1, told):
            tree.add()
            tree.publish(signer.checkpoint)
        findings += _verify(url, given, signer.key, told)
    tree.close()
    store.close()
    told["bytes"], told["findings"] = sizes(url, folder), findings
    return findings


def _verify(url: str, given: argparse.Namespace, key: NoteKey, told: dict[str, Any]) -> int:
    with timed("verified", given.records, told):
        report = walk(url, key, processes=given.processes)
    reader = TreeReader(url)
    latest = reader.latest()
    assert latest is not None
    proofs = 1_000
    chance = random.Random(1)
    with timed("proved", proofs, told):
        for _ in range(proofs):
            one = made(chance.randrange(given.records))
            index = reader.index_of(one.record)
            assert index is not None
            proof = reader.inclusion(index, latest.size)
            check_inclusion(leaf_hash(one.leaf), index, latest.size, proof, latest.root)
    reader.close()
    return len(report.findings)


if __name__ == "__main__":
    main()
