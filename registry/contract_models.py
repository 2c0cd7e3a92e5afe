"""Tables of contracts in time: the revisions that a service's contract went through, and when a service ends."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from esb.registry.models import Base, Moment


class RevisionRow(Base):
    """A contract that a service stood on from some time on.  The newest is the one in ``services``."""

    __tablename__ = "contract_revisions"
    __table_args__ = (
        sa.CheckConstraint("number > 0", name="number"),
        sa.Index(None, "contract"),
    )

    service_id: Mapped[int] = mapped_column(sa.ForeignKey("services.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    contract: Mapped[str] = mapped_column(sa.String(64), sa.ForeignKey("contracts.sha256"))
    from_at: Mapped[Moment]
    author: Mapped[str] = mapped_column(sa.Text)
    report: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))


class SunsetRow(Base):
    """When a service ends.  A date that was changed or taken back has ended; the row stays."""

    __tablename__ = "sunsets"
    __table_args__ = (
        sa.CheckConstraint("at > set_at", name="at"),
        sa.CheckConstraint("ended_at >= set_at", name="ended_at"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by"),
        sa.Index(None, "service_id", "ended_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("services.id"))
    at: Mapped[Moment]
    successor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("services.id"))
    set_at: Mapped[Moment]
    set_by: Mapped[str] = mapped_column(sa.Text)
    ended_at: Mapped[Moment | None]
    ended_by: Mapped[str | None] = mapped_column(sa.Text)
