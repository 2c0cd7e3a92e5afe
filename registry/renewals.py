"""Renewals: a next key beside the current one, how it fares, and the cut-over.

A renewal is open from the next certificate until it is cut over or given up; a member, or one key of the bus, has one
open renewal at a time.  What is rehearsed is counted here too, and is no act.
"""

from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from esb.kernel.directory import CertificateUse
from esb.registry.acts import Act
from esb.registry.authority_models import RehearsalRow, RenewalRow
from esb.registry.database import writing
from esb.registry.errors import Conflict, NotFound
from esb.registry.models import CertificateRow


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose key is renewed: ``bus``, ``bus-second`` or ``member``; ``owner`` is the member's code, else ""."""

    kind: str
    owner: str = ""
    use: str = "signing"

    @property
    def name(self) -> str:
        """How people call it."""
        return f"member {self.owner}" if self.owner else "the bus" if self.kind == "bus" else "the bus's second key"


def begin_renewal(act: Act, subject: Subject, old_sha256: str, next_sha256: str, ends_at: float) -> RenewalRow:
    """Open a renewal.

    Args:
        old_sha256, next_sha256: of the two certificates, hex.
        ends_at: when the overlap is to be over, Unix seconds.

    Raises:
        Conflict: one is open already.
    """
    if open_renewal(act.session, subject) is not None:
        raise Conflict(f"a renewal of {subject.name} is under way already: cut it over, or give it up")
    row = RenewalRow(
        subject=subject.kind,
        owner=subject.owner or None,
        use=subject.use,
        old_sha256=old_sha256,
        next_sha256=next_sha256,
        author=act.author,
        begun_at=act.now,
        ends_at=ends_at,
    )
    act.session.add(row)
    act.session.flush()
    act.record("begin", "renewal", str(row.id), {"of": subject.name, "old": old_sha256, "next": next_sha256})
    return row


def begin_member_renewal(act: Act, owner: str, use: CertificateUse, next_sha256: str, ends_at: float) -> int | None:
    """Open a renewal for a certificate that was just registered beside one in force.

    Returns:
        The renewal's number; None for a member's first certificate of this use.

    Raises:
        Conflict: a renewal of this member is under way: two certificates overlap, and no more.
    """
    rows = select(CertificateRow.sha256).where(
        CertificateRow.owner == owner,
        CertificateRow.use == use,
        CertificateRow.revoked.is_(None),
        CertificateRow.sha256 != next_sha256,
    )
    old = act.session.scalars(rows.order_by(CertificateRow.added_at.desc()).limit(1)).one_or_none()
    if old is None:
        return None
    return begin_renewal(act, Subject("member", owner, use.value), old, next_sha256, ends_at).id


def open_renewal(session: Session, subject: Subject) -> RenewalRow | None:
    """Return the renewal that is under way, None without one."""
    rows = select(RenewalRow).where(
        RenewalRow.subject == subject.kind,
        RenewalRow.owner == subject.owner if subject.owner else RenewalRow.owner.is_(None),
        RenewalRow.use == subject.use,
        RenewalRow.cut_over_at.is_(None),
        RenewalRow.given_up_at.is_(None),
    )
    return session.scalar(rows)


def wanted_renewal(session: Session, subject: Subject) -> RenewalRow:
    """Return the renewal that is under way.  Raises :class:`~esb.registry.errors.NotFound` without one."""
    row = open_renewal(session, subject)
    if row is None:
        raise NotFound(f"no renewal of {subject.name} is under way")
    return row


def last_renewal(session: Session, subject: Subject) -> RenewalRow | None:
    """Return the newest renewal, whatever became of it."""
    rows = select(RenewalRow).where(
        RenewalRow.subject == subject.kind,
        RenewalRow.owner == subject.owner if subject.owner else RenewalRow.owner.is_(None),
        RenewalRow.use == subject.use,
    )
    return session.scalars(rows.order_by(RenewalRow.id.desc()).limit(1)).one_or_none()


def list_renewals(session: Session, all_of_them: bool = False) -> list[RenewalRow]:
    """Return renewals, oldest first: the open ones, or all."""
    rows = select(RenewalRow).order_by(RenewalRow.id)
    if not all_of_them:
        rows = rows.where(RenewalRow.cut_over_at.is_(None), RenewalRow.given_up_at.is_(None))
    return list(session.scalars(rows))


def note_seen(act: Act, row: RenewalRow, at: float) -> None:
    """Note when the next certificate was first met on the wire (Unix seconds); a later time is no change."""
    if row.seen_at is None:
        row.seen_at = at
        act.record("see", "renewal", str(row.id), {"next": row.next_sha256, "at": at})


def end_renewal(act: Act, row: RenewalRow, *, cut_over: bool) -> None:
    """Close a renewal: cut over, or given up; one that was cut over may still be given up, which undoes it.

    Raises:
        Conflict: it was closed so before, or given up, which is final.
    """
    if row.given_up_at is not None or (cut_over and row.cut_over_at is not None):
        raise Conflict(f"renewal {row.id} is closed already: begin another")
    row.cut_over_at, row.given_up_at = (act.now, None) if cut_over else (None, act.now)
    act.record("cut over" if cut_over else "give up", "renewal", str(row.id), {"next": row.next_sha256})


def count_rehearsals(
    engine: Engine, renewal: int, node: str, worker: int, rehearsed: int, failed: int, problem: str, now: float
) -> None:
    """Set what one process has tried of a renewal so far.  No act: nothing is decided by it unseen."""
    with writing(engine) as session:
        row = session.get(RehearsalRow, (renewal, node, worker))
        if row is None:
            row = RehearsalRow(renewal_id=renewal, node=node, worker=worker)
            session.add(row)
        row.rehearsed, row.failed, row.problem, row.at = rehearsed, failed, problem, now


def list_rehearsals(session: Session, renewal: int) -> list[RehearsalRow]:
    """Return what each process of each node has tried of a renewal."""
    rows = select(RehearsalRow).where(RehearsalRow.renewal_id == renewal)
    return list(session.scalars(rows.order_by(RehearsalRow.node, RehearsalRow.worker)))
