"""Tables of what the registry published of itself: documents, the keys that signed them, and what is newest."""

from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from esb.registry.columns import one_of, word
from esb.registry.models import Base, Long, Moment


class PublicationKind(Enum):
    """What a published document is."""

    FULL = "full"
    DELTA = "delta"


class PublicationRow(Base):
    """A published document.  Old ones lose their content; that they were published stays, for it makes the chain.

    ``previous`` is the version that a delta begins at, and the own one of a whole snapshot.
    """

    __tablename__ = "publications"
    __table_args__ = (
        one_of("kind", [one.value for one in PublicationKind]),
        sa.CheckConstraint("length(digest) = 64", name="digest"),
        sa.Index(None, "kind", "version"),
    )

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    kind: Mapped[PublicationKind] = mapped_column(word(PublicationKind))
    previous: Mapped[int] = mapped_column(Long)
    version: Mapped[int] = mapped_column(Long)
    chain: Mapped[str] = mapped_column(sa.String(64))
    payload_digest: Mapped[str] = mapped_column(sa.String(64))
    signer: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int] = mapped_column(Long)
    # Loaded only where it is asked for: a snapshot may have tens of megabytes.
    document: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    at: Mapped[Moment]


class PublicationKeyRow(Base):
    """An announcement of the keys that sign from then on, signed by one that was trusted before."""

    __tablename__ = "publication_keys"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[bytes] = mapped_column(sa.LargeBinary)
    at: Mapped[Moment]


class PublicationHeadRow(Base):
    """The one row that says whose the documents are and what is newest: the signed timestamp."""

    __tablename__ = "publication_head"
    __table_args__ = (sa.CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    identity: Mapped[str] = mapped_column(sa.String(64))
    document: Mapped[bytes] = mapped_column(sa.LargeBinary)
    issued: Mapped[Moment]
