"""Emptying the outbox: each delivery that is due is sent, and noted as arrived, to be tried again, or given up."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from esb.admin.letters import document_of, mail_of
from esb.admin.mail import MailServer, Undelivered
from esb.admin.webhook import Hooks
from esb.kernel.clock import Clock
from esb.registry.notice_models import ChannelKind
from esb.registry.outbox import Parcel, claim, delivered, given_up, postponed

_HELD: Final = 120.0  # seconds that a delivery is held: longer than any attempt takes
_AT_ONCE: Final = 4  # attempts side by side: one that waits for a slow server must not hold up all
_FIRST_PAUSE: Final = 30.0
_LONGEST_PAUSE: Final = 3_600.0
_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of a round."""

    sent: int = 0
    postponed: int = 0
    given_up: int = 0

    def __add__(self, other: "Delivered") -> "Delivered":
        return Delivered(self.sent + other.sent, self.postponed + other.postponed, self.given_up + other.given_up)


@dataclass(frozen=True, slots=True)
class Postman:
    """Delivers notices.  Blocking; several may work at once, in one process or in many.

    Attributes:
        holder: who holds what is in hand; another name for each process.
        mail: the mail server; None where none is configured.
        hooks: posts to webhooks.
        domain: the bus's host name, for ids of messages.
        give_up_days: how long a delivery is tried.
        random: a number from 0 up to 1, for pauses that do not all end together.
    """

    engine: Engine
    holder: str
    mail: MailServer | None
    hooks: Hooks
    domain: str
    give_up_days: float
    clock: Clock
    random: Callable[[], float]

    def deliver(self, stop: Callable[[], bool] = lambda: False) -> Delivered:
        """Send all that is due.

        Args:
            stop: whether to leave the rest for another time; asked before each delivery.

        Raises:
            RegistryUnavailable: the outbox cannot be read or written now.
        """
        # One looks first, without any thread: mostly nothing is there.
        first = claim(self.engine, self.holder, self.clock.now(), _HELD, 1)
        if not first:
            return Delivered()
        done = self._attempt(first[0])
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="postman") as pool:
            for each in [pool.submit(self._empty, stop) for _ in range(_AT_ONCE)]:
                done += each.result()
        return done

    def _empty(self, stop: Callable[[], bool]) -> Delivered:
        done = Delivered()
        while not stop() and (parcels := claim(self.engine, self.holder, self.clock.now(), _HELD, 1)):
            done += self._attempt(parcels[0])
        return done

    def _attempt(self, parcel: Parcel) -> Delivered:
        try:
            self._send(parcel)
        except Undelivered as error:
            now = self.clock.now()
            if error.final or now - parcel.made_at >= self.give_up_days * _DAY:
                given_up(self.engine, parcel, self.holder, now, str(error))
                return Delivered(given_up=1)
            postponed(self.engine, parcel, self.holder, now + self.pause(parcel.attempts), str(error))
            return Delivered(postponed=1)
        delivered(self.engine, parcel, self.holder, self.clock.now())
        return Delivered(sent=1)

    def _send(self, parcel: Parcel) -> None:
        if parcel.kind is ChannelKind.WEBHOOK:
            self.hooks.post(parcel.address, document_of(parcel), self.clock.now())
        elif self.mail is None:
            raise Undelivered("no mail server is configured (mail.host)")
        else:
            self.mail.send(mail_of(parcel, self.mail.sender, self.domain), parcel.address)

    def pause(self, attempts: int) -> float:
        """Seconds until the next attempt after ``attempts`` earlier ones: doubling, with a quarter of chance in it."""
        pause = min(_FIRST_PAUSE * 2.0 ** min(attempts, 20), _LONGEST_PAUSE)
        return pause * (0.75 + 0.5 * self.random())
