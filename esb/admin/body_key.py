"""The master key of recorded messages: opened for a bus or a command, made at a bus's first start, replaced."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from esb.audit.data_keys import CLEAR, DataKeys
from esb.audit.seal import MasterKeys
from esb.certs.master_key import MasterKey, load_master, make_master
from esb.certs.unusable import KeyMissing, KeyUnusable
from esb.kernel.token_uri import KeyPlace


@dataclass(frozen=True, slots=True)
class Masters:
    """An :class:`esb.audit.seal.MasterKeys`: the key that wraps, and those that it takes the place of."""

    current: MasterKey
    before: tuple[MasterKey, ...] = ()

    @property
    def name(self) -> str:
        """Of the key that wraps."""
        return self.current.name

    def wrap(self, key: bytes) -> bytes:
        """Wrap a data key under the current one."""
        return self.current.wrap(key)

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """Open a data key.

        Raises:
            KeyUnusable: none of the keys at hand is of this name, or it does not open this.
        """
        for key in (self.current, *self.before):
            if key.name == name:
                return key.unwrap(wrapped)
        raise KeyUnusable(f"it is under the master key {name}, which is not at hand: name it in keys.body_key_before")


@dataclass(frozen=True, slots=True)
class Places:
    """Where master keys are.

    Attributes:
        current: of the one that new data keys are wrapped under; None where messages are kept in the clear.
        before: of one that is being replaced; None without.
    """

    current: KeyPlace | None
    before: KeyPlace | None = None


def open_masters(places: Places, passphrase: bytes) -> Masters:
    """Open the keys that are named.

    Raises:
        KeyMissing: one is not there, or none is named.
        KeyUnusable: one cannot be opened.
    """
    found = [load_master(place, passphrase) for place in (places.current, places.before) if place is not None]
    if not found:
        raise KeyMissing("no master key is named: set keys.body_key, or keys.body_key_before to read what is sealed")
    return Masters(found[0], tuple(found[1:]))


def opener(places: Places, passphrase: bytes | Callable[[], bytes]) -> Callable[[], MasterKeys] | None:
    """What opens the keys once somebody needs them; can be handed to another process.  None where none is named.

    Args:
        passphrase: of the home's keys, or what reads it; only the former can be handed on.
    """
    if places.current is None and places.before is None:
        return None
    return partial(_open, places, passphrase)


def _open(places: Places, passphrase: bytes | Callable[[], bytes]) -> MasterKeys:
    return open_masters(places, passphrase() if callable(passphrase) else passphrase)


def masters_for_bus(places: Places, passphrase: bytes, keys: DataKeys) -> Masters | None:
    """Open the keys of a serving bus; the first start makes the one in a file.  None: messages are kept in the clear.

    A key that is lost is never made anew in silence: where the log holds messages under one, it has to be put back.

    Raises:
        KeyUnusable: a key is lost, cannot be opened or cannot be made.
        StoreUnavailable: the log's keys cannot be read.
    """
    place = places.current
    if place is None:
        return None
    if isinstance(place, Path) and not place.exists():
        names = {key.master for key in keys.all() if key.shredded is None and key.master != CLEAR}
        before = set() if places.before is None else {load_master(places.before, passphrase).name}
        if names - before:
            raise KeyMissing(
                f"the master key of recorded messages is not at {place}, and the log holds messages under it: put it "
                "back from its safe copy.  If it is lost for good, they are too; see docs/evidence.md (Bodies)"
            )
        make_body_key(place, passphrase)
    return open_masters(places, passphrase)


def make_body_key(place: KeyPlace, passphrase: bytes) -> MasterKey:
    """Make a master key; of several processes that come here at once the first one's is the one.

    Raises:
        KeyUnusable: it cannot be made.
    """
    if not isinstance(place, Path):
        return make_master(place, passphrase)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return make_master(place, passphrase)
    except KeyUnusable:
        if not place.exists():
            raise
        return load_master(place, passphrase)


def rewrap_all(keys: DataKeys, masters: Masters) -> tuple[int, list[str]]:
    """Wrap every data key that is not destroyed under the current master key.

    Returns:
        How many were wrapped anew, and the names of master keys that others are still under and that are not at hand.

    Raises:
        KeyUnusable: a device is away.
        StoreUnavailable: the log's keys cannot be written.
    """
    done, foreign = 0, set[str]()
    known = {key.name: key for key in masters.before}
    for key in keys.all():
        if key.shredded is not None or key.master in (CLEAR, masters.name):
            continue
        if key.master not in known:
            foreign.add(key.master)
            continue
        # A key that was destroyed meanwhile stays so: the place looks at what it replaces.
        done += keys.rewrap(key, masters.name, masters.wrap(known[key.master].unwrap(key.wrapped)))
    return done, sorted(foreign)
