"""A contract in a folder: files below one root, never through a symbolic link."""

import os
import stat
from pathlib import Path

from esb.wsdl.limits import ReadLimits
from esb.wsdl.paths import below_root, is_web
from esb.wsdl.refuse import Forbidden, NotFound, shown


class FolderSource:
    """Reads documents below ``root``; keys are paths below it with ``/`` (see :class:`esb.wsdl.sources.Source`)."""

    def __init__(self, root: Path, main: str, limits: ReadLimits) -> None:
        self._root = root
        self._limits = limits
        self.main = main

    def resolve(self, base: str, reference: str) -> str:
        """The key that ``reference`` in the document ``base`` means.  Raises :class:`NotFound`, :class:`Forbidden`."""
        for path in below_root(base, reference):
            found = self._find(path)
            if found is not None:
                return found
        if is_web(reference):
            raise NotFound(
                f"{shown(reference)} is on the web, and nothing is fetched for a contract given as a file: "
                "put the document into the bundle and refer to it relatively"
            )
        raise NotFound(f"{shown(reference)} is not in the bundle: add the document")

    def read(self, key: str) -> bytes:
        """The document's bytes.  Raises :class:`Forbidden` when it is not a plain file or too large."""
        path = self._root / key
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise NotFound(f"{key} cannot be read: {error.strerror}") from None
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Forbidden(f"{key} is not a plain file")
            data = file.read(self._limits.document_bytes + 1)
        if len(data) > self._limits.document_bytes:
            raise Forbidden(f"{key} is larger than {self._limits.document_bytes} bytes")
        return data

    def wsdl_files(self) -> list[str]:
        """The keys of every ``.wsdl`` file below the root, sorted."""
        found: list[str] = []
        seen = 0
        for folder, folders, files in os.walk(self._root, followlinks=False):
            folders.sort()
            seen += len(files)
            if seen > self._limits.entries:
                raise Forbidden(
                    f"the folder holds more than {self._limits.entries} files: name the main WSDL, or give a zip"
                )
            below = Path(folder).relative_to(self._root)
            found += [(below / file).as_posix() for file in files if file.lower().endswith(".wsdl")]
        return sorted(found)

    def _find(self, path: str) -> str | None:
        """The path as the disk spells it; None when nothing (or more than one thing, but for case) is there."""
        current = self._root
        for part in path.split("/"):
            spelled = _entry(current, part)
            if spelled is None:
                return None
            current = current / spelled
            if current.is_symlink():
                raise Forbidden(f"{path} is, or lies behind, a symbolic link: put the document itself into the bundle")
        return current.relative_to(self._root).as_posix() if current.is_file() else None


def _entry(folder: Path, name: str) -> str | None:
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    if name in names:
        return name
    # Windows providers write one file's name in several cases.
    alike = [other for other in names if other.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else None
