"""The cheapest honest HTTP/1.1 client: kept-alive connections, one write a message, every answer judged.

A load generator that shares a machine with what it measures must cost little itself.  So nothing is built here per
message: a question is the very octets that go on the wire (:func:`post` writes them), an answer is its status and its
body, and what is right is for the question's own ``check`` to say.  An answer needs a Content-Length, as every answer
of the bus has one.
"""

import asyncio
import random
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from esb.kernel.faults import EsbError

_HANDSHAKES = 0.2  # seconds that a server has to finish them

Check = Callable[[int, bytes], None]
"""Judges an answer by its HTTP status and its body; raises :class:`WrongAnswer`."""


class WrongAnswer(EsbError):
    """An answer is not the one that was due: the run has failed."""


class Question(NamedTuple):
    """One request: its octets on the wire, and who judges its answer."""

    octets: bytes
    check: Check


@dataclass(frozen=True, slots=True)
class Address:
    """Where questions go; ``tls`` is the client's side of mutual TLS, None for plain HTTP."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What a run saw.

    Attributes:
        seconds: from the first question to the last answer.
        latencies: each exchange's seconds, sorted; in an open loop from the moment at which the question was due.
    """

    seconds: float
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Exchanges a second."""
        return len(self.latencies) / self.seconds

    def quantile(self, part: float) -> float:
        """Seconds below which this part (0 to 1) of the exchanges stayed."""
        return self.latencies[min(len(self.latencies) - 1, int(part * len(self.latencies)))]


def post(address: Address, path: str, body: bytes, action: str, media_type: str = "text/xml; charset=utf-8") -> bytes:
    """A whole POST of ``body``; ``action`` is its SOAPAction, without quotes."""
    return post_head(address, path, action, media_type) + b"%d\r\n\r\n%b" % (len(body), body)


def post_head(address: Address, path: str, action: str, media_type: str = "text/xml; charset=utf-8") -> bytes:
    """The constant part of :func:`post`, up to the length's digits: for who writes many."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: {address.host}:{address.port}\r\nContent-Type: {media_type}\r\n"
        f'SOAPAction: "{action}"\r\nContent-Length: '
    ).encode()


def drive(
    address: Address,
    questions: Iterable[Question],
    connections: int,
    tick: Callable[[], None] | None = None,
    ready: Callable[[], None] | None = None,
) -> Load:
    """Ask every question once, as fast as ``connections`` kept-alive connections get their answers (a closed loop).

    Args:
        questions: taken one by one when a connection is free, so they may be signed on the way.
        tick: called after each answer: for progress, or a calibration now and then.
        ready: called once, when all connections stand and nothing has been asked.

    Raises:
        WrongAnswer: the first that a check found, or a connection was lost, or no answer came for a minute.
    """
    return asyncio.run(_Run(address, iter(questions), connections, tick, ready).closed())


def drive_open(
    address: Address,
    questions: Iterable[Question],
    rate: float,
    connections: int,
    chance: random.Random,
    tick: Callable[[], None] | None = None,
    ready: Callable[[], None] | None = None,
) -> Load:
    """Ask every question once, ``rate`` a second with exponential gaps, whether or not answers keep up (an open loop).

    A question that finds all ``connections`` busy waits for one, and its latency counts from when it was due: a slow
    answer is not hidden by the questions that it kept back.

    Raises:
        WrongAnswer: as :func:`drive`.
    """
    return asyncio.run(_Run(address, iter(questions), connections, tick, ready).open(rate, chance))


