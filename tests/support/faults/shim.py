"""The switchboard of ``shim.c``: what a bad disk and a bad clock do to the process that it is loaded into."""

import mmap
import shutil
import struct
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

_LAYOUT: Final = "=iiqq"  # struct control of shim.c
_SYNC, _WRITE, _CLOCK, _FAILED = 0, 4, 8, 16


@cache
def library() -> Path:
    """The compiled shim, made once for each run of Python."""
    built = Path(tempfile.mkdtemp(prefix="shluz-shim-")) / "shim.so"
    source = Path(__file__).with_name("shim.c")
    command = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(built), str(source), "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return built


class Shim:
    """Faults for one process.

    Args:
        folder: where its files are kept.
        prefix: only files whose path begins so have a bad disk.
        cut: keep what was synced apart, for :meth:`cut_power`.
    """

    def __init__(self, folder: Path, prefix: Path, cut: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._prefix = prefix
        self._control = folder / "control"
        self._control.write_bytes(bytes(struct.calcsize(_LAYOUT)))
        with self._control.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self._cut = folder / "synced" if cut else None
        if self._cut is not None:
            self._cut.mkdir()

    @property
    def environment(self) -> dict[str, str]:
        """What the process is started with."""
        found = {
            "LD_PRELOAD": str(library()),
            "FAULTY": str(self._control),
            "FAULTY_PATH": str(self._prefix),
        }
        return found if self._cut is None else {**found, "FAULTY_CUT": str(self._cut)}

    def _set(self, kind: str, at: int, value: int) -> None:
        struct.pack_into(kind, self._map, at, value)

    def fail_syncs(self, error: int) -> None:
        """Make fsync fail with this errno; 0 lifts it."""
        self._set("=i", _SYNC, error)

    def fail_writes(self, error: int) -> None:
        """Make writes fail with this errno; 0 lifts it."""
        self._set("=i", _WRITE, error)

    def step_clock(self, seconds: float) -> None:
        """Set how far the process's wall clock is from the machine's."""
        self._set("=q", _CLOCK, int(seconds * 1e9))

    @property
    def failed(self) -> int:
        """How many calls were made to fail."""
        return int(struct.unpack_from("=q", self._map, _FAILED)[0])

    def cut_power(self) -> None:
        """Put the files back to what was synced of them.  The process is dead by now."""
        assert self._cut is not None
        for file in self._prefix.parent.glob(self._prefix.name + "*"):
            file.unlink()
        for file in self._cut.iterdir():
            shutil.copyfile(file, self._prefix.parent / file.name)
            (self._prefix.parent / file.name).chmod(0o600)
