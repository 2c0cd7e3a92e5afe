"""A flood: questions that come at their own pace, whether those before them are answered or not."""

import asyncio
import hashlib
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from support.client import Consumer
from support.faults.journal import Journal
from support.faults.load import Line, event, heard, person, posted, question


@dataclass(frozen=True)
class Ready:
    """A question that is signed already, so that asking costs little."""

    id: str
    fin: str
    message: bytes


def signed_ahead(consumer: Consumer, count: int, seed: int) -> list[Ready]:
    """So many questions, of persons that no other seed has."""
    found = []
    for number in range(seed * 10_000_000, seed * 10_000_000 + count):
        fin = person(number)
        message_id, message = question(consumer, fin)
        found.append(Ready(message_id, fin, message))
    return found


class Flood:
    """Asks what was signed ahead.

    Args:
        rate: questions a second; 0 asks each as soon as a connection is free.
        connections: at most so many at a time; a question that finds none free is not asked.
    """

    def __init__(
        self,
        port: int,
        questions: list[Ready],
        certificate: x509.Certificate,
        journal: Path,
        *,
        rate: float,
        connections: int,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.slowest_refusal = 0.0
        self.seconds = 0.0
        self._port = port
        self._questions = questions
        self._certificate = certificate
        self._journal = Journal(journal, sync=False)
        self._rate = rate
        self._most = connections
        self._idle: list[Line] = []
        self._free = asyncio.Semaphore(connections)
        self._open = 0
        self._told: list[tuple[Ready, int, int | None, bytes]] = []

    def run(self) -> "Flood":
        """Ask them all, wait until each has its reply, and then read the replies."""
        failure: list[BaseException] = []

        def work() -> None:
            try:
                asyncio.run(self._all())
            except BaseException as error:
                failure.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(180)
        assert not thread.is_alive(), "the flood did not end"
        if failure:
            raise failure[0]
        self._read()
        self._journal.close()
        return self

    async def _all(self) -> None:
        began = time.monotonic()
        tasks = set()
        for number, ready in enumerate(self._questions):
            if self._rate:
                late = began + number / self._rate - time.monotonic()
                await asyncio.sleep(max(0.0, late))
            else:
                await self._free.acquire()
            if not self._idle and self._open >= self._most:
                self.counts["not asked"] += 1
                continue
            line = self._idle.pop() if self._idle else self._new()
            tasks.add(asyncio.create_task(self._one(line, ready)))
        self.seconds = time.monotonic() - began
        await asyncio.gather(*tasks)
        for line in self._idle:
            line.hang_up()

    def _new(self) -> Line:
        self._open += 1
        return Line(self._port)

    async def _one(self, line: Line, ready: Ready) -> None:
        self._note(ready, "sent")
        began = time.monotonic()
        try:
            status, retry_after, body = await asyncio.wait_for(line.ask(posted(ready.message)), 60)
        except TimeoutError:
            self._note(ready, "hung")
        except (OSError, EOFError):
            self._note(ready, "broken")
        else:
            self._told.append((ready, status, retry_after, body))
            if status != 200:
                self.slowest_refusal = max(self.slowest_refusal, time.monotonic() - began)
        self._idle.append(line)
        self._free.release()

    def _read(self) -> None:
        """Afterwards: while it floods, a client has no time to check signatures."""
        for ready, status, retry_after, body in self._told:
            fact = heard(status, retry_after, body, self._certificate if status != 200 else None)
            self._note(ready, event(status, body), **fact)
            if status != 200:
                self.counts[f"{status} {fact.get('rule', '')}".strip()] += 1
                self.counts["without Retry-After"] += retry_after is None

    def _note(self, ready: Ready, what: str, **more: object) -> None:
        self.counts[what] += 1
        digest = hashlib.sha256(ready.message).hexdigest()
        self._journal.note(id=ready.id, asked=ready.fin, request=digest, attempt=1, event=what, **more)