class _Run:
    """One run: its connections, the question that each waits on, and the first thing that went wrong."""

    PATIENCE = 60.0

    def __init__(
        self,
        address: Address,
        questions: Iterator[Question],
        connections: int,
        tick: Callable[[], None] | None,
        ready: Callable[[], None] | None,
    ) -> None:
        self._address = address
        self._questions = questions
        self._count = connections
        self._tick = tick
        self._ready = ready
        self._latencies: list[float] = []
        self._busy: set[_Connection] = set()
        self._idle: list[_Connection] = []
        self._waiting: deque[tuple[Question, float]] = deque()
        self._exhausted = False
        self.is_open_loop = False

    async def closed(self) -> Load:
        await self._connect()
        began = time.perf_counter()
        for connection in list(self._idle):
            self.next(connection)
        return await self._end(began)

    async def open(self, rate: float, chance: random.Random) -> Load:
        self.is_open_loop = True
        await self._connect()
        began = due = time.perf_counter()
        for question in self._questions:
            due += chance.expovariate(rate)
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            if self._done.done():
                break
            self._waiting.append((question, due))
            if self._idle:
                self.next(self._idle[-1])
        self._exhausted = True
        if not self._busy and not self._done.done():
            self._done.set_result(None)
        return await self._end(began)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = loop.create_future()
        for _ in range(self._count):
            _, connection = await loop.create_connection(
                lambda: _Connection(self), self._address.host, self._address.port, ssl=self._address.tls
            )
            self._idle.append(connection)
        if self._address.tls is not None:
            # The client is done with a handshake before the server has looked at its certificate.
            await asyncio.sleep(_HANDSHAKES)
        if self._ready is not None:
            self._ready()

    async def _end(self, began: float) -> Load:
        watch = asyncio.create_task(self._watch())
        try:
            await self._done
            seconds = time.perf_counter() - began
        finally:
            watch.cancel()
            for connection in (*self._idle, *self._busy):
                connection.close()
        return Load(seconds, tuple(sorted(self._latencies)))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(1)
            now = time.perf_counter()
            if any(now - connection.began > self.PATIENCE for connection in self._busy):
                self.fail(WrongAnswer(f"no answer came within {self.PATIENCE:.0f} s"))

    def next(self, connection: "_Connection") -> None:
        """Give a connection that has nothing to do its next question, or end the run when none is left."""
        due = None
        if self.is_open_loop:
            found = self._waiting.popleft() if self._waiting else None
            question, due = found if found else (None, None)
        else:
            question = next(self._questions, None)
            self._exhausted = question is None
        if question is None:
            if connection in self._busy:
                self._busy.discard(connection)
                self._idle.append(connection)
            if self._exhausted and not self._busy and not self._done.done():
                self._done.set_result(None)
            return
        if connection not in self._busy:
            self._idle.remove(connection)
            self._busy.add(connection)
        connection.ask(question, due)

    def answered(self, connection: "_Connection", status: int, body: bytes) -> None:
        """Judge an answer and go on."""
        self._latencies.append(time.perf_counter() - connection.began)
        try:
            connection.question.check(status, body)
            if self._tick is not None:
                self._tick()
            if not self._done.done():
                self.next(connection)
        except Exception as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """End the run by its first error."""
        if not self._done.done():
            self._done.set_exception(error)

    def lost(self, connection: "_Connection", error: Exception | None) -> None:
        """A connection has gone: wrong while it owes an answer, and of no use afterwards."""
        if self._done.done():
            return
        what = "while it owed an answer" if connection in self._busy else "although it was to be kept"
        self.fail(WrongAnswer(f"a connection was lost {what} ({error or 'closed by the other side'})"))


class _Connection(asyncio.Protocol):
    """One kept-alive connection: a question at a time."""

    question: Question
    _transport: asyncio.Transport

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._chunks: list[bytes] = []
        self._have = 0
        self._wanted = 0  # octets of head and body; 0 while the head is not whole
        self._start = 0
        self.began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.lost(self, exc)

    def close(self) -> None:
        self._transport.abort()

    def ask(self, question: Question, due: float | None) -> None:
        self.question = question
        self._transport.write(question.octets)
        self.began = time.perf_counter() if due is None else due

    def data_received(self, data: bytes) -> None:
        self._chunks.append(data)
        self._have += len(data)
        if not self._wanted and not self._read_head():
            return
        if self._have < self._wanted:
            return
        whole = data if len(self._chunks) == 1 else b"".join(self._chunks)
        status, start, wanted = int(whole[9:12]), self._start, self._wanted
        self._chunks.clear()
        self._have = self._wanted = 0
        if len(whole) > wanted:
            self._run.fail(WrongAnswer(f"more came than the answer's Content-Length said: {whole[wanted:][:80]!r}"))
            return
        self._run.answered(self, status, whole[start:])

    def _read_head(self) -> bool:
        whole = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks[:] = [whole]
        end = whole.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = whole[:end].lower()
        at = head.find(b"\r\ncontent-length:")
        if not head.startswith(b"http/1.1 ") or at < 0:
            self._run.fail(WrongAnswer(f"this is no HTTP/1.1 answer with a Content-Length: {whole[:200]!r}"))
            return False
        line = head[at + 17 :].partition(b"\r\n")[0]
        self._start = end + 4
        self._wanted = self._start + int(line)
        return True
