"""Tables about persons whom messages name: where in messages they stand, and what of it is told them later."""

from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from esb.registry.columns import one_of, word
from esb.registry.models import Base, Moment


class Direction(Enum):
    """Which message of an operation."""

    REQUEST = "request"
    ANSWER = "answer"


class Telling(Enum):
    """What a person is told of a deferred question while it is deferred."""

    HIDDEN = "hidden"  # not even that there is one
    COUNTED = "counted"  # how many there are
    WHOLE = "whole"  # everything: the end of a deferral


class DeferralStatus(Enum):
    """How far a deferral has come; of those of a grant the approved one with the highest number counts."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class SubjectPathRow(Base):
    """A place in an operation's request or answer where a person's FIN stands, each step written in full."""

    __tablename__ = "subject_paths"
    __table_args__ = (one_of("direction", [one.value for one in Direction]),)

    service_id: Mapped[int] = mapped_column(sa.ForeignKey("services.id"), primary_key=True)
    operation: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    direction: Mapped[Direction] = mapped_column(word(Direction), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(sa.Text)


class DeferralRow(Base):
    """A rule by which persons are told later of what was asked under a grant.  Two officers make one.

    Told from ``until`` on, or ``days`` after the question; neither where ``telling`` is ``whole``.
    """

    __tablename__ = "deferrals"
    __table_args__ = (
        one_of("telling", [one.value for one in Telling]),
        one_of("status", [one.value for one in DeferralStatus]),
        sa.CheckConstraint("days > 0", name="days"),
        sa.CheckConstraint(
            "CASE WHEN telling = 'whole' THEN until IS NULL AND days IS NULL "
            "ELSE (until IS NULL) <> (days IS NULL) END",
            name="until",
        ),
        sa.CheckConstraint("(status = 'requested') = (decided_at IS NULL)", name="decided_at"),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_by"),
        sa.CheckConstraint("status <> 'approved' OR decided_by <> requested_by", name="two_officers"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    grant_id: Mapped[int] = mapped_column(sa.ForeignKey("grants.id"), index=True)
    telling: Mapped[Telling] = mapped_column(word(Telling))
    until: Mapped[Moment | None]
    days: Mapped[int | None]
    legal_basis: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[DeferralStatus] = mapped_column(word(DeferralStatus))
    requested_by: Mapped[str] = mapped_column(sa.Text)
    requested_at: Mapped[Moment]
    decided_by: Mapped[str | None] = mapped_column(sa.Text)
    decided_at: Mapped[Moment | None]
