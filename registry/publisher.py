"""Publishing the registry: deltas as it changes, a whole snapshot now and then, and a timestamp all the time.

What was published stands in the database itself, so that every node of one database goes on from the same past, and any
of them can hand it out.  Two that publish at once cannot fork it: what a document is built on is looked at again in the
transaction that keeps it, and the one that comes late gives way.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.orm import Session

from esb.kernel.clock import Clock
from esb.registry.contracts import get_contract
from esb.registry.database import reading, writing
from esb.registry.errors import RegistryError
from esb.registry.publication import (
    DELTA_TYPE,
    FORMAT,
    FULL_TYPE,
    KEYS_TYPE,
    MOST_LINKS,
    TIMESTAMP_TYPE,
    Announcement,
    Link,
    Part,
    Past,
    Timestamp,
    delta_of,
    full_of,
    link,
    write,
)
from esb.registry.publication_models import PublicationHeadRow, PublicationKeyRow, PublicationKind, PublicationRow
from esb.registry.snapshot import current_version, read_entries, touched_since

_FULL_AFTER: Final = 100
"""Deltas after which a whole snapshot is made anew."""
_KEPT_DELTAS: Final = 300
"""Deltas whose content is kept: a node that is further behind takes a whole snapshot."""
_KEPT_FULLS: Final = 2


class NotPublished(RegistryError):
    """The registry has not published itself, or is not able to; the text says why."""


class Sealer(Protocol):
    """Signs documents with the registry's key."""

    @property
    def key_id(self) -> str:
        """The key's id, 64 hex digits."""

    def seal(self, payload: bytes, kind: str) -> bytes:
        """The payload in a signed envelope."""


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the published past ends."""

    version: int
    chain: str


class Publisher:
    """Keeps the publication in step with the registry.  Blocking; one thread at a time calls it.

    Args:
        sealer: gives what signs now; asked each time, since keys are changed while a bus runs.
        expires: seconds for which a timestamp may be believed.
        random: octets for the registry's id, made at its first publication.
    """

    def __init__(
        self,
        engine: Engine,
        sealer: Callable[[], Sealer],
        clock: Clock,
        expires: float,
        random: Callable[[int], bytes],
    ) -> None:
        self._engine = engine
        self._sealer = sealer
        self._clock = clock
        self._expires = expires
        self._random = random
        self._newest: tuple[int, str, float] | None = None  # version, signer, and when it was said last

    def tick(self, every: float) -> bool:
        """Publish when something changed, or when the timestamp is older than ``every`` seconds; whether it did.

        Raises:
            RegistryUnavailable: the database cannot be used.
            EsbError: the key cannot be.
        """
        sealer, now = self._sealer(), self._clock.now()
        with reading(self._engine) as session:
            version = current_version(session.connection())
        if self._newest is not None:
            known, signer, said = self._newest
            if (known, signer) == (version, sealer.key_id) and 0 <= now - said < every:
                return False
        self.publish()
        return True

    def publish(self) -> Timestamp:
        """Publish what is new, and say anew what is newest.  Raises as :meth:`tick`."""
        sealer, now = self._sealer(), self._clock.now()
        with reading(self._engine) as session:
            head = _head(session)
            registry = _registry(session) or self._random(16).hex()
            rows = _new_documents(session, head, registry, sealer, now)
        with writing(self._engine) as session:
            if rows and _head(session) != head:
                rows = []  # somebody else was quicker: what they published is as good
            session.add_all(rows)
            session.flush()
            _let_go(session)
            stamp = _timestamp(session, _registry(session) or registry, sealer, now, self._expires)
            _put_head(session, stamp.registry, sealer.seal(write(stamp), TIMESTAMP_TYPE), now)
        self._newest = (stamp.version, sealer.key_id, now)
        return stamp


def announce(session: Session, keys: Sequence[str], sealer: Sealer, now: float) -> int:
    """Announce the keys that sign from now on, signed by the one that signed until now; its number.

    Raises:
        NotPublished: nothing was ever published, so nobody trusts the old key yet.
    """
    registry = _registry(session)
    if registry is None:
        raise NotPublished("Nothing was published with the present key: replace it without announcing another.")
    number = (session.scalar(select(func.max(PublicationKeyRow.number))) or 0) + 1
    said = Announcement(FORMAT, registry, number, now, tuple(keys))
    session.add(PublicationKeyRow(number=number, document=sealer.seal(write(said), KEYS_TYPE), at=now))
    session.flush()
    return number


def published(session: Session, name: str) -> bytes | None:
    """A document by its name in the publication, None where there is none.

    Names: ``timestamp.json``; ``keys/N.json``; ``documents/DIGEST.json``; ``contracts/DIGEST``, which is a contract as
    it was packed, of any that the registry holds.
    """
    folder, _, rest = name.rpartition("/")
    if name == "timestamp.json":
        return session.scalar(select(PublicationHeadRow.document).where(PublicationHeadRow.id == 1))
    if folder == "keys" and rest.removesuffix(".json").isdecimal() and len(rest) <= 10:
        number = int(rest.removesuffix(".json"))
        return session.scalar(select(PublicationKeyRow.document).where(PublicationKeyRow.number == number))
    if folder == "documents":
        digest = rest.removesuffix(".json")
        return session.scalar(select(PublicationRow.document).where(PublicationRow.digest == digest))
    if folder == "contracts":
        try:
            return get_contract(session, rest).packed
        except RegistryError:
            return None
    return None


def _registry(session: Session) -> str | None:
    return session.scalar(select(PublicationHeadRow.identity).where(PublicationHeadRow.id == 1))


def _head(session: Session) -> _Head | None:
    newest = select(PublicationRow).order_by(PublicationRow.version.desc(), PublicationRow.at.desc()).limit(1)
    row = session.scalar(newest)
    return None if row is None else _Head(row.version, row.chain)


def _new_documents(
    session: Session, head: _Head | None, registry: str, sealer: Sealer, now: float
) -> list[PublicationRow]:
    """What has to be published: a delta where something changed, a whole snapshot where one is due."""
    connection = session.connection()
    version = current_version(connection)
    rows: list[PublicationRow] = []
    if head is None:
        # The beginning of the chain is this registry's alone.
        chain = hashlib.sha256(f"{registry} {version}".encode()).hexdigest()
        return [_full(connection, Past(version, chain), registry, version, chain, sealer, now)]
    if version < head.version:
        raise NotPublished(
            f"Version {head.version} of the registry was published, and the registry is at {version}: it is not the "
            "one that was published. Restore the right backup."
        )
    chain = head.chain
    if version > head.version:
        entries = read_entries(connection, touched_since(connection, head.version))
        payload = write(delta_of(entries, registry, (head.version, head.chain), version, now))
        chain = link(head.chain, payload)
        rows.append(_row(PublicationKind.DELTA, head.version, version, chain, payload, DELTA_TYPE, sealer, now))
    if _full_is_due(session, sealer.key_id):
        past = _past(session, rows)
        rows.append(_full(connection, past, registry, version, chain, sealer, now))
    return rows


def _full(
    connection: Connection, past: Past, registry: str, version: int, chain: str, sealer: Sealer, now: float
) -> PublicationRow:
    payload = write(full_of(read_entries(connection), registry, version, chain, now, past))
    return _row(PublicationKind.FULL, version, version, chain, payload, FULL_TYPE, sealer, now)


def _row(
    kind: PublicationKind,
    previous: int,
    version: int,
    chain: str,
    payload: bytes,
    media: str,
    sealer: Sealer,
    now: float,
) -> PublicationRow:
    document = sealer.seal(payload, media)
    return PublicationRow(
        digest=hashlib.sha256(document).hexdigest(),
        kind=kind,
        previous=previous,
        version=version,
        chain=chain,
        payload_digest=hashlib.sha256(payload).hexdigest(),
        signer=sealer.key_id,
        size=len(document),
        document=document,
        at=now,
    )


def _full_is_due(session: Session, signer: str) -> bool:
    """None was signed with this key, or the deltas after the last one are too many or weigh as much."""
    full = _last_full(session, signer)
    if full is None:
        return True
    later = select(func.count(), func.sum(PublicationRow.size)).where(
        PublicationRow.kind == PublicationKind.DELTA, PublicationRow.version > full.version
    )
    count, size = session.execute(later).one()
    return bool(count >= _FULL_AFTER or (size or 0) > 2 * full.size)


def _last_full(session: Session, signer: str) -> PublicationRow | None:
    rows = select(PublicationRow).where(PublicationRow.kind == PublicationKind.FULL, PublicationRow.signer == signer)
    return session.scalar(rows.order_by(PublicationRow.version.desc(), PublicationRow.at.desc()).limit(1))


def _past(session: Session, new: Sequence[PublicationRow]) -> Past:
    """The last links of the chain, those of deltas that are about to be kept included."""
    rows = select(PublicationRow).where(PublicationRow.kind == PublicationKind.DELTA)
    newest = session.scalars(rows.order_by(PublicationRow.version.desc()).limit(MOST_LINKS)).all()
    deltas = [*reversed(newest), *new][-MOST_LINKS:]
    first = session.scalars(select(PublicationRow).order_by(PublicationRow.version, PublicationRow.at).limit(1)).one()
    if not deltas:
        return Past(first.version, first.chain)
    before = select(PublicationRow.chain).where(PublicationRow.version == deltas[0].previous).limit(1)
    chain = session.scalar(before)
    assert chain is not None  # a delta begins where another, or the first whole snapshot, ended
    links = tuple(Link(row.version, row.payload_digest) for row in deltas)
    return Past(deltas[0].previous, chain, links)


def _let_go(session: Session) -> None:
    """Let go of the content of what nobody needs any more."""
    for kind, kept in ((PublicationKind.DELTA, _KEPT_DELTAS), (PublicationKind.FULL, _KEPT_FULLS)):
        rows = select(PublicationRow.digest).where(PublicationRow.kind == kind, PublicationRow.document.is_not(None))
        old = session.scalars(rows.order_by(PublicationRow.version.desc(), PublicationRow.at.desc()).offset(kept)).all()
        if old:
            session.execute(update(PublicationRow).where(PublicationRow.digest.in_(old)).values(document=None))


def _timestamp(session: Session, registry: str, sealer: Sealer, now: float, expires: float) -> Timestamp:
    head, full = _head(session), _last_full(session, sealer.key_id)
    if head is None or full is None:
        raise NotPublished("Another node publishes this registry with another key: publish from one place.")
    rows = select(PublicationRow).where(
        PublicationRow.kind == PublicationKind.DELTA,
        PublicationRow.signer == sealer.key_id,
        PublicationRow.document.is_not(None),
    )
    deltas = session.scalars(rows.order_by(PublicationRow.version)).all()
    return Timestamp(
        format=FORMAT,
        registry=registry,
        version=head.version,
        chain=head.chain,
        issued=now,
        expires=now + expires,
        keys=session.scalar(select(func.max(PublicationKeyRow.number))) or 0,
        full=Part(0, full.version, full.digest, full.size),
        deltas=tuple(Part(row.previous, row.version, row.digest, row.size) for row in deltas),
    )


def _put_head(session: Session, registry: str, document: bytes, now: float) -> None:
    row = session.get(PublicationHeadRow, 1)
    if row is None:
        session.add(PublicationHeadRow(id=1, identity=registry, document=document, issued=now))
    else:
        row.document, row.issued = document, now
    session.flush()
