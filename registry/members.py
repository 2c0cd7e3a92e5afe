"""Members and their systems: who takes part, and where a member stands.

A member applies, becomes active, may be suspended and let in again, and may leave; who left may apply anew.  Whatever
:data:`STANDING` does not list is forbidden.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.kernel.directory import MemberStatus
from esb.registry.acts import Act
from esb.registry.checks import lawful_code, lawful_text, lawful_voen
from esb.registry.errors import Conflict, NotFound
from esb.registry.models import MemberKind, MemberRow, SystemRow

STANDING: Final[Mapping[MemberStatus, frozenset[MemberStatus]]] = MappingProxyType(
    {
        MemberStatus.APPLIED: frozenset({MemberStatus.ACTIVE, MemberStatus.LEFT}),
        MemberStatus.ACTIVE: frozenset({MemberStatus.SUSPENDED, MemberStatus.LEFT}),
        MemberStatus.SUSPENDED: frozenset({MemberStatus.ACTIVE, MemberStatus.LEFT}),
        MemberStatus.LEFT: frozenset({MemberStatus.APPLIED}),
    }
)
"""What a member may become, by what it is.  To go on as one is, is no act."""


def add_member(
    act: Act,
    code: str,
    name_az: str,
    name_en: str,
    kind: MemberKind,
    *,
    voen: str | None = None,
    status: MemberStatus = MemberStatus.ACTIVE,
) -> None:
    """Register a member.  The same member with the same particulars again is no change.

    Raises :class:`~esb.registry.errors.Invalid`; :class:`~esb.registry.errors.Conflict` when the code or the VÖEN is
    another's.
    """
    code = lawful_code(code, "member code")
    row = MemberRow(
        code=code,
        voen=None if voen is None else lawful_voen(voen),
        name_az=lawful_text(name_az, "name in Azerbaijani"),
        name_en=lawful_text(name_en, "name in English"),
        kind=kind,
        status=status,
        added_at=act.now,
    )
    known = act.session.get(MemberRow, code)
    if known is not None:
        if _facts(known) == _facts(row):
            return
        raise Conflict(f"member {code} is registered with other particulars; choose another code")
    if row.voen is not None:
        _check_voen_is_free(act.session, row.voen)
    act.session.add(row)
    act.record("add", "member", code, _facts(row))


def set_member_status(act: Act, code: str, status: MemberStatus, reason: str) -> None:
    """Let a member in, suspend it, or note that it left or applied anew; what it is already, is no change.

    Args:
        reason: why; it stays in the registry.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Invalid` (no reason is given),
    :class:`~esb.registry.errors.Conflict` for a step that :data:`STANDING` does not list.
    """
    reason = lawful_text(reason, "reason")
    row = get_member(act.session, code)
    if row.status is status:
        return
    lawful = STANDING[row.status]
    if status not in lawful:
        raise Conflict(
            f"member {code} is {row.status.value} and cannot become {status.value}; "
            f"it can become {' or '.join(sorted(one.value for one in lawful))}"
        )
    detail = {"status": [row.status.value, status.value], "reason": reason}
    row.status = status
    act.record("update", "member", code, detail)


def change_member(
    act: Act,
    code: str,
    reason: str,
    *,
    name_az: str | None = None,
    name_en: str | None = None,
    kind: MemberKind | None = None,
    voen: str | None = None,
) -> None:
    """Change a member's particulars; what is None stays as it is.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Invalid`,
    :class:`~esb.registry.errors.Conflict` when the VÖEN is another's.
    """
    reason = lawful_text(reason, "reason")
    row = get_member(act.session, code)
    before = _facts(row)
    if name_az is not None:
        row.name_az = lawful_text(name_az, "name in Azerbaijani")
    if name_en is not None:
        row.name_en = lawful_text(name_en, "name in English")
    if kind is not None:
        row.kind = kind
    if voen is not None and voen != row.voen:
        _check_voen_is_free(act.session, lawful_voen(voen))
        row.voen = voen
    detail = {field: [before[field], value] for field, value in _facts(row).items() if value != before[field]}
    if detail:
        act.record("update", "member", code, {**detail, "reason": reason})


def add_system(act: Act, member: str, code: str, name_az: str, name_en: str) -> None:
    """Register a member's system.  The same system with the same names again is no change.

    Raises :class:`~esb.registry.errors.Invalid`, :class:`~esb.registry.errors.NotFound` (the member),
    :class:`~esb.registry.errors.Conflict`.
    """
    get_member(act.session, member)
    code = lawful_code(code, "system code")
    facts = {
        "name_az": lawful_text(name_az, "name in Azerbaijani"),
        "name_en": lawful_text(name_en, "name in English"),
    }
    known = act.session.get(SystemRow, (member, code))
    if known is not None:
        if {"name_az": known.name_az, "name_en": known.name_en} == facts:
            return
        raise Conflict(f"system {member}/{code} is registered under other names; choose another code")
    act.session.add(SystemRow(member=member, code=code, added_at=act.now, **facts))
    act.record("add", "system", f"{member}/{code}", facts)


def rename_system(
    act: Act, member: str, code: str, reason: str, *, name_az: str | None = None, name_en: str | None = None
) -> None:
    """Give a system other names; what is None stays as it is.  Its code never changes: it is part of services' names.

    Raises :class:`~esb.registry.errors.NotFound`, :class:`~esb.registry.errors.Invalid`.
    """
    reason = lawful_text(reason, "reason")
    row = get_system(act.session, member, code)
    wanted = {
        "name_az": row.name_az if name_az is None else lawful_text(name_az, "name in Azerbaijani"),
        "name_en": row.name_en if name_en is None else lawful_text(name_en, "name in English"),
    }
    before = {"name_az": row.name_az, "name_en": row.name_en}
    detail = {field: [before[field], name] for field, name in wanted.items() if name != before[field]}
    if detail:
        row.name_az, row.name_en = wanted["name_az"], wanted["name_en"]
        act.record("update", "system", f"{member}/{code}", {**detail, "reason": reason})


def get_member(session: Session, code: str) -> MemberRow:
    """Return a member.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = session.get(MemberRow, code)
    if row is None:
        raise NotFound(f"member {code[:80]!r} is not registered; check the code, or register the member first")
    return row


def list_members(session: Session) -> list[MemberRow]:
    """Return all members by code."""
    return list(session.scalars(select(MemberRow).order_by(MemberRow.code)))


def get_system(session: Session, member: str, code: str) -> SystemRow:
    """Return a system.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = session.get(SystemRow, (member, code))
    if row is None:
        name = f"{member}/{code}"
        raise NotFound(f"system {name[:160]!r} is not registered; check its name, or register the system first")
    return row


def list_systems(session: Session, member: str | None = None) -> list[SystemRow]:
    """Return the systems of one member or of all, by name."""
    rows = select(SystemRow).order_by(SystemRow.member, SystemRow.code)
    return list(session.scalars(rows if member is None else rows.where(SystemRow.member == member)))


def _check_voen_is_free(session: Session, voen: str) -> None:
    holder = session.scalar(select(MemberRow.code).where(MemberRow.voen == voen))
    if holder is not None:
        raise Conflict(f"VÖEN {voen} belongs to member {holder}; check the number")


def _facts(row: MemberRow) -> dict[str, str | None]:
    return {
        "voen": row.voen,
        "name_az": row.name_az,
        "name_en": row.name_en,
        "kind": row.kind.value,
        "status": row.status.value,
    }
