"""Tables beside a member: the people to turn to, and its agreements with the operator.

Nothing here is overwritten: who was a contact and which agreement was in force at some time must stay explainable.
"""

from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from esb.registry.columns import NameSet
from esb.registry.models import Base, Code, Moment


class ContactRole(Enum):
    """What a contact is asked about."""

    RESPONSIBLE = "responsible"  # answers for the member's taking part
    TECHNICAL = "technical"  # outages, contracts, maintenance
    SECURITY = "security"  # keys, incidents


class ContactRow(Base):
    """A person to turn to.  A changed contact is a new row; the one before it has ended."""

    __tablename__ = "contacts"
    __table_args__ = (
        sa.CheckConstraint("roles <> ''", name="roles"),
        sa.CheckConstraint("ended_at >= added_at", name="ended_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member: Mapped[Code] = mapped_column(sa.ForeignKey("members.code"), index=True)
    roles: Mapped[frozenset[str]] = mapped_column(NameSet)
    name: Mapped[str] = mapped_column(sa.Text)
    office: Mapped[str] = mapped_column(sa.Text)
    email: Mapped[str] = mapped_column(sa.String(254))
    telephone: Mapped[str] = mapped_column(sa.String(16))
    added_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]


class AgreementRow(Base):
    """An agreement between a member and the operator.  ``document`` is the digest of its archived text."""

    __tablename__ = "agreements"
    __table_args__ = (
        sa.UniqueConstraint("member", "number"),
        sa.CheckConstraint("length(document) = 64", name="document"),
        sa.CheckConstraint("ends_at > signed_at", name="ends_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member: Mapped[Code] = mapped_column(sa.ForeignKey("members.code"))
    number: Mapped[str] = mapped_column(sa.String(64))
    signed_at: Mapped[Moment]
    ends_at: Mapped[Moment | None]
    # Set when it was ended before its time, or without one.
    ended_at: Mapped[Moment | None]
    document: Mapped[str | None] = mapped_column(sa.String(64))
    added_at: Mapped[Moment]

    def in_force(self, now: float) -> bool:
        """Whether it is in force at ``now`` (Unix seconds)."""
        ends = [moment for moment in (self.ends_at, self.ended_at) if moment is not None]
        return self.signed_at <= now < min(ends, default=now + 1)
