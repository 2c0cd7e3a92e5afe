"""Ending what was to be kept until a day that is past: keys of messages are destroyed, by acts on record.

The act comes first: the evidence log holds it, durable, before the first key is gone.  Then the keys, and with them the
messages wherever copies of them are; then, at leisure, the rows that nobody can read any more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Engine

from esb.admin.recording import Recorder
from esb.audit.data_keys import DataKey, DataKeys
from esb.audit.examine_bodies import MESSAGES, SHREDDING
from esb.audit.freeing import free
from esb.audit.record import StoreUnavailable
from esb.audit.store import open_data_keys
from esb.kernel.clock import Clock
from esb.kernel.retention import day_text
from esb.registry.acts import acting
from esb.registry.checks import lawful_moment

_MICRO = 1_000_000
_LONGEST = 1.0  # seconds that a serving bus frees room at a time


@dataclass(frozen=True, slots=True)
class Expired:
    """What an expiry came to.

    Attributes:
        shredded: how many keys were destroyed, by the last day of what they sealed.
        freed: how many rows of messages were deleted; None where some are left for the next time.
    """

    shredded: dict[str, int]
    freed: int | None


def due(url: str, now: float) -> list[DataKey]:
    """The keys whose last day is past, by that day.

    Raises:
        StoreUnavailable: the log's keys cannot be read.
    """
    keys = open_data_keys(url)
    try:
        return _due(keys.all(), day_text(now))
    finally:
        keys.close()


def _due(keys: list[DataKey], today: str) -> list[DataKey]:
    wanted = [key for key in keys if key.shredded is None and key.until and key.until < today]
    return sorted(wanted, key=lambda key: (key.until, key.id))


def expire(engine: Engine, url: str, *, author: str, now: float, more: Callable[[], bool] = lambda: True) -> Expired:
    """Destroy the keys whose day is past, and free the room of what they sealed.

    What a process was killed over is taken up by the next call.

    Args:
        url: the evidence log's.
        author: who acts, for the record.
        now: Unix seconds.
        more: asked now and then, once the keys are gone, whether there is time to free more.

    Raises:
        StoreUnavailable: the log cannot be read or written; no key is gone whose act is not on record.
        RegistryUnavailable: the acts cannot be recorded.
    """
    keys = open_data_keys(url)
    try:
        shredded = _shred(engine, url, keys, author, now)
        every = keys.all()
        gone = [key for key in every if key.shredded is not None and key.first]
        freed = free(url, gone, every, more)
        if freed is not None and gone:
            keys.freed(key.id for key in gone)
        return Expired(shredded, freed)
    finally:
        keys.close()


def _shred(engine: Engine, url: str, keys: DataKeys, author: str, now: float) -> dict[str, int]:
    ended = {until: [key.id for key in group] for until, group in groupby(_due(keys.all(), day_text(now)), _until)}
    if not ended:
        return {}
    now = lawful_moment(now, "the moment of the act")  # as the act keeps it, to the microsecond
    for until, numbers in ended.items():
        with acting(engine, author, now) as act:
            act.record(SHREDDING, MESSAGES, until, {"keys": numbers})
    recorder = Recorder(engine, url)
    try:
        declined = recorder.catch_up().declined
    finally:
        recorder.close()
    if declined:
        raise StoreUnavailable("the evidence log does not take the record of this act, so no key was destroyed")
    keys.shred([number for numbers in ended.values() for number in numbers], round(now * _MICRO))
    return {until: len(numbers) for until, numbers in ended.items()}


def _until(key: DataKey) -> str:
    return key.until


class Expiry:
    """Expires in a serving bus: one of all its processes, now and then, and never for long at a time.

    Args:
        elected: whether this process is the one that tends the log.
        every: seconds between two looks for keys whose day is past.
        say: writes a line with facts (``log.info``).
    """

    def __init__(
        self,
        engine: Engine,
        url: str,
        author: str,
        clock: Clock,
        elected: Callable[[], bool],
        every: float,
        say: Callable[..., None],
    ) -> None:
        self._engine = engine
        self._url = url
        self._author = author
        self._clock = clock
        self._elected = elected
        self._every = every
        self._say = say
        self._next = 0.0
        self._problem = ""

    def problem(self) -> str:
        """Why messages whose day is past are still there; "" where they are not."""
        return self._problem

    def look(self) -> None:
        """Expire, if it is time for it; a second of freeing room at most, and more at the next look.  Blocking."""
        now = self._clock.monotonic()
        if now < self._next or not self._elected():
            return
        self._next = now + self._every
        end = now + _LONGEST
        try:
            done = expire(
                self._engine,
                self._url,
                author=self._author,
                now=self._clock.now(),
                more=lambda: self._clock.monotonic() < end,
            )
        except Exception as error:
            self._problem = f"messages whose day is past are still there: {error}"
            raise
        self._problem = ""
        if done.freed is None:
            self._next = 0.0
        if done.shredded:
            self._say("keys of messages whose day is past were destroyed", keys=done.shredded)
