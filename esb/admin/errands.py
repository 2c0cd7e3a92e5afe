"""What a serving bus does besides serving, in one of all its processes: it delivers notices and announces what is due.

Who does it is settled by a lease in the registry.  A process that dies loses it within seconds, and the next one goes
on, with what the dead one had in hand: the outbox and what was announced stand in the registry, so nothing is lost,
and nothing arrives twice but what was being sent in the moment of its death.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import Engine

from esb.admin.postman import Postman
from esb.kernel.clock import Clock
from esb.kernel.faults import EsbError
from esb.kernel.rounds import Rounds as Loop
from esb.registry.leases import give_lease_back, holder_of, take_lease
from esb.registry.outbox import let_go

Round = Callable[[float], int]
"""Announces or does what is due at a moment (Unix seconds); returns how much that was."""

LEASE: Final = "errands"
LEASE_SECONDS: Final = 6.0
_EVERY: Final = 1.0  # seconds between looks into the outbox
_RENEWED: Final = 3.0  # seconds after which the lease is asked for again

_log = logging.getLogger(__name__)


class Errands:
    """Runs errands in a thread of its own, whenever this process has the lease.

    Args:
        rounds: what is announced when it is due, by its name.
        every: seconds between two rounds of announcing.
        say: writes a line of what was done, with facts.
    """

    def __init__(
        self,
        engine: Engine,
        postman: Postman,
        rounds: Mapping[str, Round],
        clock: Clock,
        every: float,
        say: Callable[..., None],
    ) -> None:
        self._engine = engine
        self._postman = postman
        self._rounds = rounds
        self._clock = clock
        self._every = every
        self._say = say
        self._loop = Loop("errands", self._round, _EVERY, _tell, self._give_back)
        self._asked: float | None = None  # monotonic
        self._announced: float | None = None
        self.leads = False

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    def stop(self, timeout: float) -> bool:
        """End, letting another take over at once; whether ``timeout`` seconds were enough.

        What is under way then dies with the process, and is done again by whoever comes next.
        """
        return self._loop.stop(timeout)

    def turn(self) -> None:
        """Ask for the lease when that is due, and do what there is to do for whoever has it.

        Raises :class:`~esb.registry.errors.RegistryUnavailable`.
        """
        now = self._clock.monotonic()
        if self._asked is None or now - self._asked >= _RENEWED:
            self._asked = now
            before = None if self.leads else holder_of(self._engine, LEASE)
            leads = take_lease(self._engine, LEASE, self._postman.holder, self._clock.now(), LEASE_SECONDS)
            if leads != self.leads:
                self._say("this worker delivers notices" if leads else "another worker delivers notices")
            if leads and before is not None and before != self._postman.holder:
                # It gave its lease back, with nothing in hand, or it is gone.
                let_go(self._engine, before, self._clock.now())
            self.leads = leads
        if not self.leads:
            return
        if self._announced is None or now - self._announced >= self._every:
            self._announced = now
            announce_due(self._rounds, self._clock.now(), self._say)
        done = self._postman.deliver(self._loop.breathe)
        if done.sent or done.postponed or done.given_up:
            self._say("notices delivered", sent=done.sent, postponed=done.postponed, given_up=done.given_up)

    def _round(self) -> str:
        try:
            self.turn()
        except EsbError:
            self.leads, self._asked = False, None
            raise
        return ""

    def _give_back(self) -> None:
        if self.leads:
            try:
                give_lease_back(self._engine, LEASE, self._postman.holder, self._clock.now())
            except EsbError:
                _log.warning("the lease on errands runs out by itself")


def _tell(problem: str, fault: Exception | None) -> None:
    if problem:
        _log.warning("errands wait: %s", problem, exc_info=fault)
    else:
        _log.info("errands go on")


def announce_due(rounds: Mapping[str, Round], now: float, say: Callable[..., None]) -> dict[str, str]:
    """Announce what is due; each round fails alone.

    Returns:
        The names of those that failed, with why.
    """
    failed = {}
    for name, announce in rounds.items():
        try:
            told = announce(now)
        except EsbError as error:
            failed[name] = str(error)
            _log.error("what is due could not be announced: %s: %s", name, error)
        except Exception as error:  # noqa: BLE001  # one round's mistake must not keep the others silent
            failed[name] = type(error).__name__
            _log.exception("what is due could not be announced: %s", name)
        else:
            if told:
                say("done what is due", what=name, count=told)
    return failed
