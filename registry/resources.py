"""The two registers: entries that are never overwritten.

Every change is a version with its author, time and reason, so any past state can be asked for.  ``as_of`` is a time in
Unix seconds; a version is in force from the very microsecond of its own time.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from esb.kernel.clock import utc_text
from esb.kernel.names import ServiceId
from esb.registry.acts import Act
from esb.registry.checks import lawful_moment, lawful_text
from esb.registry.documents import get_document_facts
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.members import get_member, get_system
from esb.registry.register_models import ResourceVersionRow
from esb.registry.resource_diff import differences
from esb.registry.resource_entry import Entry, Register, ResourceStatus, canonical, document_of, entry_of
from esb.registry.resource_reading import EntryRefused, read_entry
from esb.registry.services import get_service

_FURTHER = {
    ResourceStatus.DRAFT: (ResourceStatus.REGISTERED, ResourceStatus.ARCHIVED),
    ResourceStatus.REGISTERED: (ResourceStatus.SUSPENDED, ResourceStatus.RETIRED),
    ResourceStatus.SUSPENDED: (ResourceStatus.REGISTERED, ResourceStatus.RETIRED),
    ResourceStatus.RETIRED: (ResourceStatus.ARCHIVED,),
    ResourceStatus.ARCHIVED: (),
}


@dataclass(frozen=True, slots=True)
class ResourceVersion:
    """An entry as it stood from one moment on.

    Attributes:
        number: 1 for the first version.
        at: Unix seconds from which it was in force.
        author, reason: who made this version, and why.
        document: the whole version, entry and status, in canonical JSON.
        sha256: the digest of ``document`` in UTF-8, in hex; extracts cite it.
    """

    entry: Entry
    status: ResourceStatus
    number: int
    at: float
    author: str
    reason: str
    document: str
    sha256: str

    @property
    def code(self) -> str:
        """``MEMBER/CODE``."""
        return self.entry.code


def register_resource(act: Act, entry: Entry, reason: str) -> ResourceVersion:
    """Enter a resource into its register, as a draft: what follows is for the connection procedure.

    The same entry again is no change.

    Raises:
        EntryRefused: with everything that is wrong or missing, unknown members, services and documents too.
        Conflict: the code is taken by another entry.
    """
    entry = _checked(act, entry)
    known = _newest(act.session, entry.code)
    if known is not None:
        if known.entry == entry:
            return known
        raise Conflict(
            f"{entry.code} stands in the register already, as version {known.number}; change it instead: "
            f"esb resource set {entry.code} …"
        )
    if entry.owner != entry.code.partition("/")[0]:
        raise Conflict(f"{entry.code} begins with another member than its owner {entry.owner}; choose the owner's code")
    return _write(act, None, entry, ResourceStatus.DRAFT, reason)


def change_resource(act: Act, entry: Entry, reason: str) -> ResourceVersion:
    """Make a new version of an entry; its status stays.  The very same entry is no change.

    Raises:
        NotFound: no such entry.
        EntryRefused: as :func:`register_resource`.
        Conflict: it is archived, or moves to another register or owner.
    """
    before = get_resource(act.session, entry.code)
    entry = _checked(act, entry)
    if entry == before.entry:
        return before
    if before.status is ResourceStatus.ARCHIVED:
        raise Conflict(f"{entry.code} is archived, and what is archived no longer changes")
    if entry.register is not before.entry.register:
        raise Conflict(f"{entry.code} cannot move to the other register; register it there under a code of its own")
    if entry.owner != before.entry.owner:
        raise Conflict(f"{entry.code} belongs to {before.entry.owner}; another owner comes by transfer alone")
    return _write(act, before, entry, before.status, reason)


def set_resource_status(act: Act, code: str, status: ResourceStatus, reason: str) -> ResourceVersion:
    """Take an entry a step on in the connection procedure; again is no change.

    Raises:
        NotFound: no such entry.
        Conflict: no such step leads from where it stands.
    """
    before = get_resource(act.session, code)
    if before.status is status:
        return before
    if status not in _FURTHER[before.status]:
        further = ", ".join(one.value for one in _FURTHER[before.status]) or "nothing else"
        raise Conflict(f"{code} is {before.status.value}, from which it can become {further}, but not {status.value}")
    return _write(act, before, before.entry, status, reason)


def transfer_resource(act: Act, code: str, owner: str, reason: str) -> ResourceVersion:
    """Give an entry to another owner; its code stays.

    The operator stays too, so where the owner ran it itself, the new one does.  Services of the old owner stay named
    until somebody changes them: they are still where it is asked.

    Raises:
        NotFound: no such entry or member.
        Conflict: it is retired or archived.
    """
    before = get_resource(act.session, code)
    get_member(act.session, owner)
    if before.entry.owner == owner:
        return before
    if before.status in (ResourceStatus.RETIRED, ResourceStatus.ARCHIVED):
        raise Conflict(f"{code} is {before.status.value}; it no longer changes its owner")
    return _write(act, before, replace(before.entry, owner=owner), before.status, reason)


def get_resource(
    session: Session, code: str, *, as_of: float | None = None, version: int | None = None
) -> ResourceVersion:
    """Return an entry as it stands, as it stood at ``as_of``, or its version of that number.

    Raises:
        NotFound: there is no such entry, or there was none then.
        Invalid: the database was damaged.
    """
    if version is not None:
        row = session.get(ResourceVersionRow, (code, version))
        if row is not None:
            return _read(row)
        known = _newest(session, code)
        if known is not None:
            raise NotFound(f"{code} has no version {version}; its versions are 1 to {known.number}")
    else:
        row = session.scalar(_in_force(as_of).where(ResourceVersionRow.code == code))
        if row is not None:
            return _read(row)
        if as_of is not None:
            first = session.get(ResourceVersionRow, (code, 1))
            if first is not None:
                raise NotFound(f"{code} was not in the register then; its first version is of {utc_text(first.at)}")
    raise NotFound(f"{code[:160]!r} stands in neither register; check the code: esb resource list")


def list_resources(
    session: Session, as_of: float | None = None, *, register: Register | None = None, owner: str | None = None
) -> Iterator[ResourceVersion]:
    """Yield every entry in force, by code: now or at ``as_of``, of one register or owner or all."""
    rows = _in_force(as_of).order_by(ResourceVersionRow.code)
    if register is not None:
        rows = rows.where(ResourceVersionRow.register == register)
    if owner is not None:
        rows = rows.where(ResourceVersionRow.owner == owner)
    yield from map(_read, session.scalars(rows))


def resource_history(session: Session, code: str) -> list[ResourceVersion]:
    """Return every version of an entry, oldest first.  Raises :class:`~esb.registry.errors.NotFound`."""
    rows = select(ResourceVersionRow).where(ResourceVersionRow.code == code).order_by(ResourceVersionRow.number)
    found = [_read(row) for row in session.scalars(rows)]
    if not found:
        raise NotFound(f"{code[:160]!r} stands in neither register; check the code: esb resource list")
    return found


def _in_force(as_of: float | None) -> Select[ResourceVersionRow]:
    newest = select(ResourceVersionRow.code, func.max(ResourceVersionRow.number).label("number"))
    if as_of is not None:
        newest = newest.where(ResourceVersionRow.at <= lawful_moment(as_of, "the time asked for"))
    chosen = newest.group_by(ResourceVersionRow.code).subquery()
    return select(ResourceVersionRow).join(
        chosen, (ResourceVersionRow.code == chosen.c.code) & (ResourceVersionRow.number == chosen.c.number)
    )


def _newest(session: Session, code: str) -> ResourceVersion | None:
    row = session.scalar(_in_force(None).where(ResourceVersionRow.code == code))
    return None if row is None else _read(row)


def _read(row: ResourceVersionRow) -> ResourceVersion:
    if hashlib.sha256(row.document.encode()).hexdigest() != row.sha256:
        raise Invalid(
            f"version {row.number} of {row.code} does not match its digest: the database was damaged; restore a backup"
        )
    document = json.loads(row.document)
    return ResourceVersion(
        entry=entry_of(document["entry"]),
        status=row.status,
        number=row.number,
        at=row.at,
        author=row.author,
        reason=row.reason,
        document=row.document,
        sha256=row.sha256,
    )


def _write(
    act: Act, before: ResourceVersion | None, entry: Entry, status: ResourceStatus, reason: str
) -> ResourceVersion:
    document = canonical({"entry": document_of(entry), "status": status.value})
    row = ResourceVersionRow(
        code=entry.code,
        number=1 if before is None else before.number + 1,
        register=entry.register,
        owner=entry.owner,
        status=status,
        document=document,
        sha256=hashlib.sha256(document.encode()).hexdigest(),
        at=act.now,
        author=act.author,
        reason=lawful_text(reason, "the reason"),
    )
    act.session.add(row)
    facts: dict[str, Any] = {"version": row.number, "sha256": row.sha256, "reason": row.reason}
    if before is None:
        act.record("add", "resource", entry.code, {**facts, "register": entry.register.value, "status": status.value})
    else:
        changed = differences(json.loads(before.document), json.loads(document))
        act.record("update", "resource", entry.code, {**facts, "changed": sorted({one.path for one in changed})})
    return _read(row)


def _checked(act: Act, entry: Entry) -> Entry:
    """The entry as it will be kept: read anew, for it may have been put together from unchecked parts."""
    entry = read_entry(document_of(entry))
    problems = []
    for field, check in _references(act.session, entry):
        try:
            check()
        except (NotFound, Invalid) as error:
            problems.append(f"{field}: {error}")
    if problems:
        raise EntryRefused(entry.code, tuple(problems))
    return entry


def _references(session: Session, entry: Entry) -> Iterator[tuple[str, Any]]:
    """What an entry refers to, by field, each with what raises when it is not there."""
    yield "owner", lambda: get_member(session, entry.owner)
    if entry.operator is not None and entry.operator.member is not None:
        operator = entry.operator.member
        yield "operator.member", lambda: get_member(session, operator)
    for name in entry.services:
        yield "services", lambda name=name: _get_service(session, name)
    for document in entry.documents:
        yield "documents", lambda sha256=document.sha256: get_document_facts(session, sha256)


def _get_service(session: Session, name: str) -> None:
    if name.count("/") == 1:
        get_system(session, *name.split("/"))
    else:
        get_service(session, ServiceId.parse(name))
