"""The supervisor: starts workers, replaces one that dies, renews all of them, and ends them.

A plain loop in one thread, without a reactor and without anything of the bus itself: there is little in it that could
fail.  It holds the listening sockets and the quotas' table for as long as it lives.

Each slot has a socket and, when all is well, a worker that accepts there.  While a slot has none, because its worker
starts, died or keeps dying, another one accepts there as well, so that nobody waits for a start.
"""

import os
import selectors
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from esb.kernel.faults import EsbError
from esb.logs import logger
from esb.supervision.channel import BEAT_SECONDS, HURRY, NOW, READY, RETIRE
from esb.supervision.notify import Notifier
from esb.supervision.pace import Pace
from esb.supervision.process import Stage, Worker, start_worker
from esb.supervision.signals import Signals

_STARTS_IN: Final = 120.0  # seconds; a worker that is not ready by then will not be
_SILENT: Final = 60.0  # seconds without a word: its reactor stands still
_LOOK: Final = 1.0  # seconds between looks at clocks and children, should nothing happen
_AWAY: Final = 5.0  # seconds between two looks: this whole machine was suspended, or has no time for us
_LAST: Final = 2.0  # seconds that workers have after a second signal
_OVER: Final = 15.0  # seconds beyond door.drain_seconds after which workers are killed: they write their evidence
_LOOK_ABOVE: Final = "look at the worker's own lines above, and at the kernel's log for a lack of memory"


class CannotServe(EsbError):
    """No worker could be started; the text is what the first of them said."""


@dataclass(slots=True)
class Slot:
    """A place for one worker.

    Attributes:
        worker: who accepts at its socket, or is starting to; None between two.
        successor: who is to take the worker's place in a restart.
        not_before: when the next worker may be started, monotonic seconds.
        tried: whether a worker has come up here or has failed to, at least once.
    """

    number: int
    pace: Pace = field(default_factory=Pace)
    worker: Worker | None = None
    successor: Worker | None = None
    not_before: float = 0.0
    tried: bool = False


