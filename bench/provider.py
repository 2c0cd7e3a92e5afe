"""A provider that costs nearly nothing: answers every POST with one prepared envelope, signed when asked to be.

Run as ``python -m bench.provider SIZE`` and read its port from the first line of its output.
"""

import asyncio
import re
import sys

from bench.rows import content

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def envelope(size: int) -> bytes:
    """A plain SOAP 1.1 answer of about ``size`` bytes in its Body."""
    return (
        b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        + content("Answer", size)
        + b"</soap:Body></soap:Envelope>"
    )


class Answering(asyncio.Protocol):
    """HTTP/1.1, as much of it as the bus's own client needs."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._data, 0, end)
            whole = end + 4 + (int(found.group(1)) if found else 0)
            if len(self._data) < whole:
                return
            self._data = self._data[whole:]
            self._transport.write(self._answer)


async def main(size: int) -> None:
    """Serve until killed."""
    body = envelope(size)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    server = await asyncio.get_running_loop().create_server(lambda: Answering(head.encode() + body), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
