"""A thread's name is seen from outside, and the process keeps its own."""

import os
import threading
from pathlib import Path

from esb.kernel.threads import tell_thread


def test_the_system_knows_the_thread_by_its_name() -> None:
    seen: list[str] = []

    def run() -> None:
        tell_thread("a-name-that-is-too-long")
        seen.append(Path(f"/proc/self/task/{threading.get_native_id()}/comm").read_text())

    before = Path(f"/proc/{os.getpid()}/comm").read_text()
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == ["a-name-that-is-\n"]
    assert Path(f"/proc/{os.getpid()}/comm").read_text() == before
