"""A witness that is not ours, as little as tlog-witness asks of one, whose answers a test chooses."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from esb.audit.notes import COSIGNATURE, NoteKey, cosign, parse_note
from esb.audit.witness_request import read_request
from esb.kernel.http import HttpRequest, HttpResponse


class ScriptedWitness:
    """Cosigns whatever it is asked, or answers what stands in ``script`` first.

    Attributes:
        asked: the old sizes that it was asked with.
    """

    def __init__(self, name: str) -> None:
        private = Ed25519PrivateKey.generate()
        self.key = NoteKey(name, COSIGNATURE, private.public_key().public_bytes_raw())
        self._sign = private.sign
        self.script: list[tuple[int, str, bytes]] = []
        self.asked: list[int] = []

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        read = read_request(request.body)
        self.asked.append(read.old)
        if self.script:
            status, kind, body = self.script.pop(0)
            return HttpResponse(status, kind, body)
        line = cosign(parse_note(read.note).text, self.key, 1_700_000_000, self._sign).line
        return HttpResponse(200, "text/plain", line.encode())
