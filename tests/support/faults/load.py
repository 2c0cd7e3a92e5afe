"""Load: lawful clients with kept connections, who note what they sent and what they were told.

Each question has a message id and a person of its own, so that the answer says by itself whose it is.  A client whose
connection broke asks again, sometimes, with the same bytes: whether the first attempt arrived, it cannot know.
"""

import asyncio
import base64
import hashlib
import random
import re
import ssl
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import xmlsec
from cryptography import x509

from support.client import Consumer, Reply, verify_with_xmlsec
from support.faults.journal import Journal

PATH: Final = "/services/DIN/IAMAS/PersonQuery/v1"
_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # of a FIN: no I, no O
_WSA: Final = "http://www.w3.org/2005/08/addressing"
_HANGS: Final = 45.0  # seconds without an answer after which a bus counts as hung
_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)\r\n")
_RETRY: Final = re.compile(rb"(?i)\r\nretry-after: *(\d+)\r\n")


def person(number: int) -> str:
    """The person of a number: seven characters, others for each number below 34^7."""
    text = ""
    for _ in range(7):
        number, digit = divmod(number, len(_ALPHABET))
        text = _ALPHABET[digit] + text
    return text


def question(consumer: Consumer, fin: str, remark: str = "", created: float | None = None) -> tuple[str, bytes]:
    """A signed question about a person, and its message id."""
    message_id = uuid.uuid4().urn
    more = f"<p:remark>{remark}</p:remark>" if remark else ""
    body = f'<p:GetPerson xmlns:p="urn:example:person"><p:fin>{fin}</p:fin>{more}</p:GetPerson>'
    header = f'<wsa:MessageID xmlns:wsa="{_WSA}">{message_id}</wsa:MessageID>'
    return message_id, consumer.sign(body.encode(), (header.encode(),), created=created)


def posted(message: bytes) -> bytes:
    """A message as an HTTP request that keeps its connection."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: bus.test\r\nContent-Type: text/xml; charset=utf-8\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(message) + message


@dataclass
class Line:
    """One connection, opened again when it broke."""

    port: int
    tls: ssl.SSLContext | None = None
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None, repr=False)

    async def ask(self, wire: bytes) -> tuple[int, int | None, bytes]:
        """Post and read the answer: status, Retry-After, body.

        Raises:
            OSError, EOFError: the connection broke, or could not be made.
        """
        if self._streams is None:
            name = None if self.tls is None else "localhost"
            self._streams = await asyncio.open_connection(
                "127.0.0.1", self.port, ssl=self.tls, server_hostname=name, limit=1 << 20
            )
        reader, writer = self._streams
        try:
            writer.write(wire)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1]) if length else 0)
        except BaseException:
            self.hang_up()
            raise
        if b"\r\nconnection: close\r\n" in head.lower():
            self.hang_up()
        retry = _RETRY.search(head)
        return int(head[9:12]), int(retry[1]) if retry else None, body

    def hang_up(self) -> None:
        """Close it."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


def heard(status: int, retry_after: int | None, body: bytes, certificate: x509.Certificate | None) -> dict[str, Any]:
    """What an answer says, as the journal keeps it.

    Args:
        certificate: the bus's, to check the answer's signature by; None leaves it unchecked.
    """
    fact: dict[str, Any] = {"status": status, "answer": hashlib.sha256(body).hexdigest(), "retry_after": retry_after}
    try:
        reply = Reply(status, {}, body)
        fact |= {
            "exchange": reply.exchange,
            "code": reply.code,
            "rule": reply.rule,
            "stage": reply.text("//exch:Fault/exch:stage"),
            "leaf": base64.b64decode(reply.text("//exch:Receipt/exch:answerRecord/exch:leaf")).hex(),
            "request_leaf": base64.b64decode(reply.text("//exch:Receipt/exch:requestRecord/exch:leaf")).hex(),
            "receipt": base64.b64decode(reply.text("//exch:Receipt/exch:requestDigest")).hex(),
            "related": reply.text("//wsa:RelatesTo"),
            "fin": reply.text("//*[local-name()='person']/*[local-name()='fin']"),
        }
        if certificate is not None:
            covered = verify_with_xmlsec(reply, certificate)
            fact["signed"] = covered >= {"Body", "Timestamp", "Receipt"}
    except (xmlsec.Error, AssertionError, ValueError, SyntaxError, KeyError) as error:
        fact["signed"] = False
        fact["problem"] = type(error).__name__
    return fact


