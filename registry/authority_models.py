"""The authority's tables: what it issued, which lists it published, and renewals under way.

What a serving bus counts of its rehearsals stands here too.  It is the one thing in the registry that is no act: a
figure that grows while a renewal is tried out, and that nobody decides anything by but the person who looks at it.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from esb.registry.columns import one_of, word
from esb.registry.models import Base, Code, Long, Moment, RevocationReason

SUBJECTS = ("bus", "bus-second", "member")
"""Whose key is renewed: the bus's first or second, or a member's."""


class IssuedRow(Base):
    """A certificate that the built-in authority issued.

    ``issuer`` is the SHA-256 of the authority's public key, ``key_sha256`` that of the certified one (both of the
    SubjectPublicKeyInfo, hex); ``serial`` is hex without leading zeros.  ``owner`` is None for the bus's own.
    """

    __tablename__ = "issued"
    __table_args__ = (
        one_of("revoked", [one.value for one in RevocationReason]),
        sa.CheckConstraint("(revoked IS NULL) = (revoked_at IS NULL)", name="revoked_at"),
        sa.CheckConstraint("length(sha256) = 64", name="sha256"),
        sa.UniqueConstraint("issuer", "serial"),
    )

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    der: Mapped[bytes] = mapped_column(sa.LargeBinary)
    issuer: Mapped[str] = mapped_column(sa.String(64))
    serial: Mapped[str] = mapped_column(sa.String(40))
    profile: Mapped[str] = mapped_column(sa.String(24))
    subject: Mapped[str] = mapped_column(sa.Text)
    owner: Mapped[Code | None] = mapped_column(sa.ForeignKey("members.code"), index=True)
    key_sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    not_before: Mapped[Moment]
    not_after: Mapped[Moment]
    requester: Mapped[str] = mapped_column(sa.Text)
    issued_at: Mapped[Moment]
    revoked: Mapped[RevocationReason | None] = mapped_column(word(RevocationReason))
    revoked_at: Mapped[Moment | None]


class PublishedListRow(Base):
    """A revocation list that was signed; ``base`` is None for a complete one."""

    __tablename__ = "published_lists"
    __table_args__ = (
        sa.CheckConstraint("base < number", name="base"),
        sa.CheckConstraint("length(sha256) = 64", name="sha256"),
    )

    issuer: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    base: Mapped[int | None] = mapped_column(sa.BigInteger)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    entries: Mapped[int]
    published_at: Mapped[Moment]
    next_update: Mapped[Moment]


class RenewalRow(Base):
    """A change from one key to the next, with both in force until it is cut over or given up.

    ``subject`` is one of :data:`SUBJECTS`, ``owner`` the member's code where it is a member's.  ``ends_at`` is when
    the overlap is to be over.  ``seen_at`` is when the next certificate was first met on the wire.
    """

    __tablename__ = "renewals"
    __table_args__ = (
        one_of("subject", SUBJECTS),
        sa.CheckConstraint("(subject = 'member') = (owner IS NOT NULL)", name="owner"),
        sa.CheckConstraint("cut_over_at IS NULL OR given_up_at IS NULL", name="end"),
        sa.CheckConstraint("length(old_sha256) = 64", name="old_sha256"),
        sa.CheckConstraint("length(next_sha256) = 64", name="next_sha256"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(24))
    owner: Mapped[Code | None] = mapped_column(sa.ForeignKey("members.code"), index=True)
    use: Mapped[str] = mapped_column(sa.String(24))
    old_sha256: Mapped[str] = mapped_column(sa.String(64))
    next_sha256: Mapped[str] = mapped_column(sa.String(64))
    author: Mapped[str] = mapped_column(sa.Text)
    begun_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    seen_at: Mapped[Moment | None]
    cut_over_at: Mapped[Moment | None]
    given_up_at: Mapped[Moment | None]


class RehearsalRow(Base):
    """What one process of one node has tried of a renewal of the bus's key, in figures."""

    __tablename__ = "rehearsals"

    renewal_id: Mapped[int] = mapped_column(sa.ForeignKey("renewals.id"), primary_key=True)
    node: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    worker: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rehearsed: Mapped[int] = mapped_column(Long)
    failed: Mapped[int] = mapped_column(Long)
    problem: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[Moment]
