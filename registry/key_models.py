"""Tables about keys: those that the bus hosts for members, and what authorities said of certificates' revocation."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from esb.registry.columns import one_of
from esb.registry.models import Base, Code, Long, Moment


class HostedKeyRow(Base):
    """A signing key of a member that signs nothing itself.  A member has one in force; those before it have ended.

    ``place`` is a file below the home's folder of keys, which holds the key or says where in a device it is.
    """

    __tablename__ = "hosted_keys"
    __table_args__ = (sa.CheckConstraint("ended_at >= added_at", name="ended_at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    member: Mapped[Code] = mapped_column(sa.ForeignKey("members.code"), index=True)
    place: Mapped[str] = mapped_column(sa.Text)
    certificate: Mapped[str] = mapped_column(sa.String(64), sa.ForeignKey("certificates.sha256"), unique=True)
    added_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]


class RevocationDataRow(Base):
    """An OCSP answer or a revocation list as it was received and verified, and the time that it speaks for.

    ``subject`` is the certificate's SHA-256 for an OCSP answer, the issuer's (of its canonical name) for a list.
    """

    __tablename__ = "revocation_data"
    __table_args__ = (
        one_of("kind", ["crl", "ocsp"]),
        one_of("status", ["good", "revoked"]),
        sa.CheckConstraint("(kind = 'crl') = (status IS NULL)", name="of_one"),
        sa.CheckConstraint("length(sha256) = 64", name="sha256"),
        sa.Index(None, "subject", "valid_from"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Long, primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    kind: Mapped[str] = mapped_column(sa.String(24))
    subject: Mapped[str] = mapped_column(sa.String(64))
    data: Mapped[bytes] = mapped_column(sa.LargeBinary)
    status: Mapped[str | None] = mapped_column(sa.String(24))
    reason: Mapped[str | None] = mapped_column(sa.String(24))
    valid_from: Mapped[Moment]
    valid_until: Mapped[Moment]
    kept_at: Mapped[Moment]
