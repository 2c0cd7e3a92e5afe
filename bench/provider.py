"""A provider that costs nearly nothing: every POST gets one prepared envelope, signed again once a minute.

Run as ``python -m esb.bench.provider FOLDER PORT``; it says ``serves PORT`` when it does.  FOLDER holds the provider's
key and certificate, ``provider.key`` and ``provider.pem``.  What it answers stands in the path that is asked:
``/SIZE/STYLE/signed`` or ``/SIZE/STYLE/plain``.
"""

import asyncio
import re
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from esb.bench.rows import content
from esb.bench.signing import Party, Style, Template
from esb.certs.keys import FileKey

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PATH = re.compile(r"/(\d+)/(\w+)/(signed|plain)")
_FRESH = 60.0  # seconds that an answer is used again; a fifth of what the bus's window allows


def path(size: int, style: Style, signed: bool) -> str:
    """The path at which the provider answers so."""
    return f"/{size}/{style.value}/{'signed' if signed else 'plain'}"


def plain_envelope(size: int, style: Style) -> bytes:
    """An unsigned SOAP 1.1 answer of about ``size`` bytes in its Body."""
    return (
        b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        + content("Answer", size, style)
        + b"</soap:Body></soap:Envelope>"
    )


class Answers:
    """What is answered at each path, as whole HTTP answers."""

    def __init__(self, party: Party, now: Callable[[], float] = time.time) -> None:
        self._party = party
        self._now = now
        self._templates: dict[str, Template] = {}
        self._ready: dict[str, tuple[float, bytes]] = {}

    def at(self, path: str) -> bytes:
        """The answer; a 404 where the path means nothing."""
        now = self._now()
        until, answer = self._ready.get(path, (0.0, b""))
        if now >= until:
            answer = self._make(path, now)
            self._ready[path] = (now + _FRESH, answer)
        return answer

    def _make(self, path: str, now: float) -> bytes:
        asked = _PATH.fullmatch(path)
        if asked is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        size, style = int(asked.group(1)), Style(asked.group(2))
        if asked.group(3) == "signed":
            if path not in self._templates:
                self._templates[path] = Template(self._party, content("Answer", size, style), style=style)
            body = self._templates[path].message(secrets.token_hex(8), now)
        else:
            body = plain_envelope(size, style)
        return b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n%b" % (
            len(body),
            body,
        )


class Answering(asyncio.Protocol):
    """HTTP/1.1, as much of it as the bus's own client needs."""

    _transport: asyncio.Transport

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._chunks: list[bytes] = []
        self._have = 0
        self._whole = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer a request as soon as it is whole."""
        self._chunks.append(data)
        self._have += len(data)
        while self._have and self._have >= self._whole:
            data = b"".join(self._chunks)
            end = data.find(b"\r\n\r\n")
            if end < 0:
                return
            found = _LENGTH.search(data, 0, end)
            whole = end + 4 + (int(found.group(1)) if found else 0)
            self._chunks[:] = [data]
            if len(data) < whole:
                self._whole = whole
                return
            self._transport.write(self._answers.at(data.split(b" ", 2)[1].decode()))
            self._chunks[:] = [data[whole:]]
            self._have = len(data) - whole
            self._whole = 0


async def serve(party: Party, port: int) -> None:
    """Serve until killed."""
    answers = Answers(party)
    server = await asyncio.get_running_loop().create_server(lambda: Answering(answers), "127.0.0.1", port)
    print(f"serves {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def read_party(folder: Path, name: str) -> Party:
    """A party whose key and certificate lie in a folder as NAME.key and NAME.pem, both plain PEM."""
    key = load_pem_private_key((folder / f"{name}.key").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
    return Party(name, FileKey(key), certificate)  # type: ignore[arg-type]


if __name__ == "__main__":
    asyncio.run(serve(read_party(Path(sys.argv[1]), "provider"), int(sys.argv[2])))
