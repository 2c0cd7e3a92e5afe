"""Where a node takes a publication from: a folder, or another node's door.  Sizes and times are bounded."""

import http.client
import os
import secrets
import ssl
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from esb.registry.errors import Invalid, RegistryUnavailable

_BLOCK: Final = 256 * 1024


class Source(Protocol):
    """A publication by the names of its documents (:func:`esb.registry.publisher.published`)."""

    def get(self, name: str, limit: int) -> bytes | None:
        """A document, None where there is none of this name.

        Raises:
            RegistryUnavailable: it cannot be asked now, or gives more than ``limit`` bytes.
        """


class Folder:
    """A publication in a folder: mounted, copied, or a node's own copy of what it believes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, name: str, limit: int) -> bytes | None:
        """See :meth:`Source.get`."""
        try:
            with (self._path / name).open("rb") as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise RegistryUnavailable(f"{self._path / name} cannot be read: {error.strerror}") from error
        if len(data) > limit:
            raise RegistryUnavailable(f"{self._path / name} is larger than the {limit} bytes that it may have")
        return data

    def put(self, name: str, data: bytes) -> None:
        """Keep a document: whole or not at all, and on the disk when this returns.

        Raises:
            RegistryUnavailable: it cannot be written.
        """
        path = self._path / name
        draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            raise RegistryUnavailable(f"{path} cannot be written: {error.strerror}") from error

    def keep_only(self, folder: str, names: frozenset[str]) -> None:
        """Remove every other document of one inner folder."""
        with suppress(OSError):
            for file in list((self._path / folder).iterdir()):
                if file.name not in names:
                    file.unlink(missing_ok=True)


class Door:
    """A publication at another node's door, ``https://bus.gov.example/registry``.

    One connection is kept.  Answers may come gzip-coded, and are unpacked no further than the limit.

    Args:
        tls: for https; ``None`` takes the machine's authorities.
        seconds: that a step of an exchange may take.

    Raises:
        Invalid: the URL is not one that can be asked.
    """

    def __init__(self, url: str, tls: ssl.SSLContext | None, seconds: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise Invalid(
                "registry.snapshot_from is neither a folder nor a URL such as https://bus.gov.example/registry"
            )
        self._host, self._port, self._seconds = parts.hostname, parts.port, seconds
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._path = parts.path.rstrip("/")
        self._kept: http.client.HTTPConnection | None = None

    def get(self, name: str, limit: int) -> bytes | None:
        """See :meth:`Source.get`."""
        kept = self._kept is not None
        try:
            return self._ask(name, limit)
        except (OSError, http.client.HTTPException):
            self._close()
            if kept:  # it may have been closed while nothing was asked
                with suppress(OSError, http.client.HTTPException):
                    return self._ask(name, limit)
                self._close()
        except RegistryUnavailable:
            self._close()
            raise
        raise RegistryUnavailable(f"the registry's publication at {self._host} cannot be reached") from None

    def _ask(self, name: str, limit: int) -> bytes | None:
        connection = self._kept
        if connection is None:
            connection = self._kept = self._connection()
        connection.request("GET", f"{self._path}/{name}", headers={"Accept-Encoding": "gzip", "User-Agent": "shluz"})
        response = connection.getresponse()
        if response.status != 200:
            response.read(_BLOCK)
            self._close()
            if response.status == 404:
                return None
            raise RegistryUnavailable(
                f"the registry's publication at {self._host} answers HTTP {response.status}: ask its operator whether "
                "this node may read it"
            )
        pieces, size = [], 0
        for piece in _unpacked(response):
            size += len(piece)
            if size > limit:
                raise RegistryUnavailable(f"{name} from {self._host} is larger than the {limit} bytes that it may have")
            pieces.append(piece)
        return b"".join(pieces)

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._seconds)
        return http.client.HTTPSConnection(self._host, self._port, timeout=self._seconds, context=self._tls)

    def _close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None


class FirstOf:
    """Several places of one publication: asked is the one that answered last; when it cannot be, the next."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = list(sources)

    def get(self, name: str, limit: int) -> bytes | None:
        """See :meth:`Source.get`."""
        for number, source in enumerate(self._sources):
            try:
                found = source.get(name, limit)
            except RegistryUnavailable:
                if number == len(self._sources) - 1:
                    raise
                continue
            if number:
                self._sources.insert(0, self._sources.pop(number))
            return found
        return None


def _unpacked(response: http.client.HTTPResponse) -> Iterator[bytes]:
    coding = response.getheader("Content-Encoding", "identity")
    unpack = zlib.decompressobj(wbits=31) if coding == "gzip" else None
    if coding not in ("gzip", "identity"):
        raise RegistryUnavailable("the registry's publication comes in a coding that nobody asked for")
    while data := response.read(_BLOCK):
        if unpack is None:
            yield data
            continue
        while data:
            try:
                yield unpack.decompress(data, _BLOCK)
            except zlib.error:
                raise RegistryUnavailable("the registry's publication was damaged on its way") from None
            data = unpack.unconsumed_tail
    if response.length or (unpack is not None and not unpack.eof):
        raise RegistryUnavailable("the registry's publication ended before all of it had come")
