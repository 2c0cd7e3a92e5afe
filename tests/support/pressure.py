"""Clients that go on asking while something happens to the bus, and note what became of each request."""

import http.client
import ssl
import threading
import time
from dataclasses import dataclass, field

from support.client import Consumer, Reply
from support.place import PERSONS, Place


@dataclass
class Pressure:
    """Asks for a person again and again from several threads.

    Half of them keep their connections, as long as the bus lets them; the others open one for each request.

    Attributes:
        answers: every reply that came whole.
        failures: what went wrong instead of a reply, with the seconds since the beginning.
        closed: how many kept connections were closed by an answer that said so.
    """

    place: Place
    consumer: Consumer
    threads: int = 4
    pause: float = 0.0
    tls: ssl.SSLContext | None = None
    answers: list[Reply] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    closed: int = 0
    _running: list[threading.Thread] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Pressure":
        self._running = [
            threading.Thread(target=self._ask, args=(number % 2 == 0,), daemon=True) for number in range(self.threads)
        ]
        for thread in self._running:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._running:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self._running)

    def wait_for(self, more: int, seconds: float = 60) -> None:
        """Until so many further requests have an outcome."""
        wanted, until = len(self.answers) + len(self.failures) + more, time.monotonic() + seconds
        while len(self.answers) + len(self.failures) < wanted:
            assert time.monotonic() < until, "the bus does not answer any more"
            time.sleep(0.01)

    def _ask(self, keep: bool) -> None:
        connection: http.client.HTTPConnection | None = None
        began = time.monotonic()
        while not self._stopping.is_set():
            if connection is None:
                connection = self._connect()
            try:
                headers = {"Content-Type": "text/xml; charset=utf-8"}
                connection.request("POST", f"/services/{PERSONS.text}", self.consumer.sign(), headers)
                answer = connection.getresponse()
                ends = answer.will_close
                self.answers.append(
                    Reply(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())
                )
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{error!r} after {time.monotonic() - began:.2f} s, kept: {keep}")
                ends = True
            else:
                self.closed += keep and ends
            if ends or not keep:
                connection.close()
                connection = None
            time.sleep(self.pause)
        if connection is not None:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.place.port, timeout=30)
        return http.client.HTTPSConnection("localhost", self.place.port, timeout=30, context=self.tls)
