"""Threads under names that the operating system knows too, so that `top -H` and the bench can tell them apart.

Python gives its own threads names, and before 3.14 keeps them to itself.
"""

import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

LONGEST: Final = 15
"""Octets of a thread's name that Linux keeps (proc(5), ``comm``)."""


def tell_thread(name: str) -> None:
    """Name the thread that calls this, for whoever looks at the process from outside; nothing where /proc is not."""
    with suppress(OSError):
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_bytes(name.encode()[:LONGEST])
