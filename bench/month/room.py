"""Whether the disk has room for the month's evidence, asked before anything is begun."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from esb.kernel.faults import EsbError

BYTES_AN_EXCHANGE: Final = 18_000
"""What one exchange leaves in the evidence log, measured: two records with both messages as they were, and indexes."""
_BESIDE: Final = 200_000_000
"""The write-ahead log at its largest, the registry, and some air."""


class NoRoom(EsbError):
    """The disk is too small; the text says what is needed and where."""


@dataclass(frozen=True, slots=True)
class Room:
    """What is needed and what is there, in bytes, and in which folder."""

    needed: int
    free: int
    folder: Path

    def check(self) -> None:
        """Insist on it.

        Raises:
            NoRoom: less is free than needed.
        """
        if self.free < self.needed:
            raise NoRoom(
                f"The month's evidence will take {gigabytes(self.needed)}, and {self.folder} has "
                f"{gigabytes(self.free)} free: "
                "make room, name a folder on another disk with --home (or TMPDIR), or replay less with --scale."
            )


def forecast(requests: int, folder: Path) -> Room:
    """What so many requests need, and what the disk has that ``folder`` is on, or will be."""
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    return Room(requests * BYTES_AN_EXCHANGE + _BESIDE, shutil.disk_usage(there).free, there)


def gigabytes(size: int) -> str:
    """A size as people read it."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
