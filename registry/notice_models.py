"""The tables of notices: what was told, to whom, over which channels it goes out, and how far each delivery has come.

Notices, mailboxes and channels are never deleted.  A delivery's state and a lease are workings of the outbox, not acts:
they change without a row of ``changes``.
"""

from enum import Enum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from esb.registry.columns import NameSet, one_of, word
from esb.registry.models import Base, Code, Long, Moment


class Topic(Enum):
    """What a notice is about; each has its texts in :mod:`esb.admin.notice_texts`."""

    MAINTENANCE = "maintenance"
    OUTAGE = "outage"
    OUTAGE_OVER = "outage-over"
    SERVICE_CHANGED = "service-changed"
    SERVICE_SUNSET = "service-sunset"
    GRANT_ENDING = "grant-ending"
    GRANT_CHANGED = "grant-changed"
    CERTIFICATE_ENDING = "certificate-ending"
    AGREEMENT_ENDING = "agreement-ending"
    APPLICATION_MOVED = "application-moved"
    APPLICATION_REFUSED = "application-refused"
    DEADLINE_NEAR = "deadline-near"
    DEADLINE_MISSED = "deadline-missed"
    INSPECTION = "inspection"
    DUPLICATE_FOUND = "duplicate-found"
    MEMBER_STATUS = "member-status"
    DELIVERY_FAILED = "delivery-failed"
    OPERATOR_MESSAGE = "operator-message"


class ChannelKind(Enum):
    """How a notice leaves the bus."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class DeliveryState(Enum):
    """How far a delivery has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"
    DROPPED = "dropped"  # its channel ended before it went out


RECIPIENT: Final = 64
"""Characters of a recipient: a member's code, or one of the two that begin with "@"."""


class NoticeRow(Base):
    """One notice.  ``once`` is the key under which it is told only once ever."""

    __tablename__ = "notices"
    __table_args__ = (one_of("topic", [one.value for one in Topic]), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Long, primary_key=True)
    at: Mapped[Moment]
    author: Mapped[str] = mapped_column(sa.Text)
    topic: Mapped[Topic] = mapped_column(word(Topic))
    about: Mapped[str] = mapped_column(sa.Text)
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    once: Mapped[str | None] = mapped_column(sa.Text, unique=True)


class MailboxRow(Base):
    """A notice in a recipient's mailbox on the bus; ``read_by`` says who marked it as read."""

    __tablename__ = "mailbox"
    __table_args__ = (
        sa.Index(None, "recipient", "notice"),
        sa.CheckConstraint("(read_at IS NULL) = (read_by IS NULL)", name="read_by"),
    )

    notice: Mapped[int] = mapped_column(Long, sa.ForeignKey("notices.id"), primary_key=True)
    recipient: Mapped[str] = mapped_column(sa.String(RECIPIENT), primary_key=True)
    read_at: Mapped[Moment | None]
    read_by: Mapped[str | None] = mapped_column(sa.Text)


class ChannelRow(Base):
    """Where a recipient's notices are sent besides the mailbox.

    ``code`` is what was sent there and has to come back before anything else goes out; it is forgotten with that.
    ``topics`` is None for all.
    """

    __tablename__ = "channels"
    __table_args__ = (
        one_of("kind", [one.value for one in ChannelKind]),
        sa.CheckConstraint("(verified_at IS NULL) = (code IS NOT NULL)", name="code"),
        sa.Index(None, "recipient"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(sa.String(RECIPIENT))
    kind: Mapped[ChannelKind] = mapped_column(word(ChannelKind))
    address: Mapped[str] = mapped_column(sa.Text)
    topics: Mapped[frozenset[str] | None] = mapped_column(NameSet)
    code: Mapped[str | None] = mapped_column(sa.String(32))
    added_at: Mapped[Moment]
    verified_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]


class DeliveryRow(Base):
    """A notice on its way over a channel; without a notice, the code that proves the channel.

    ``holder`` has it in hand until ``held_until`` and nobody else takes it before.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        one_of("state", [one.value for one in DeliveryState]),
        sa.UniqueConstraint("notice", "channel"),
        sa.CheckConstraint("(holder IS NULL) = (held_until IS NULL)", name="holder"),
        sa.Index(None, "state", "next_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Long, primary_key=True)
    notice: Mapped[int | None] = mapped_column(Long, sa.ForeignKey("notices.id"))
    channel: Mapped[int] = mapped_column(sa.ForeignKey("channels.id"), index=True)
    state: Mapped[DeliveryState] = mapped_column(word(DeliveryState))
    attempts: Mapped[int]
    made_at: Mapped[Moment]
    next_at: Mapped[Moment]
    holder: Mapped[str | None] = mapped_column(sa.Text)
    held_until: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]
    problem: Mapped[str | None] = mapped_column(sa.Text)


class MaintenanceRow(Base):
    """A member's announced maintenance; ``services`` is None for all that it offers.

    ``late`` says that it was announced less than two days ahead (statute, 5.1.7).
    """

    __tablename__ = "maintenance"
    __table_args__ = (
        sa.CheckConstraint("ends_at > starts_at", name="ends_at"),
        sa.Index(None, "member"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member: Mapped[Code] = mapped_column(sa.ForeignKey("members.code"))
    services: Mapped[frozenset[str] | None] = mapped_column(NameSet)
    starts_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    reason: Mapped[str] = mapped_column(sa.Text)
    late: Mapped[bool]
    announced_at: Mapped[Moment]
    cancelled_at: Mapped[Moment | None]


class OutageRow(Base):
    """An outage of a service or of all that a member offers: ``about`` is ``service:…`` or ``member:…``."""

    __tablename__ = "outages"
    __table_args__ = (sa.Index(None, "about"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(sa.Text)
    cause: Mapped[str] = mapped_column(sa.Text)
    began_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]


class LeaseRow(Base):
    """Work that one process at a time does: who does it, and until when nobody else begins."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(sa.Text)
    until: Mapped[Moment]
