"""CPU and memory of a process with all its children, and of their threads, as Linux accounts for them (proc(5))."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
MAIN, UNNAMED = "main", "unnamed"
_PARENT, _USER, _SYSTEM, _ENDED_USER, _ENDED_SYSTEM = 1, 11, 12, 13, 14  # fields of /proc/PID/stat after the name


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tree has used.

    Attributes:
        cpu: seconds of user and system time, all threads, ended children included.
        memory: bytes that it holds now; a page that several share counts in parts (PSS).
    """

    cpu: float
    memory: int


def read(root: int) -> Reading:
    """Read the tree of processes under ``root``.

    Raises:
        ProcessLookupError: the root has gone.
    """
    cpu = 0.0
    memory = 0
    for pid, fields in _tree(root).items():
        cpu += sum(int(fields[at]) for at in (_USER, _SYSTEM, _ENDED_USER, _ENDED_SYSTEM)) / _TICKS
        memory += _memory(pid)
    return Reading(cpu, memory)


def read_threads(root: int) -> dict[str, float]:
    """Seconds of CPU that living threads of the tree have used, by the names that the system knows them by.

    The first thread of a process is ``main``; one that nobody has named is ``unnamed``.

    Raises:
        ProcessLookupError: the root has gone.
    """
    used: dict[str, float] = {}
    for pid in _tree(root):
        with suppress(OSError):
            own = Path(f"/proc/{pid}/comm").read_text()
            for task in Path(f"/proc/{pid}/task").iterdir():
                with suppress(OSError):
                    name = (task / "comm").read_text()
                    called = MAIN if task.name == str(pid) else UNNAMED if name == own else name.rstrip("\n")
                    # Nanoseconds on a processor; a thread's ticks (10 ms) would be too coarse.
                    spent = int((task / "schedstat").read_text().split()[0]) / 1e9
                    used[called] = used.get(called, 0.0) + spent
    return used


def _tree(root: int) -> dict[int, list[str]]:
    every = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError):
                # The name in brackets may hold anything, so what counts begins after the last bracket.
                every[int(name)] = Path(f"/proc/{name}/stat").read_text(errors="replace").rpartition(")")[2].split()
    if root not in every:
        raise ProcessLookupError(f"process {root} has ended")
    tree = {root: every[root]}
    grown = True
    while grown:
        young = {pid: fields for pid, fields in every.items() if pid not in tree and int(fields[_PARENT]) in tree}
        tree.update(young)
        grown = bool(young)
    return tree


def _memory(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
