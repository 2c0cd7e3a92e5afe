"""Where packages of the log are kept: what such a place does, and the one that is a folder."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from esb.kernel.faults import EsbError

PIECE: Final = 1 << 20  # octets copied or hashed at a time


class DepotUnavailable(EsbError):
    """A place for packages cannot be read or written now; the text says which, and what failed."""


class Depot(Protocol):
    """A place that holds packages, each a folder of members.  Can be handed to another process.

    Every method raises :class:`DepotUnavailable`.
    """

    @property
    def place(self) -> str:
        """How a person names it."""

    def packages(self) -> list[str]:
        """Names of its folders, in order; not all need be packages."""

    def members(self, package: str) -> dict[str, int]:
        """Names and sizes of what a folder holds; empty where there is no such folder."""

    def put(self, package: str, name: str, source: Path) -> None:
        """Keep a file's content durably, whole or not at all; what had this name is replaced."""

    def fetch(self, package: str, name: str, folder: Path) -> Path | None:
        """A member as a file that may be read, not changed: its own, or a copy in ``folder``; None where it is gone."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A :class:`Depot` in a folder, made at the first writing, for its owner alone."""

    path: Path

    @property
    def place(self) -> str:
        """See :class:`Depot`."""
        return str(self.path)

    def packages(self) -> list[str]:
        """See :class:`Depot`."""
        try:
            return sorted(one.name for one in self.path.iterdir() if one.is_dir()) if self.path.exists() else []
        except OSError as error:
            raise self._failed(error) from error

    def members(self, package: str) -> dict[str, int]:
        """See :class:`Depot`."""
        folder = self.path / package
        try:
            if not folder.is_dir():
                return {}
            return {one.name: one.stat().st_size for one in sorted(folder.iterdir()) if one.suffix != ".part"}
        except OSError as error:
            raise self._failed(error) from error

    def put(self, package: str, name: str, source: Path) -> None:
        """See :class:`Depot`."""
        folder = self.path / package
        part = folder / f"{name}.part"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(source, "rb") as taken, open(part, "wb") as kept:
                os.fchmod(kept.fileno(), 0o600)
                shutil.copyfileobj(taken, kept, PIECE)
                kept.flush()
                os.fsync(kept.fileno())
            part.replace(folder / name)
            for place in (folder, self.path):
                opened = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    os.fsync(opened)
                finally:
                    os.close(opened)
        except OSError as error:
            raise self._failed(error) from error

    def fetch(self, package: str, name: str, folder: Path) -> Path | None:
        """See :class:`Depot`."""
        path = self.path / package / name
        return path if path.is_file() else None

    def _failed(self, error: OSError) -> DepotUnavailable:
        return DepotUnavailable(f"the archive {self.path} cannot be used: {error.strerror}")


def digest_of(path: Path) -> str:
    """SHA-256 of a file's content, hex, in bounded memory.

    Raises:
        DepotUnavailable: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DepotUnavailable(f"{path} cannot be read: {error.strerror}") from error