class Supervisor:
    """Runs the workers of one bus.

    Args:
        command: arguments of ``esb`` that start a worker, to which its inheritance is added.
        sockets: the listening sockets, one for each worker (:func:`~esb.supervision.sockets.listening_sockets`).
        environ: the environment of this process.
        drain_seconds: how long workers take to end, at most.
    """

    def __init__(
        self,
        command: Sequence[str],
        sockets: Sequence[socket.socket],
        environ: Mapping[str, str],
        drain_seconds: float,
    ) -> None:
        self._command = command
        self._sockets = list(sockets)
        self._environ = environ
        self._drain_seconds = drain_seconds
        self._quotas = os.memfd_create("esb-quotas", os.MFD_CLOEXEC)  # for esb/supervision/counts.py
        self._slots = [Slot(number) for number in range(len(sockets))]
        self._workers: list[Worker] = []
        self._notifier = Notifier(environ)
        self._selector = selectors.DefaultSelector()
        self._log = logger("supervisor")
        self._served = False  # whether any worker has ever been ready
        self._announced = False
        self._to_renew: list[Slot] | None = None  # while a restart is under way: the slots that are still to come
        self._again = False
        self._restarts = 0
        self._stops = 0
        self._kill_at = float("inf")
        self._looked = time.monotonic()
        self._signed = 0.0  # when the service manager last had a sign of life

    def run(self) -> None:
        """Serve until a signal says to end, and every worker has.

        Raises:
            CannotServe: no worker could be started at the first attempt.
        """
        signals = Signals((signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD))
        self._selector.register(signals, selectors.EVENT_READ)
        try:
            self._start(self._slots[0])
            while self._workers or not self._stops:
                for key, _ in self._selector.select(self._until_next()):
                    if isinstance(key.fileobj, Signals):
                        for number in signals.come():
                            self._signal(number)
                    elif isinstance(key.data, Worker):
                        self._hear(key.data)
                self._reap()
                self._tend()
        finally:
            self._selector.close()
            signals.close()
            for each in self._sockets:
                each.close()
            for worker in self._workers:
                worker.signal(signal.SIGKILL)
                worker.process.wait()
                worker.channel.close()
            os.close(self._quotas)
        self._log.info("stopped")

    # Signals

    def _signal(self, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            self._stop()
        elif number == signal.SIGHUP and not self._stops:
            if self._to_renew is None:
                self._renew()
            else:
                self._again = True

    def _stop(self) -> None:
        self._stops += 1
        if self._stops == 1:
            self._log.info("stopping", workers=len(self._workers))
            self._notifier.stopping()
            self._kill_at = time.monotonic() + self._drain_seconds + _OVER
        else:
            self._kill_at = min(self._kill_at, time.monotonic() + _LAST)
        for worker in self._workers:
            worker.stage = Stage.RETIRING
            worker.signal(signal.SIGTERM)
            if self._stops > 1:
                worker.channel.say(NOW)
        # After the workers were told: what still comes is refused, and not left to wait for nobody.
        for each in self._sockets:
            each.close()

    # Workers

    def _start(self, slot: Slot, successor: bool = False) -> None:
        now = time.monotonic()
        try:
            worker = start_worker(slot.number, self._command, self._sockets, self._quotas, self._environ, now)
        except OSError as error:
            if not self._served:
                raise
            self._log.error("a worker cannot be started", worker=slot.number, exc_info=error)
            self._failed(slot, slot.pace.died(0.0))
            return
        self._workers.append(worker)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)
        if successor:
            slot.successor = worker
        else:
            slot.worker = worker
        self._log.info("worker started", worker=slot.number, pid=worker.pid)

    def _hear(self, worker: Worker) -> None:
        said = worker.channel.hear()
        if said is None:
            self._selector.unregister(worker.channel)  # its end comes as SIGCHLD
            return
        worker.heard = time.monotonic()
        for word, what in said:
            if word == READY and worker.stage is Stage.STARTING:
                self._ready(worker)
            elif word == "failed":
                worker.reason = what

    def _ready(self, worker: Worker) -> None:
        slot = self._slots[worker.slot]
        worker.stage = Stage.SERVING
        slot.tried = self._served = True
        before = slot.worker
        replaces = {} if before is None or before is worker else {"replaces": before.pid}
        self._log.info(
            "worker ready",
            worker=slot.number,
            pid=worker.pid,
            seconds=round(time.monotonic() - worker.started, 1),
            **replaces,
        )
        # First the new one accepts, then the others cease to.
        worker.serve(slot.number)
        for other in self._workers:
            if other is not worker and slot.number in other.serves and other is not before:
                other.leave(slot.number)
        if slot.successor is worker:
            slot.successor, slot.worker = None, worker
            if before is not None:
                self._retire(before)
        self._cover()
        self._tell()

    def _retire(self, worker: Worker) -> None:
        """Its successor accepts: it is to answer what was begun and end."""
        worker.stage = Stage.RETIRING
        worker.retired = self._restarts
        for number in worker.serves - {worker.slot}:
            worker.leave(number)
        worker.serves.clear()
        worker.channel.say(RETIRE)

    def _cover(self) -> None:
        """Have every slot without a worker served by the one that has the fewest."""
        able = [worker for worker in self._workers if worker.stage is Stage.SERVING]
        served = {number for worker in able for number in worker.serves}
        for slot in self._slots:
            if able and slot.number not in served:
                min(able, key=lambda worker: len(worker.serves)).serve(slot.number)

    def _reap(self) -> None:
        for worker in [worker for worker in self._workers if worker.process.poll() is not None]:
            self._hear_the_last(worker)
            self._workers.remove(worker)
            worker.channel.close()
            self._ended(worker)

    def _hear_the_last(self, worker: Worker) -> None:
        try:
            self._selector.unregister(worker.channel)
        except KeyError:
            return
        for word, what in worker.channel.hear() or ():
            if word == "failed":
                worker.reason = what

    def _ended(self, worker: Worker) -> None:
        slot = self._slots[worker.slot]
        facts = {"worker": slot.number, "pid": worker.pid, "ended": worker.ending()}
        lived = time.monotonic() - worker.started
        if worker.stage is Stage.RETIRING:
            self._log.info("worker ended", **facts)
            return
        if slot.successor is worker:
            slot.successor = None
            self._broken_off(worker, facts)
            if slot.worker is None:
                self._failed(slot, slot.pace.died(lived))
            return
        slot.worker = None
        if worker.stage is Stage.STARTING:
            if not self._served and not self._stops:
                raise CannotServe(worker.reason or f"The first worker ended before it was ready ({worker.ending()}).")
            self._log.error("worker did not start", reason=worker.reason or _LOOK_ABOVE, **facts)
        else:
            self._log.error("worker died", seconds=round(lived, 1), advice=_LOOK_ABOVE, **facts)
        if slot.successor is None:
            self._failed(slot, slot.pace.died(lived))
        self._cover()
        self._tell()

    def _failed(self, slot: Slot, wait: float) -> None:
        slot.tried = True
        slot.not_before = time.monotonic() + wait
        if wait:
            self._log.warning(
                "worker dies young again and again; the next is started later",
                worker=slot.number,
                seconds=wait,
                deaths=slot.pace.young_deaths,
                advice=_LOOK_ABOVE,
            )

    # A graceful restart

    def _renew(self) -> None:
        self._log.info("restarting", workers=len(self._slots))
        self._notifier.reloading()
        self._to_renew = list(self._slots)
        # Those that the last restart retired may still have clients; but whoever restarts again and again is not to
        # fill the machine with those of earlier ones.
        self._restarts += 1
        for worker in self._workers:
            if 0 < worker.retired < self._restarts - 1:
                worker.channel.say(HURRY)

    def _renew_next(self) -> None:
        """One slot after the other, so that a broken configuration meets one of them and the machine stays free."""
        assert self._to_renew is not None
        while self._to_renew:
            slot = self._to_renew.pop(0)
            slot.pace.renewed()
            if slot.worker is not None and slot.worker.stage is Stage.SERVING:
                self._start(slot, successor=True)
                return
            slot.not_before = 0.0  # it has none: what is started next is new by itself
        self._to_renew = None
        self._log.info("restarted", workers=len(self._slots))
        self._announced = False
        self._tell()

    def _broken_off(self, worker: Worker, facts: Mapping[str, object]) -> None:
        left = 1 + len(self._to_renew or ())
        self._to_renew = None
        self._log.error(
            "restart broken off: the new worker did not start, and those before it go on",
            reason=worker.reason or _LOOK_ABOVE,
            not_renewed=left,
            **facts,
        )
        self._announced = False
        self._tell()

    # Time

    def _tend(self) -> None:
        now = time.monotonic()
        if self._stops:
            if now >= self._kill_at:
                self._kill_at = float("inf")
                for worker in self._workers:
                    self._log.error("worker killed: it did not end in time", worker=worker.slot, pid=worker.pid)
                    worker.signal(signal.SIGKILL)
            return
        away, self._looked = now - self._looked, now
        for worker in self._workers:
            if away > _AWAY:
                worker.heard += away  # it may have stood still with us, and had no chance to speak since
            limit = _STARTS_IN if worker.stage is Stage.STARTING else _SILENT
            if now - worker.heard > limit:
                worker.reason = worker.reason or f"It said nothing for {limit:g} seconds."
                worker.heard = now
                self._log.error("worker killed: it does not answer", worker=worker.slot, pid=worker.pid)
                worker.signal(signal.SIGKILL)
        if self._served:
            for slot in self._slots:
                if slot.worker is None and slot.successor is None and now >= slot.not_before:
                    self._start(slot)
        if self._to_renew is not None and not any(slot.successor for slot in self._slots):
            self._renew_next()
        if self._again and self._to_renew is None:
            self._again = False
            self._renew()
        if self._notifier.watchdog and now - self._signed >= self._notifier.watchdog and self._serving():
            self._signed = now
            self._notifier.alive()

    def _until_next(self) -> float:
        """Seconds until something is to be done by the clock."""
        now = time.monotonic()
        waiting = [slot.not_before - now for slot in self._slots if slot.worker is None and slot.successor is None]
        return max(0.0, min([_LOOK, self._kill_at - now, *waiting])) if self._served or self._stops else BEAT_SECONDS

    def _serving(self) -> int:
        return sum(1 for worker in self._workers if worker.stage is Stage.SERVING)

    def _tell(self) -> None:
        """Say how many serve; and that the bus is ready, once every slot has had its first attempt."""
        status = f"{self._serving()} of {len(self._slots)} workers serve"
        if self._announced or self._to_renew is not None or not all(slot.tried for slot in self._slots):
            self._notifier.status(status)
            return
        self._announced = True
        host, port = self._sockets[0].getsockname()[:2]
        self._log.info("ready", host=host, port=port, workers=self._serving())
        self._notifier.ready(status)
