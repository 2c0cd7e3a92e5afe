"""SIGKILL of whoever sequences, again and again while records come: no gap in the tree, and no record in it twice."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.records import a_record

from esb.audit.leaf import leaf_hash
from esb.audit.merkle import perfect_root, root
from esb.audit.record import StoreUnavailable
from esb.audit.store import open_store, open_tree
from esb.audit.tree_reader import TreeReader

# Whoever is to be killed is begun by one that has loaded the program: what is killed while it loads tests nothing.
_SEQUENCE = """
import os, signal, sys
from esb.audit.record import StoreUnavailable
from esb.audit.store import open_tree
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
open_tree(sys.argv[1]).close()
while sys.stdin.readline() and (child := os.fork()):
    print(child, flush=True)
tree = open_tree(sys.argv[1])
while not child:
    try:
        if tree.elect():
            tree.add(37)
            tree.publish(lambda size, root: b"note")
    except StoreUnavailable:
        pass
"""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_sequencer_killed_at_any_point(kind: str, tmp_path: Path, request: pytest.FixtureRequest, full: bool) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("fresh_postgres_dsn")
    store = open_store(url)
    store.idle()
    written: list[tuple[str, bytes]] = []
    end = threading.Event()

    def write() -> None:
        while not end.is_set():
            batch = [a_record() for _ in range(5)]
            try:
                store.write(batch)
            except StoreUnavailable:
                continue
            written.extend((record.entry.record, record.leaf) for record in batch)
            time.sleep(0.002)

    writer = threading.Thread(target=write)
    writer.start()
    chance = random.Random(7)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    nursery: Any = subprocess.Popen([sys.executable, "-c", _SEQUENCE, url], **pipes)

    def begin() -> int:
        nursery.stdin.write("\n")
        return int(nursery.stdout.readline())

    try:
        for _ in range(100 if full else 12):
            # Two at a time: one sequences and the other waits for its turn.
            both = [begin() for _ in range(2)]
            time.sleep(chance.uniform(0.02, 0.4))
            for process in both:
                os.kill(process, signal.SIGKILL)
            while any(Path(f"/proc/{process}").exists() for process in both):
                time.sleep(0.001)
    finally:
        nursery.communicate()
        end.set()
        writer.join()
        store.close()
    tree = open_tree(url)
    while tree.add():
        pass
    tree.publish(lambda size, _: b"note")
    tree.close()
    reader = TreeReader(url)
    names = [name for _, name, _ in reader.leaves(0, reader.size())]
    assert Counter(names) == Counter(name for name, _ in written)
    leaves = dict(written)
    hashes = [leaf_hash(leaves[name]) for name in names]
    points = list(reader.checkpoints())
    assert points[-1].size == len(written)
    for point in points[:: max(1, len(points) // 40)] + points[-1:]:
        known = root(point.size, lambda height, index: perfect_root(hashes[index << height : (index + 1) << height]))
        assert point.root == known
    assert list(reader.strays()) == []
    reader.close()
