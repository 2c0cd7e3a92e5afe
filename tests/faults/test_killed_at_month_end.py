"""SIGKILL of those who write and sequence a log in files by month, while month after month ends: what was told as
durable is there once, what was a duplicate stays one, and the tree holds everything once."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import IO

import pytest

from esb.audit.reading import FilesReading
from esb.audit.sqlite import SqliteStore
from esb.audit.store import open_tree
from esb.audit.tree_reader import TreeReader

_MONTH = 0.4  # seconds that a month takes here
_WRITE = f"""
import itertools, os, sys, time
from collections import deque
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from support.records import a_record
from esb.audit import sqlite
from esb.audit.record import WRITTEN, Duplicate, StoreUnavailable
from esb.kernel.ids import Ids
sqlite.REMEMBERED = 31 * 86_400
began, ids = float(sys.argv[2]), Ids()
now = lambda: 1_800_000_000 + (time.time() - began) / {_MONTH} * 30 * 86_400
store = sqlite.SqliteStore(Path(sys.argv[1]), now)
past = deque(maxlen=3)
for number in itertools.count():
    record = a_record(ids.new(now()), at=int(now() * 1e6), replay_key=b"%d %d" % (os.getpid(), number))
    again = [a_record(ids.new(now()), replay_key=key) for key, _ in past]
    try:
        outcomes = store.write([record, *again, *(one for _, one in past)])
    except StoreUnavailable as error:
        print("unavailable", error, repr(error.__cause__), flush=True)
        continue
    repeated = 1 + len(again)
    right = [isinstance(one, Duplicate) for one in outcomes[1:repeated]]
    right += [one == WRITTEN for one in outcomes[repeated:]]
    if past and now() - past[0][1].entry.at / 1e6 > 25 * 86_400:
        past.clear()  # whoever waits so long is not known again
    elif outcomes[0] == WRITTEN and all(right):
        print("written", record.entry.record, flush=True)
    else:
        print("wrong", outcomes, flush=True)
    past.append((record.replay_key, record))
    time.sleep(0.003)
"""
_SEQUENCE = """
import sys
from esb.audit.record import StoreUnavailable
from esb.audit.store import open_tree
tree = open_tree(sys.argv[1])
while True:
    try:
        if tree.elect():
            tree.add(37)
            tree.publish(lambda size, root: b"note")
    except StoreUnavailable as error:
        print("unavailable to read", error, repr(error.__cause__), flush=True)
"""


@pytest.mark.timeout(600)
def test_killed_while_months_end(tmp_path: Path, full: bool) -> None:
    path, began = tmp_path / "evidence.db", str(time.time())
    told: list[str] = []
    threads: list[threading.Thread] = []
    tests = str(Path(__file__).parents[1])

    def start(number: int) -> "subprocess.Popen[str]":
        script = [_SEQUENCE, f"sqlite:///{path}"] if number == 2 else [_WRITE, str(path), began, tests]
        process = subprocess.Popen([sys.executable, "-c", *script], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        thread = threading.Thread(target=_listen, args=(process.stdout, told))
        thread.start()
        threads.append(thread)
        return process

    first = SqliteStore(path)
    first.idle()  # whoever sequences finds a log there
    first.close()
    chance = random.Random(11)
    processes = [start(number) for number in range(3)]
    try:
        for _ in range(100 if full else 12):
            time.sleep(chance.uniform(0.1, 0.5))
            victim = chance.randrange(3)
            processes[victim].kill()
            processes[victim].wait()
            processes[victim] = start(victim)
        while sum(line.startswith("written") for line in told) < 100:
            time.sleep(0.05)
    finally:
        for process in processes:
            process.kill()
            process.wait()
        for thread in threads:
            thread.join()
    assert [line for line in told if not line.startswith("written ")] == []
    acknowledged = [line.split()[1] for line in told]
    tree = open_tree(f"sqlite:///{path}")
    while tree.add():
        pass
    tree.close()
    files = FilesReading(path)
    assert len(files.files()) >= 5
    assert files.flaws() == []
    rows = files.rows("SELECT id, record FROM record ORDER BY id")
    assert [row[0] for row in rows] == sorted({row[0] for row in rows})
    counts = Counter(row[1] for row in rows)
    assert not set(acknowledged) - set(counts)
    assert set(counts.values()) == {1}
    assert files.rows("SELECT record.id FROM record LEFT JOIN body USING (id) WHERE message IS NULL") == []
    files.close()
    reader = TreeReader(f"sqlite:///{path}")
    assert [name for _, name, _ in reader.leaves(0, reader.size())] == [row[1] for row in rows]
    assert list(reader.strays()) == []
    reader.close()


def _listen(output: IO[str], told: list[str]) -> None:
    # A line that was cut off by the kill was not told.
    told.extend(line.rstrip("\n") for line in output if line.endswith("\n"))
