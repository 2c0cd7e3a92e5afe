"""A node without the registry's database: its directory comes from what the registry publishes of itself, signed.

The same polling interface as :class:`esb.registry.watch.Watcher`.  Refused is whatever is not signed by a trusted key,
is older than what is known (a rollback), has another past (a fork), was cut or altered; what was believed before then
stays in force until its own time is over.  The last good state is kept in a folder, and verified again at each start.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from esb.kernel.canonical import canonical_json
from esb.kernel.clock import Clock
from esb.kernel.directory import Directory
from esb.kernel.faults import EsbError
from esb.kernel.plain import read_json
from esb.registry.errors import RegistryError, RegistryUnavailable
from esb.registry.publication import (
    DELTA_TYPE,
    FULL_TYPE,
    KEYS_TYPE,
    TIMESTAMP_TYPE,
    Announcement,
    Delta,
    Full,
    Part,
    State,
    Timestamp,
    apply,
    contracts_of,
    directory_of,
    read,
    state_of,
)
from esb.registry.replica_source import Folder, Source
from esb.registry.snapshot import Index, Known

_SMALL: Final = 1 << 20  # bytes of a timestamp or an announcement
_LARGEST: Final = 1 << 29  # bytes of a document, signature and all
_LARGEST_CONTRACT: Final = 1 << 26
_EARLY: Final = 300.0  # seconds that the publisher's clock may be ahead of this node's
_LONGEST_PATH: Final = 150  # deltas that are kept on top of a whole snapshot before a newer whole one is taken
_AT_ONCE: Final = 200  # contracts fetched ahead in one look
_MOST_KEYS: Final = 10_000
_KEPT: Final = "copy.json"

Open = Callable[[bytes, str, tuple[str, ...]], bytes]
"""Verifies an envelope of a media type by one of the trusted keys (PEM), and gives its payload; raises EsbError."""


class SnapshotRefused(RegistryError):
    """What is published cannot be believed; the text says why, and what was believed before stays in force."""


@dataclass(frozen=True, slots=True)
class _Believed:
    """What this node holds for true.

    Attributes:
        raw: the timestamp as it came.
        path: the documents that lead to the state: a whole snapshot, then deltas.
    """

    raw: bytes
    stamp: Timestamp
    state: State
    path: tuple[str, ...]


class Replica:
    """Keeps a directory in step with a publication.  Blocking; one thread at a time calls it.

    Args:
        source: where the publication is.
        store: this node's folder for what it believes.
        open_sealed: verifies signatures.
        trusted: the keys that the operator trusts at the beginning, PEM; announcements lead on from them.
        grace: seconds past a timestamp's end for which it is still believed.
        keeps: whether this process writes the store; of several one does, and all read it when they start.

    Attributes:
        directory: the last one, None before the first successful :meth:`poll`.
        believed_until: Unix seconds until which it may be relied upon, grace included.
    """

    def __init__(
        self,
        source: Source,
        store: Folder,
        open_sealed: Open,
        trusted: tuple[str, ...],
        known: Known,
        index: Index,
        clock: Clock,
        *,
        grace: float,
        keeps: bool = True,
    ) -> None:
        self.directory: Directory | None = None
        self.believed_until: float | None = None
        self._source = source
        self._store = store
        self._open_sealed = open_sealed
        self._trusted = trusted
        self._ever = trusted  # what was signed before a key was replaced stands in this node's own copy
        self._announced = 0
        self._announcements: dict[int, bytes] = {}
        self._known = known
        self._index = index
        self._clock = clock
        self._grace = grace
        self._keeps = keeps
        self._believed: _Believed | None = None
        self._wanted: set[str] = set()

    def poll(self) -> Directory | None:
        """Return the new directory when the publication changed since the last call, else None; the first call gives
        the newest that can be had, from the node's own copy where nothing else can be reached.

        Raises:
            RegistryUnavailable: the publication cannot be reached (and at the first call nothing is kept).
            SnapshotRefused: it cannot be believed.
        """
        first = self._believed is None
        if first:
            self._recall()
        known = self._believed
        before = None if known is None else known.state
        try:
            self._take()
        except (RegistryUnavailable, SnapshotRefused):
            if not first or before is None:
                raise
        assert self._believed is not None
        state = self._believed.state
        self.believed_until = self._believed.stamp.expires + self._grace
        if state is before and not first:
            self._fetch_wanted()
            return None
        self._wanted = {each for each in contracts_of(state.services.values()) if self._kept(each) is None}
        return self.rebuild()

    def rebuild(self) -> Directory:
        """Make the directory anew from what is believed, for when what ``known`` decides has changed."""
        assert self._believed is not None
        self.directory = directory_of(self._believed.state, self._known, self._index, self._clock.now())
        return self.directory

    def contract(self, digest: str) -> bytes:
        """A contract as it was packed, from the store or else from the publication.

        Raises:
            RegistryUnavailable: it cannot be had.
            SnapshotRefused: what was given is another.
        """
        kept = self._kept(digest)
        if kept is not None:
            return kept
        data = self._source.get(f"contracts/{digest}", _LARGEST_CONTRACT)
        if data is None:
            raise RegistryUnavailable(f"contract {digest[:16]}… is not in the registry's publication")
        if hashlib.sha256(data).hexdigest() != digest:
            raise SnapshotRefused(
                f"contract {digest[:16]}… as it is published does not have that digest: it was altered"
            )
        self._store.put(f"contracts/{digest}", data)
        return data

    def _kept(self, digest: str) -> bytes | None:
        data = self._store.get(f"contracts/{digest}", _LARGEST_CONTRACT)
        return data if data is not None and hashlib.sha256(data).hexdigest() == digest else None

    def _fetch_wanted(self) -> None:
        """Fetch ahead what services stand on: they are to be served when the publisher is gone."""
        for digest in sorted(self._wanted)[:_AT_ONCE]:
            self.contract(digest)
            self._wanted.discard(digest)

    def _recall(self) -> None:
        """Believe what was believed when this node last ran, if it still verifies."""
        raw = self._store.get(_KEPT, _LARGEST)
        if raw is None:
            return
        try:
            facts = read_json(raw)
            path, stamp = tuple(str(each) for each in facts["path"]), str(facts["timestamp"]).encode()
        except (EsbError, KeyError, TypeError):
            raise SnapshotRefused(self._spoilt("its index cannot be read")) from None
        try:
            for number, said in sorted((int(number), str(said)) for number, said in facts["keys"].items()):
                self._believe_keys(number, said.encode())
            newest = self._read(stamp, TIMESTAMP_TYPE, Timestamp)
            state = state_of(self._document(self._store, path[0], FULL_TYPE, Full)[0])
            for digest in path[1:]:
                state = apply(state, *self._document(self._store, digest, DELTA_TYPE, Delta))
            if (state.registry, state.version, state.chain) != (newest.registry, newest.version, newest.chain):
                raise SnapshotRefused("its documents do not lead to its timestamp")
        except (EsbError, IndexError, KeyError, AttributeError, ValueError) as error:
            why = str(error) if isinstance(error, EsbError) else "its index cannot be read"
            raise SnapshotRefused(self._spoilt(why)) from error
        self._believed = _Believed(stamp, newest, state, path)

    @staticmethod
    def _spoilt(why: str) -> str:
        return (
            f"this node's own copy of the registry cannot be believed: {why}. Find out who changed it; then remove the "
            "folder registry-copy of the home, and the node takes a new one."
        )

    def _take(self) -> None:
        """Take what the publication says is newest."""
        raw = self._source.get("timestamp.json", _SMALL)
        if raw is None:
            raise RegistryUnavailable("there is no publication of a registry (timestamp.json) where it is looked for")
        known = self._believed
        if known is not None and raw == known.raw:
            return
        try:
            stamp = self._stamp(raw)
            self._check(stamp)
            state, path = self._follow(stamp)
        except (RegistryUnavailable, SnapshotRefused):
            raise
        except EsbError as error:
            raise SnapshotRefused(f"what the registry publishes is refused: {error}") from error
        self._believed = _Believed(raw, stamp, state, path)
        if self._keeps:
            self._keep(self._believed)

    def _stamp(self, raw: bytes) -> Timestamp:
        """The timestamp, by the keys that are trusted now; where it is not, by those announced since."""
        try:
            stamp: Timestamp = self._read(raw, TIMESTAMP_TYPE, Timestamp)
        except EsbError:
            if not self._walk_keys(self._source):
                raise
            stamp = self._read(raw, TIMESTAMP_TYPE, Timestamp)
        if stamp.keys > self._announced:
            self._walk_keys(self._source)
            stamp = self._read(raw, TIMESTAMP_TYPE, Timestamp)
        return stamp

    def _walk_keys(self, source: Source) -> bool:
        """Follow the announcements of keys that came since the last one that is known; whether any is believed.

        Each must be signed by a key that is trusted when it comes.  One that is not is passed over: a node that began
        with a later key than the first knows nothing of those before.
        """
        began = number = self._announced
        while number < _MOST_KEYS and (raw := source.get(f"keys/{number + 1}.json", _SMALL)) is not None:
            number += 1
            self._believe_keys(number, raw)
        return self._announced > began

    def _believe_keys(self, number: int, raw: bytes) -> None:
        try:
            said: Announcement = self._read(raw, KEYS_TYPE, Announcement)
        except EsbError:
            return
        known = self._believed
        if said.number != number or not said.keys or (known is not None and said.registry != known.state.registry):
            raise SnapshotRefused("an announcement of the registry's keys is another's, or stands out of its order")
        self._trusted, self._announced = said.keys, number
        self._ever = (*self._ever, *said.keys)
        self._announcements[number] = raw

    def _check(self, stamp: Timestamp) -> None:
        """Refuse what is older than what is known, or of another past."""
        if stamp.issued > self._clock.now() + _EARLY:
            raise SnapshotRefused("the registry's timestamp is from the future: look at both machines' clocks")
        known = self._believed
        if known is None:
            return
        if stamp.registry != known.state.registry:
            raise SnapshotRefused("what is published is another registry than this node knows")
        if stamp.issued < known.stamp.issued or stamp.version < known.state.version:
            raise SnapshotRefused(
                f"what is published is older (version {stamp.version}) than what this node knows (version "
                f"{known.state.version}): somebody shows an old state, or the registry was put back to one"
            )
        if stamp.version == known.state.version and stamp.chain != known.state.chain:
            raise SnapshotRefused(f"version {stamp.version} is published with another past than this node knows")

    def _follow(self, stamp: Timestamp) -> tuple[State, tuple[str, ...]]:
        """The state that a timestamp points to, by deltas from what is known or else by a whole snapshot."""
        known = self._believed
        if known is not None:
            if stamp.version == known.state.version:
                return known.state, known.path
            steps = _steps(stamp, known.state.version)
            if steps is not None and len(known.path) + len(steps) <= _LONGEST_PATH:
                return self._apply(known.state, known.path, steps, stamp)
        full: Full = self._document(self._source, stamp.full.digest, FULL_TYPE, Full, stamp.full.size)[0]
        if known is not None:
            _check_past(full, known.state)
        steps = _steps(stamp, full.version)
        if steps is None:
            raise SnapshotRefused("what is published has no way from its whole snapshot to its newest version")
        return self._apply(state_of(full), (stamp.full.digest,), steps, stamp)

    def _apply(
        self, state: State, path: tuple[str, ...], steps: tuple[Part, ...], stamp: Timestamp
    ) -> tuple[State, tuple[str, ...]]:
        for step in steps:
            state = apply(state, *self._document(self._source, step.digest, DELTA_TYPE, Delta, step.size))
        if (state.registry, state.version, state.chain) != (stamp.registry, stamp.version, stamp.chain):
            raise SnapshotRefused(f"the published documents lead to another past than version {stamp.version} has")
        return state, (*path, *(step.digest for step in steps))

    def _document(
        self, source: Source, digest: str, media: str, kind: type[Any], size: int = _LARGEST
    ) -> tuple[Any, bytes]:
        """A document by its digest, verified, with its payload; kept, when it came from elsewhere."""
        name = f"documents/{digest}.json"
        raw = source.get(name, min(size, _LARGEST))
        if raw is None:
            raise RegistryUnavailable(f"document {digest[:16]}… is not in the registry's publication")
        if hashlib.sha256(raw).hexdigest() != digest:
            raise SnapshotRefused(f"document {digest[:16]}… as it is published does not have that digest")
        payload = self._open_sealed(raw, media, self._ever if source is self._store else self._trusted)
        document = read(kind, payload)
        if self._keeps and source is not self._store:
            self._store.put(name, raw)
        return document, payload

    def _read(self, raw: bytes, media: str, kind: type[Any]) -> Any:
        return read(kind, self._open_sealed(raw, media, self._trusted))

    def _keep(self, believed: _Believed) -> None:
        index = canonical_json(
            {
                "keys": {str(number): raw.decode() for number, raw in self._announcements.items()},
                "path": list(believed.path),
                "timestamp": believed.raw.decode(),
            }
        )
        self._store.put(_KEPT, index)
        self._store.keep_only("documents", frozenset(f"{digest}.json" for digest in believed.path))


def _steps(stamp: Timestamp, version: int) -> tuple[Part, ...] | None:
    """The listed deltas that lead from a version to the newest; None where they do not."""
    if version == stamp.version:
        return ()
    steps = tuple(each for each in stamp.deltas if version <= each.previous and each.version <= stamp.version)
    whole = (
        steps
        and steps[0].previous == version
        and steps[-1].version == stamp.version
        and all(before.version == after.previous for before, after in pairwise(steps))
    )
    return steps if whole else None


def _check_past(full: Full, known: State) -> None:
    """A whole snapshot must go on from what is known, as far back as it tells."""
    steps = full.past.steps
    if steps.get(full.version) != full.chain:
        raise SnapshotRefused("a whole snapshot contradicts its own past")
    if full.version < known.version:
        return  # the deltas that follow lead on, and their chain is compared at the end
    if known.version >= full.past.version and steps.get(known.version) != known.chain:
        raise SnapshotRefused(f"version {full.version} is published with another past than this node knows")
