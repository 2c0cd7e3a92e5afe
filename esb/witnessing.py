"""A witness at work: its door for logs that ask, and its own look at what each of them publishes to everybody."""

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Full, Queue
from ssl import SSLContext
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError

from esb.admin.witness_home import WitnessError, WitnessHome
from esb.admin.witness_watch import Look, LookFailed, Watch
from esb.audit.witness import Seen, Witness
from esb.endpoints.witness import WitnessDoor
from esb.kernel.clock import Clock
from esb.kernel.faults import EsbError
from esb.kernel.rounds import Rounds
from esb.logs import logger
from esb.transport.limits import ServerLimits
from esb.transport.server import DoorFactory
from esb.waiting import Threads

_LIMITS: Final = ServerLimits(body_bytes=128 * 1024, inflated_bytes=128 * 1024, held_bytes=16 << 20, connections=500)
_DOUBTS: Final = 16  # looks out of turn that may wait
_PAUSE: Final = 1.0  # seconds between two looks out of turn at the least: anybody may cause one


class Witnessing:
    """Runs the witness of a folder.

    Args:
        every: seconds between two looks at each log.
        patience: see :class:`~esb.audit.witness.Witness`.
        tls: towards logs whose URL is https; None judges by the machine's authorities.
        alarm: told in plain words of a log that was cut back or has two histories, besides the log.

    Raises:
        WitnessError, KeyUnusable: the folder cannot be used, or another process runs it.
    """

    def __init__(
        self,
        home: WitnessHome,
        clock: Clock,
        every: float,
        patience: float,
        tls: SSLContext | None = None,
        alarm: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._log = logger("witness")
        key, private = home.key()
        home.lock()
        self._home = home
        self._every = every
        self._alarm = alarm
        self._clock = clock
        self.witness = Witness(key, private.sign, home, clock.now, self._alarmed, patience)
        self._watch = Watch(self.witness, tls)
        self._doubts: Queue[tuple[str, bytes]] = Queue(_DOUBTS)
        self._rounds = Rounds("witness-watch", self._look_around, _PAUSE, self._watch_failed)
        self._due = 0.0  # monotonic seconds
        self._told: dict[str, str] = {}
        self._threads: Threads | None = None
        self._factory: DoorFactory | None = None
        self._port: Any = None

    def look(self, seen: Seen, doubt: bytes = b"") -> Look:
        """Look at a log once (blocking).  Raises :class:`~esb.admin.witness_watch.LookFailed`."""
        return self._watch.look(seen, doubt)

    def listen(self, reactor: Any, host: str, port: int, tls: Any = None) -> int:
        """Open the door and begin to look around; returns the port.

        Args:
            tls: what :func:`~esb.transport.tls.server_options` gives; None for plain HTTP.

        Raises:
            WitnessError: the port cannot be listened on.
        """
        self._threads = threads = Threads(reactor, 2)
        door = WitnessDoor(self.witness, self._home.logs, threads.run, self._doubted)
        self._factory = factory = DoorFactory(door.handle, door.refuse, _LIMITS, reactor, self._clock)
        try:
            if tls is None:
                self._port = reactor.listenTCP(port, factory, interface=host)
            else:
                self._port = reactor.listenSSL(port, factory, tls, interface=host)
        except CannotListenError as error:
            raise WitnessError(f"{host}:{port} cannot be listened on ({error.socketError.strerror})") from error
        threads.start()
        self._rounds.start()
        listening = int(self._port.getHost().port)
        self._log.info("ready", host=host, port=listening, tls=tls is not None, logs=len(self._home.logs()))
        return listening

    def stop(self) -> "Deferred[None]":
        """End: what was begun is answered."""
        self._rounds.stop(0)
        ended: Deferred[None] = Deferred()
        if self._factory is None:
            self._home.unlock()
            ended.callback(None)
            return ended
        self._port.stopListening()
        self._factory.drain(0.5).addBoth(lambda _: self._closed(ended))
        return ended

    def _closed(self, ended: "Deferred[None]") -> None:
        if self._threads is not None:
            self._threads.stop()
        self._home.unlock()
        self._log.info("stopped")
        ended.callback(None)

    def _doubted(self, origin: str, note: bytes) -> None:
        with suppress(Full):
            self._doubts.put_nowait((origin, note))

    def _look_around(self) -> str:
        if self._clock.monotonic() >= self._due:
            for seen in self._home.logs():
                self._look(seen, b"")
            self._due = self._clock.monotonic() + self._every
        self._look_at_doubts()
        return ""

    def _watch_failed(self, problem: str, fault: Exception | None) -> None:
        if problem:
            self._log.error("the watch failed", problem=problem, exc_info=fault)
        else:
            self._log.info("the watch goes on")

    def _look_at_doubts(self) -> None:
        with suppress(Empty):
            origin, note = self._doubts.get_nowait()
            seen = self._home.recall(origin)
            if seen is not None and not seen.forked:
                self._look(seen, note)

    def _look(self, seen: Seen, doubt: bytes) -> None:
        if self._rounds.breathe():
            return
        if seen.forked:
            self._tell(seen.log.name, f"it has two histories, and nothing of it is cosigned: {seen.proof}")
            return
        try:
            self._watch.look(seen, doubt)
        except LookFailed as error:
            self._tell(seen.log.name, str(error))
        except EsbError as error:
            self._tell(seen.log.name, f"this witness cannot work: {error}")
        else:
            self._tell(seen.log.name, "")

    def _tell(self, log: str, problem: str) -> None:
        if self._told.get(log, "") != problem:
            self._told[log] = problem
            if problem:
                self._log.error("a log", log=log, problem=problem)
            else:
                self._log.info("a log is well again", log=log)

    def _alarmed(self, words: str) -> None:
        self._log.error("ALARM", problem=words)
        self._alarm(words)
