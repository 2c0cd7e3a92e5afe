"""The agencies' own systems, as cheap as can be: one process, a port for each agency, answers rendered beforehand.

Run as ``python -m esb.bench.month.provider JOURNAL``.  It prints one line, :data:`PORTS` and then each agency's port as
JSON, and serves until it is told to end (SIGTERM) or its standard input is closed, which happens when whoever started
it is gone; then it writes its journal.

An answer repeats the request's reference and is otherwise one of a few that were rendered at the start.  Each request
that is answered is counted under its service with the id of its exchange, which the bus tells in ``exch:Forwarded``.
"""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from esb.bench.month.journal import Journal, write_journal
from esb.bench.month.tally import Tally
from esb.kernel.soap import SoapVersion
from esb.sample.bodies import ANSWER_BYTES, REFERENCE, BodyText, answer_text
from esb.sample.mix import Month, Service, national_month

PORTS: Final = "ports "
"""How the line begins that tells the ports."""

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_EXCHANGE: Final = b"<exch:exchange>"
_ASKED: Final = f"<s:{REFERENCE}>".encode()
_BEFORE: Final = f'<soap:Envelope xmlns:soap="{SoapVersion.V11.value}"><soap:Body>'.encode()
_AFTER: Final = b"</soap:Body></soap:Envelope>"
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
_STRANGE: Final = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


def path_of(service: Service) -> str:
    """The path of a service on its agency's port."""
    return f"/{service.id.system}/{service.id.service}"


@dataclass(slots=True)
class Served:
    """One service: its name, its answers, and which of them is next."""

    name: str
    answers: tuple[BodyText, ...]
    turn: int = 0


@dataclass(slots=True)
class Agencies:
    """Everything that the process serves, and what it has seen."""

    services: Mapping[str, Mapping[bytes, Served]]
    tally: Tally = field(default_factory=Tally)
    strange: int = 0

    def answer(self, agency: str, path: bytes, body: bytes) -> bytes:
        """The whole HTTP answer to a request of an agency's service; counts it."""
        served = self.services[agency].get(path)
        exchange, reference = _between(body, _EXCHANGE), _between(body, _ASKED)
        if served is None or not exchange or not reference:
            self.strange += 1
            return _STRANGE
        self.note(served.name, exchange)
        text = served.answers[served.turn]
        served.turn = (served.turn + 1) % len(served.answers)
        length = len(text.before) + len(reference) + len(text.after)
        return b"".join((_HEAD % length, text.before, reference, text.after))

    def note(self, service: str, exchange: bytes) -> None:
        """Write one request into the journal."""
        self.tally.add(service, exchange)

    @property
    def journal(self) -> Journal:
        """What was seen until now."""
        return Journal(self.tally.counts(), self.strange)


def render(month: Month) -> Agencies:
    """Make every answer ready."""
    services: dict[str, dict[bytes, Served]] = {agency.code: {} for agency in month.agencies}
    for service in month.services:
        texts = [answer_text(service, variant) for variant in range(len(ANSWER_BYTES))]
        whole = tuple(BodyText(_BEFORE + text.before, text.after + _AFTER) for text in texts)
        services[service.agency][path_of(service).encode()] = Served(service.id.text, whole)
    return Agencies(services)


class Answering(asyncio.Protocol):
    """HTTP/1.1 on an agency's port, as much of it as the bus's own client speaks."""

    def __init__(self, agencies: Agencies, agency: str) -> None:
        self._agencies = agencies
        self._agency = agency
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._data = data = self._data + data if self._data else data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(data, 0, end)
            whole = end + 4 + (int(found.group(1)) if found else 0)
            if len(data) < whole:
                return
            path = data[: data.find(b"\r\n")].split(b" ")[1]
            self._transport.write(self._agencies.answer(self._agency, path, data[end + 4 : whole]))
            self._data = data = data[whole:]


def _between(data: bytes, opening: bytes) -> bytes:
    """What stands between an opening tag and the next tag; nothing where the tag is not."""
    at = data.find(opening)
    return b"" if at < 0 else data[at + len(opening) : data.find(b"<", at + 1)]


async def serve(agencies: Agencies, journal: Path) -> None:
    """Listen for every agency, say where, serve until told to end, and leave the journal."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    ports: dict[str, int] = {}
    for code in agencies.services:
        server = await loop.create_server(lambda code=code: Answering(agencies, code), "127.0.0.1", 0)  # type: ignore[misc]
        ports[code] = server.sockets[0].getsockname()[1]
    loop.add_reader(sys.stdin.fileno(), _heed_end, ended)
    print(PORTS + json.dumps(ports), flush=True)
    await ended.wait()
    write_journal(journal, agencies.journal)


def _heed_end(ended: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        ended.set()


def main() -> None:
    """Serve the month's agencies."""
    asyncio.run(serve(render(national_month()), Path(sys.argv[1])))


if __name__ == "__main__":
    main()
