"""A contract in a zip: entries are read one by one, bounded, and nothing is ever unpacked to the disk."""

import stat
import zipfile
import zlib
from pathlib import Path

from esb.wsdl.limits import ReadLimits
from esb.wsdl.paths import below_root, is_web
from esb.wsdl.refuse import ContractRefused, Forbidden, NotFound, shown

_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # bz2 and lzma take a bomb's memory before a byte is seen


class ZipSource:
    """Reads documents out of a zip file; keys are the entries' names (see :class:`esb.wsdl.sources.Source`).

    Raises:
        ContractRefused: it is not a zip, is too large, or an entry is a link, encrypted, doubled, or named so that
            it would leave the folder it is unpacked to.
    """

    def __init__(self, path: Path, main: str, limits: ReadLimits) -> None:
        self._limits = limits
        self.main = main
        if path.stat().st_size > limits.total_bytes:
            raise ContractRefused([f"{path.name} is larger than {limits.total_bytes} bytes"])
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, UnicodeDecodeError):
            raise ContractRefused([f"{path.name} is not a zip that can be read: pack it anew"]) from None
        self._entries: dict[str, zipfile.ZipInfo] = {}
        self._folded: dict[str, list[str]] = {}
        infos = self._zip.infolist()
        if len(infos) > limits.entries:
            raise ContractRefused([f"{path.name} holds more than {limits.entries} files"])
        problems = [problem for info in infos if (problem := self._take(info))]
        if problems:
            raise ContractRefused(problems)

    def _take(self, info: zipfile.ZipInfo) -> str | None:
        name = info.filename.replace("\\", "/")
        parts = name.rstrip("/").split("/")
        if name.startswith("/") or ".." in parts or "" in parts or ":" in name or "\x00" in info.orig_filename:
            return f"the zip's entry {shown(info.filename)} would leave the folder: pack relative names only"
        if info.flag_bits & _ENCRYPTED:
            return f"the zip's entry {shown(info.filename)} is encrypted: pack without a password"
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            return f"the zip's entry {shown(info.filename)} is a link or device: pack the file itself"
        if info.is_dir():
            return None
        if info.compress_type not in _METHODS:
            return f"the zip's entry {shown(info.filename)} is not stored or deflated: pack an ordinary zip"
        if name in self._entries:
            return f"the zip holds {shown(info.filename)} twice"
        self._entries[name] = info
        self._folded.setdefault(name.casefold(), []).append(name)
        return None

    def resolve(self, base: str, reference: str) -> str:
        """The key that ``reference`` in the document ``base`` means.  Raises :class:`NotFound`, :class:`Forbidden`."""
        for path in below_root(base, reference):
            if path in self._entries:
                return path
            alike = self._folded.get(path.casefold(), [])
            if len(alike) == 1:
                return alike[0]
        if is_web(reference):
            raise NotFound(
                f"{shown(reference)} is on the web, and nothing is fetched for a contract given as a zip: "
                "put the document into the zip and refer to it relatively"
            )
        raise NotFound(f"{shown(reference)} is not in the zip: add the document")

    def read(self, key: str) -> bytes:
        """The entry's bytes.  Raises :class:`Forbidden` when it grows over the limit, whatever its header says."""
        info = self._entries.get(key)
        if info is None:
            raise NotFound(f"{shown(key)} is not in the zip")
        try:
            with self._zip.open(info) as file:
                data = file.read(self._limits.document_bytes + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
            raise Forbidden(f"the zip's entry {shown(key)} is damaged: pack the zip anew") from None
        if len(data) > self._limits.document_bytes:
            raise Forbidden(f"the zip's entry {shown(key)} is larger than {self._limits.document_bytes} bytes")
        return data

    def wsdl_files(self) -> list[str]:
        """The keys of every ``.wsdl`` entry, sorted."""
        return sorted(name for name in self._entries if name.lower().endswith(".wsdl"))
