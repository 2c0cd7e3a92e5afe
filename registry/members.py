"""Members and their systems: who takes part."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.kernel.directory import MemberStatus
from esb.registry.acts import Act
from esb.registry.checks import lawful_code, lawful_text, lawful_voen
from esb.registry.errors import Conflict, NotFound
from esb.registry.models import MemberKind, MemberRow, SystemRow


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
        holder = act.session.scalar(select(MemberRow.code).where(MemberRow.voen == row.voen))
        if holder is not None:
            raise Conflict(f"VÖEN {row.voen} belongs to member {holder}; check the number")
    act.session.add(row)
    act.record("add", "member", code, _facts(row))


def set_member_status(act: Act, code: str, status: MemberStatus) -> None:
    """Suspend a member, let it in again, or note that it left.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = get_member(act.session, code)
    if row.status is status:
        return
    detail = {"status": [row.status.value, status.value]}
    row.status = status
    act.record("update", "member", code, detail)


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


def _facts(row: MemberRow) -> dict[str, str | None]:
    return {
        "voen": row.voen,
        "name_az": row.name_az,
        "name_en": row.name_en,
        "kind": row.kind.value,
        "status": row.status.value,
    }
