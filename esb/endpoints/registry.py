"""The registry's door: what the registry publishes of itself, under /registry/, to whom the settings let read it."""

from collections.abc import Awaitable, Callable
from typing import Final

from esb.kernel.directory import CertificateUse, Directory, MemberStatus
from esb.kernel.http import HttpRequest, HttpResponse

ROOT: Final = "/registry/"
_MOST_WAITING: Final = 32
_JSON: Final = "application/json"


class RegistryDoor:
    """Hands out documents by name.

    Args:
        read: a document by its name (blocking), None where there is none.
        run: runs a blocking function off the reactor.
        directory: the one in force, for who a client certificate belongs to.
        anybody: whether strangers may read; else active members alone, by their registered TLS certificates.
    """

    def __init__(
        self,
        read: Callable[[str], bytes | None],
        run: Callable[[Callable[[], bytes | None]], Awaitable[bytes | None]],
        directory: Callable[[], Directory],
        anybody: bool,
    ) -> None:
        self._read = read
        self._run = run
        self._directory = directory
        self._anybody = anybody
        self._waiting = 0

    async def get(self, request: HttpRequest) -> HttpResponse:
        """Answer a GET below /registry/."""
        if not (self._anybody or self._is_member(request)):
            return _plain(403, "The registry is shown to members: connect with a certificate registered for TLS.")
        name = request.path.removeprefix(ROOT)
        if self._waiting >= _MOST_WAITING:
            return _plain(503, "Too many documents are being asked for: try again shortly.")
        self._waiting += 1
        try:
            found = await self._run(lambda: self._read(name))
        finally:
            self._waiting -= 1
        if found is None:
            return _plain(404, "Nothing of this name is published.")
        # What is named by its digest never changes; what is newest is asked for anew.
        lasting = name.startswith(("documents/", "contracts/"))
        caching = "public, max-age=31536000, immutable" if lasting and self._anybody else "no-store"
        media = _JSON if name.endswith(".json") else "application/octet-stream"
        return HttpResponse(200, media, found, (("Cache-Control", caching),))

    def _is_member(self, request: HttpRequest) -> bool:
        digest = request.peer.certificate_sha256
        directory = self._directory()
        known = None if digest is None else directory.certificates.by_sha256.get(digest)
        if known is None or known.use is not CertificateUse.TLS or known.revoked is not None:
            return False
        owner = directory.members.get(known.owner)
        return owner is not None and owner.status is MemberStatus.ACTIVE


def _plain(status: int, text: str) -> HttpResponse:
    headers = (("Retry-After", "2"),) if status == 503 else ()
    return HttpResponse(status, "text/plain; charset=utf-8", text.encode() + b"\n", headers)
