"""Mailboxes on the bus: what a member was told, and what of it was read."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.registry.acts import Act
from esb.registry.errors import NotFound
from esb.registry.notice_models import MailboxRow, NoticeRow, Topic


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice as it lies in one mailbox; times in Unix seconds."""

    notice: int
    at: float
    topic: Topic
    about: str
    facts: dict[str, Any]
    author: str
    read_at: float | None


def list_mailbox(
    session: Session, recipient: str, *, unread: bool = False, since: int = 0, limit: int = 100
) -> list[Letter]:
    """Return a recipient's notices with a number above ``since``, oldest first: a program goes on after its last.

    Args:
        recipient: a member's code, :data:`~esb.registry.notices.OPERATOR` or SUPERVISOR.
        unread: only those that nobody has marked as read.
    """
    rows = (
        select(NoticeRow, MailboxRow.read_at)
        .join(MailboxRow, MailboxRow.notice == NoticeRow.id)
        .where(MailboxRow.recipient == recipient, MailboxRow.notice > since)
        .order_by(MailboxRow.notice)
        .limit(limit)
    )
    if unread:
        rows = rows.where(MailboxRow.read_at.is_(None))
    return [
        Letter(row.id, row.at, row.topic, row.about, row.facts, row.author, read_at)
        for row, read_at in session.execute(rows)
    ]


def mark_read(act: Act, recipient: str, notices: Collection[int]) -> int:
    """Mark notices in a recipient's mailbox as read; return how many were not before.

    Raises :class:`~esb.registry.errors.NotFound` for one that does not lie there.
    """
    marked = []
    for number in sorted(set(notices)):
        row = act.session.get(MailboxRow, (number, recipient))
        if row is None:
            raise NotFound(f"notice {number} does not lie in the mailbox of {recipient[:64]}; list it to see what does")
        if row.read_at is None:
            row.read_at, row.read_by = act.now, act.author
            marked.append(number)
    if marked:
        act.record("read", "mailbox", recipient, {"notices": marked})
    return len(marked)


def get_notice(session: Session, notice: int) -> NoticeRow:
    """Return a notice.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = session.get(NoticeRow, notice)
    if row is None:
        raise NotFound(f"there is no notice {notice}; list the notices to find its number")
    return row


def recipients_of(session: Session, notice: int) -> list[MailboxRow]:
    """Return in whose mailboxes a notice lies, by recipient."""
    rows = select(MailboxRow).where(MailboxRow.notice == notice).order_by(MailboxRow.recipient)
    return list(session.scalars(rows))


def list_notices(
    session: Session,
    *,
    topic: Topic | None = None,
    about: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[NoticeRow]:
    """Return at most ``limit`` notices, newest first; ``before`` goes on below a number."""
    rows = select(NoticeRow).order_by(NoticeRow.id.desc()).limit(limit)
    if topic is not None:
        rows = rows.where(NoticeRow.topic == topic)
    if about is not None:
        rows = rows.where(NoticeRow.about == about)
    return list(session.scalars(rows if before is None else rows.where(NoticeRow.id < before)))
