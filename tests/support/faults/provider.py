"""A person register in a process of its own, which swears to what reached it before it answers.

Its journal says of each delivery which exchange the bus named, whom it was about, and whether the request's record was
in the evidence log at that moment: the provider looks itself, so that a record made afterwards would be found out.

Besides the manners of ``manners.py`` it knows ``deaf``: connections are accepted and never read.

On a second port, which is never deaf, ``POST /manner`` with
 ``{"manner": NAME, "wait": SECONDS, "share": 0…1}`` changes how it behaves from now on.
"""

import argparse
import asyncio
import hashlib
import json
import random
import re
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from support.faults.evidence import looker
from support.faults.journal import Journal
from support.faults.manners import MANNERS, End

_FIN: Final = re.compile(rb"<p:fin>([^<]{1,7})</p:fin>")
_EXCHANGE: Final = re.compile(rb"<exch:exchange>([^<]+)</exch:exchange>")
_DIGEST: Final = re.compile(rb"<exch:requestDigest[^>]*>([^<]+)</exch:requestDigest>")
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: close by RST
_PERSON: Final = (
    b'<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Header/><S:Body>'
    b'<p:GetPersonResponse xmlns:p="urn:example:person"><p:person><p:fin>%s</p:fin>'
    b"<p:surname>\xc6\x8fliyeva</p:surname><p:name>Leyla</p:name><p:born>1990-05-12</p:born></p:person></p:GetPersonResponse></S:Body></S:Envelope>"
)


class Register:
    """The provider.

    Args:
        journal: where deliveries are sworn to.
        recorded: says whether a request's record is in the log, None when the log cannot be asked now.
    """

    def __init__(self, journal: Journal, recorded: Callable[[str], bool | None]) -> None:
        self._journal = journal
        self._recorded = recorded
        self._manner: dict[str, Any] = {"manner": "good", "wait": 0.0, "share": 1.0}
        self._writers: set[asyncio.StreamWriter] = set()
        self._most_open = 0
        self._busy = 0
        self._most_busy = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        self._writers.add(writer)
        self._most_open = max(self._most_open, len(self._writers))
        try:
            if self._manner["manner"] == "deaf":
                writer.transport.pause_reading()  # type: ignore[attr-defined]
                await asyncio.sleep(3600)
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1])  # type: ignore[index]
        body = await reader.readexactly(length)
        self._busy += 1
        self._most_busy = max(self._most_busy, self._busy)
        try:
            return await self._answer(body, writer)
        finally:
            self._busy -= 1

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request on the second port."""
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1]))  # type: ignore[index]
        told = json.dumps({"most_open": self._most_open, "most_busy": self._most_busy}).encode()
        if head.startswith(b"POST /manner "):
            self._manner = {"wait": 0.0, "share": 1.0, **json.loads(body)}
            if self._manner["manner"] == "deaf":
                for other in self._writers:
                    other.close()  # what comes next comes on a connection that is not read
            self._most_open, self._most_busy = len(self._writers), self._busy
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(told), told))
        await writer.drain()
        writer.close()

    async def _answer(self, body: bytes, writer: asyncio.StreamWriter) -> bool:
        fin, exchange, digest = (
            found[1].decode() if (found := pattern.search(body)) else "" for pattern in (_FIN, _EXCHANGE, _DIGEST)
        )
        self._journal.note(
            at=time.time(),
            exchange=exchange,
            fin=fin,
            request=digest,
            body=hashlib.sha256(body).hexdigest(),
            recorded=self._recorded(exchange),
        )
        manner = self._manner
        name = manner["manner"] if random.random() < manner["share"] else "good"
        for step in MANNERS[name](_PERSON % fin.encode(), manner["wait"]):
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif isinstance(step, float):
                await asyncio.sleep(step)
            elif step is End.NEVER:
                await asyncio.sleep(3600)
            else:
                if step is End.RESET:
                    raw = writer.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    writer.transport.abort()
                return False
        return True


async def _main(arguments: argparse.Namespace) -> None:
    register = Register(Journal(arguments.journal), looker(arguments.evidence, arguments.every))
    # Its successor takes the same port while old connections linger.
    server = await asyncio.start_server(
        register.serve, "127.0.0.1", arguments.port, backlog=1024, reuse_address=True, limit=1 << 20
    )
    control = await asyncio.start_server(register.control, "127.0.0.1", 0)
    print(*(one.sockets[0].getsockname()[1] for one in (server, control)), flush=True)
    async with server, control:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--evidence", default="", help="the evidence log to look into: a file or a libpq URL")
    parser.add_argument("--every", type=int, default=1, help="look at one delivery in so many")
    asyncio.run(_main(parser.parse_args()))