def event(status: int, body: bytes) -> str:
    """What an answer is: of the provider, a refusal of the bus, or of a door that read no message (plain text)."""
    if status == 200:
        return "answered"
    return "refused" if body.startswith(b"<") else "turned away"


class Load:
    """Clients that ask without end, in a thread of their own.

    Args:
        port: where the bus listens.
        consumer: who asks.
        certificate: the bus's own.
        journal: where what was sent and heard is noted.
        connections: how many clients.
        rate: questions a second of all together at most.
        retries: how likely a client whose connection broke asks again with the same bytes.
        sample: of so many answers one signature is checked with libxmlsec; faults are checked each.
        seed: of persons and retries; each load of one scenario needs another.
        clock: what the senders' clock says.
    """

    def __init__(
        self,
        port: int,
        consumer: Consumer,
        certificate: x509.Certificate,
        journal: Path,
        *,
        connections: int = 8,
        rate: float = 100.0,
        retries: float = 0.5,
        sample: int = 20,
        seed: int = 0,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._journal = Journal(journal, sync=False)
        self._port = port
        self._consumer = consumer
        self._certificate = certificate
        self._connections = connections
        self._pause = connections / rate
        self._retries = retries
        self._sample = sample
        self._tls = tls
        self._clock = clock
        self._random = random.Random(seed)
        self._number = seed * 10_000_000
        self._over = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)

    def start(self) -> "Load":
        """Begin to ask."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ask no more, and wait for what was asked."""
        self._over.set()
        self._thread.join(_HANGS + 15)
        assert not self._thread.is_alive(), "the load did not end"
        self._journal.close()
        if self._failure is not None:
            raise self._failure

    @property
    def good(self) -> int:
        """How many were answered by the provider so far."""
        return self.counts["answered"]

    def _run(self) -> None:
        try:
            asyncio.run(self._all())
        except BaseException as error:
            self._failure = error

    async def _all(self) -> None:
        await asyncio.gather(*(self._client() for _ in range(self._connections)))

    async def _client(self) -> None:
        line = Line(self._port, self._tls)
        await asyncio.sleep(self._random.random() * self._pause)
        while not self._over.is_set():
            started = time.monotonic()
            await self._exchange(line)
            await asyncio.sleep(max(0.0, self._pause - (time.monotonic() - started)))
        line.hang_up()

    async def _exchange(self, line: Line) -> None:
        self._number += 1
        fin = person(self._number)
        message_id, message = question(self._consumer, fin, created=self._clock())
        wire = posted(message)
        note = {"id": message_id, "asked": fin, "request": hashlib.sha256(message).hexdigest()}
        for attempt in range(1, 6):
            self._journal.note(**note, attempt=attempt, event="sent")
            self.counts["sent"] += 1
            try:
                status, retry_after, body = await asyncio.wait_for(line.ask(wire), _HANGS)
            except TimeoutError:
                self._tell(note, attempt, "hung")
                return
            except (OSError, EOFError, asyncio.LimitOverrunError) as error:
                self._tell(note, attempt, "broken", why=type(error).__name__)
                await asyncio.sleep(0.05)
                if self._over.is_set() or self._random.random() >= self._retries:
                    return
                continue
            checked = not 200 <= status < 300 or self.counts["heard"] % self._sample == 0
            fact = heard(status, retry_after, body, self._certificate if checked else None)
            self.counts["heard"] += 1
            self._tell(note, attempt, event(status, body), **fact)
            if fact.get("code") == "Overloaded":
                await asyncio.sleep(0.05)
            return

    def _tell(self, note: dict[str, Any], attempt: int, what: str, **more: Any) -> None:
        self._journal.note(**note, attempt=attempt, event=what, **more)
        self.counts[what] += 1
        if what == "refused":
            self.counts[more["rule"]] += 1


@contextmanager
def loading(load: Load) -> Iterator[Load]:
    """Load while the block runs."""
    load.start()
    try:
        yield load
    finally:
        load.stop()
