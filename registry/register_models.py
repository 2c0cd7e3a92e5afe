"""Tables of the registers of resources and of the document archive."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from esb.registry.columns import one_of, word
from esb.registry.models import Base, Code, Long, Moment
from esb.registry.resource_entry import Register, ResourceStatus


class DocumentRow(Base):
    """An archived document, found by its digest.  When its time has passed the content goes, and what it was stays."""

    __tablename__ = "documents"
    __table_args__ = (
        sa.CheckConstraint("length(sha256) = 64", name="sha256"),
        sa.CheckConstraint("size > 0", name="size"),
        sa.CheckConstraint("(content IS NULL) = (expired_at IS NOT NULL)", name="expired_at"),
    )

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    media_type: Mapped[str] = mapped_column(sa.String(127))
    size: Mapped[int] = mapped_column(Long)
    # Loaded only where it is asked for: a list of documents must not read megabytes.
    content: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    keep_until: Mapped[Moment | None] = mapped_column(index=True)
    expired_at: Mapped[Moment | None]
    added_at: Mapped[Moment]
    added_by: Mapped[str] = mapped_column(sa.Text)


class ResourceVersionRow(Base):
    """One version of an entry of a register: whole, in canonical JSON, with its digest.  Never changed.

    The version with the highest number is the one in force; at an earlier time, the highest whose ``at`` is not later.
    """

    __tablename__ = "resource_versions"
    __table_args__ = (
        one_of("register", [one.value for one in Register]),
        one_of("status", [one.value for one in ResourceStatus]),
        sa.CheckConstraint("number > 0", name="number"),
        sa.CheckConstraint("length(sha256) = 64", name="sha256"),
    )

    code: Mapped[str] = mapped_column(sa.String(129), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    register: Mapped[Register] = mapped_column(word(Register))
    owner: Mapped[Code] = mapped_column(sa.ForeignKey("members.code"), index=True)
    status: Mapped[ResourceStatus] = mapped_column(word(ResourceStatus))
    # As text, not as the database's own JSON, which would order and space it in its own way.
    document: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[Moment] = mapped_column(index=True)
    author: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.Text)


class ExtractRow(Base):
    """A signed extract that was made of one version of an entry.  Who has its id (128 random bits) may see it."""

    __tablename__ = "extracts"
    __table_args__ = (
        sa.ForeignKeyConstraint(["code", "version"], ["resource_versions.code", "resource_versions.number"]),
        sa.Index(None, "code", "version"),
        sa.CheckConstraint("length(id) = 32", name="id"),
        sa.CheckConstraint("length(signer) = 64", name="signer"),
    )

    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(129))
    version: Mapped[int]
    as_of: Mapped[Moment | None]
    issuer: Mapped[str] = mapped_column(sa.Text)
    signer: Mapped[str] = mapped_column(sa.String(64))
    xml: Mapped[str] = mapped_column(sa.String(64), sa.ForeignKey("documents.sha256"))
    pdf: Mapped[str] = mapped_column(sa.String(64), sa.ForeignKey("documents.sha256"))
    made_at: Mapped[Moment]
    made_by: Mapped[str] = mapped_column(sa.Text)
