"""Tables of the connection procedure: applications with their documents, reports of checks, inspections, findings.

Each act upon one of them is a row of ``changes`` under its kind and number: that is its history.
"""

from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from esb.registry.columns import one_of, word
from esb.registry.models import Base, Code, Moment
from esb.registry.procedure import Kind, State


class InspectionState(Enum):
    """Where an inspection stands."""

    PLANNED = "planned"
    UNDER_WAY = "under-way"
    DRAFTED = "drafted"
    AGREED = "agreed"
    OBJECTED = "objected"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Point(Enum):
    """A point of the checklist (bulletin, monitoring of the connected systems)."""

    FIN = "fin"
    PERSONAL_DATA = "personal-data"
    DATABASE = "database"
    PURPOSE = "purpose"
    EXCHANGE = "exchange"
    SOAP = "soap"
    INTEGRATION = "integration"


class Verdict(Enum):
    """What was found on a point."""

    CONFORM = "conform"
    NOT_CONFORM = "not-conform"
    NOT_APPLICABLE = "not-applicable"


class Severity(Enum):
    """How grave a finding is."""

    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class FindingState(Enum):
    """How far a finding is mended."""

    OPEN = "open"
    MENDED = "mended"
    CONFIRMED = "confirmed"
    OVERDUE = "overdue"


class CheckReportRow(Base):
    """A report of checks, word for word, under the SHA-256 of its text."""

    __tablename__ = "check_reports"
    __table_args__ = (sa.CheckConstraint("length(sha256) = 64", name="sha256"),)

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.Text)
    passed: Mapped[bool]
    report: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[Moment]
    made_by: Mapped[str] = mapped_column(sa.Text)


class ApplicationRow(Base):
    """An application about a member's service or resource.

    ``contract`` is the digest of a packed contract: a registered one, or, where the bus could not serve it as it is,
    one in the document archive.  ``replaces`` is the application whose connection this one changes or ends.
    ``opinion_by`` is never ``filed_by``, and neither is ``decided_by``; the database itself holds to it.
    """

    __tablename__ = "applications"
    __table_args__ = (
        one_of("kind", [one.value for one in Kind]),
        one_of("state", [one.value for one in State]),
        sa.CheckConstraint("length(contract) = 64", name="contract"),
        sa.CheckConstraint("opinion_by <> filed_by", name="opinion_by"),
        sa.CheckConstraint("decided_by <> filed_by", name="decided_by"),
        sa.CheckConstraint("(favourable IS NULL) = (opinion_by IS NULL)", name="favourable"),
        sa.Index(None, "state", "due_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(word(Kind))
    applicant: Mapped[Code] = mapped_column(sa.ForeignKey("members.code"), index=True)
    subject: Mapped[str] = mapped_column(sa.Text, index=True)
    state: Mapped[State] = mapped_column(word(State))
    particulars: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    contract: Mapped[str | None] = mapped_column(sa.String(64))
    report: Mapped[str | None] = mapped_column(sa.String(64), sa.ForeignKey("check_reports.sha256"))
    favourable: Mapped[bool | None]
    opinion: Mapped[str | None] = mapped_column(sa.Text)
    opinion_by: Mapped[str | None] = mapped_column(sa.Text)
    decided_by: Mapped[str | None] = mapped_column(sa.Text)
    replaces: Mapped[int | None] = mapped_column(sa.ForeignKey("applications.id"))
    filed_by: Mapped[str] = mapped_column(sa.Text)
    filed_at: Mapped[Moment]
    moved_at: Mapped[Moment]
    due_at: Mapped[Moment | None]


class ApplicationDocumentRow(Base):
    """A document that belongs to an application."""

    __tablename__ = "application_documents"

    application: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), sa.ForeignKey("documents.sha256"), primary_key=True)
    title: Mapped[str] = mapped_column(sa.Text)
    added_at: Mapped[Moment]


class InspectionRow(Base):
    """An inspection of a member, or of one of its resources or services (``subject``)."""

    __tablename__ = "inspections"
    __table_args__ = (
        one_of("state", [one.value for one in InspectionState]),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member: Mapped[Code] = mapped_column(sa.ForeignKey("members.code"), index=True)
    subject: Mapped[str | None] = mapped_column(sa.Text)
    state: Mapped[InspectionState] = mapped_column(word(InspectionState))
    reason: Mapped[str] = mapped_column(sa.Text)
    planned_for: Mapped[Moment]
    report: Mapped[str | None] = mapped_column(sa.Text)
    drafted_by: Mapped[str | None] = mapped_column(sa.Text)
    objections: Mapped[str | None] = mapped_column(sa.Text)
    check_report: Mapped[str | None] = mapped_column(sa.String(64), sa.ForeignKey("check_reports.sha256"))
    planned_by: Mapped[str] = mapped_column(sa.Text)
    planned_at: Mapped[Moment]
    due_at: Mapped[Moment | None]


class InspectionPointRow(Base):
    """What was found on one point of the checklist."""

    __tablename__ = "inspection_points"
    __table_args__ = (
        one_of("point", [one.value for one in Point]),
        one_of("verdict", [one.value for one in Verdict]),
    )

    inspection: Mapped[int] = mapped_column(sa.ForeignKey("inspections.id"), primary_key=True)
    point: Mapped[Point] = mapped_column(word(Point), primary_key=True)
    verdict: Mapped[Verdict] = mapped_column(word(Verdict))
    remark: Mapped[str] = mapped_column(sa.Text)
    held_by: Mapped[str] = mapped_column(sa.Text)
    held_at: Mapped[Moment]


class InspectionDocumentRow(Base):
    """A document that was seen on a point."""

    __tablename__ = "inspection_documents"
    __table_args__ = (one_of("point", [one.value for one in Point]),)

    inspection: Mapped[int] = mapped_column(sa.ForeignKey("inspections.id"), primary_key=True)
    point: Mapped[Point] = mapped_column(word(Point), primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), sa.ForeignKey("documents.sha256"), primary_key=True)


class FindingRow(Base):
    """What an inspection wants mended, by whom and until when.  Who confirms is not who claimed it mended."""

    __tablename__ = "findings"
    __table_args__ = (
        one_of("point", [one.value for one in Point]),
        one_of("severity", [one.value for one in Severity]),
        one_of("state", [one.value for one in FindingState]),
        sa.CheckConstraint("confirmed_by <> mended_by", name="confirmed_by"),
        sa.Index(None, "state", "due_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    inspection: Mapped[int] = mapped_column(sa.ForeignKey("inspections.id"), index=True)
    point: Mapped[Point] = mapped_column(word(Point))
    severity: Mapped[Severity] = mapped_column(word(Severity))
    text: Mapped[str] = mapped_column(sa.Text)
    responsible: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[FindingState] = mapped_column(word(FindingState))
    found_by: Mapped[str] = mapped_column(sa.Text)
    found_at: Mapped[Moment]
    due_at: Mapped[Moment]
    mended_by: Mapped[str | None] = mapped_column(sa.Text)
    mended_at: Mapped[Moment | None]
    remedy: Mapped[str | None] = mapped_column(sa.Text)
    confirmed_by: Mapped[str | None] = mapped_column(sa.Text)
