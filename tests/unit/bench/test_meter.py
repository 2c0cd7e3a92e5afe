"""The meter counts a process with its children, living and ended."""

import os
import subprocess
import sys
import threading
import time

import pytest

from esb.bench import meter
from esb.kernel.threads import tell_thread

_BUSY = "import time\nwhile time.process_time() < 0.3: pass\n"
_PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {_BUSY!r}])
child = subprocess.Popen([sys.executable, "-c", {_BUSY!r} + "print('done', flush=True)\\nimport time; time.sleep(60)"])
sys.stdin.readline()
child.kill()
child.wait()
"""


def test_children_count() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"done\n"
        reading = meter.read(parent.pid)
        parent.stdin.write(b"\n")
        parent.stdin.flush()
    # One child has ended and been waited for, one still runs: each has worked for three tenths of a second.
    assert reading.cpu >= 0.58
    assert reading.memory > 5_000_000


def test_one_own_process_is_a_tree_too() -> None:
    assert meter.read(os.getpid()).cpu > 0


def test_threads_are_told_apart_by_name() -> None:
    def run() -> None:
        tell_thread("busy")
        while time.thread_time() < 0.05:
            pass
        done.set()
        end.wait()

    done, end = threading.Event(), threading.Event()
    named, other = threading.Thread(target=run), threading.Thread(target=end.wait)
    named.start()
    other.start()
    done.wait()
    try:
        used = meter.read_threads(os.getpid())
    finally:
        end.set()
    assert used["busy"] >= 0.05
    assert used["main"] > 0
    assert "unnamed" in used
    named.join()
    other.join()


def test_a_process_that_has_gone_is_an_error() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with pytest.raises(ProcessLookupError):
        meter.read(ended.pid)
