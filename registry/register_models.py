"""Tables of the registers of resources and of the document archive."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from esb.registry.models import Base, Long, Moment


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
