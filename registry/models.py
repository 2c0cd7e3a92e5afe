"""The registry's tables.

Every act is one row of ``changes`` in the same transaction; its number is the registry's version.  Rows of services,
grants, certificates and contracts are never deleted: what was lawful once must stay explainable.
"""

from enum import Enum
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from esb.kernel.directory import (
    AnswerSignature,
    CertificateUse,
    Judgement,
    MemberStatus,
    ServiceStatus,
    SignatureMode,
)
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.columns import NameSet, UnixTime, one_of, word


class MemberKind(Enum):
    """What sort of body a member is."""

    STATE = "state"
    MUNICIPAL = "municipal"
    NON_STATE = "non-state"
    BANK = "bank"


class GrantStatus(Enum):
    """How far a grant has come.

    Only an approved one is read into the directory; whether its time is over, the wire sees.
    """

    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"


class RevocationReason(Enum):
    """Why a certificate is no longer relied upon: the reason names of RFC 5280, section 5.3.1."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    CA_COMPROMISE = "cACompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    CERTIFICATE_HOLD = "certificateHold"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"
    AA_COMPROMISE = "aACompromise"


ADAPTERS = ("soap", "hosted")
"""How the bus speaks to a provider: over SOAP, or to a typed service that it hosts itself."""

_SOAP_VERSIONS = ["1.1", "1.2"]  # as people write them, in the order of SoapVersion

Code = Annotated[str, mapped_column(sa.String(64))]
Moment = Annotated[float, mapped_column(UnixTime)]
Long = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows only in a column of type INTEGER


class Base(DeclarativeBase):
    """Gives every constraint a name of the same form on every database, so that a migration can speak of it."""

    metadata = sa.MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


class MemberRow(Base):
    """A participant.  ``voen`` is the taxpayer's number, ten digits."""

    __tablename__ = "members"
    __table_args__ = (
        one_of("kind", [one.value for one in MemberKind]),
        one_of("status", [one.value for one in MemberStatus]),
        sa.CheckConstraint("length(voen) = 10", name="voen"),
    )

    code: Mapped[Code] = mapped_column(primary_key=True)
    voen: Mapped[str | None] = mapped_column(sa.String(10), unique=True)
    name_az: Mapped[str] = mapped_column(sa.Text)
    name_en: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[MemberKind] = mapped_column(word(MemberKind))
    status: Mapped[MemberStatus] = mapped_column(word(MemberStatus))
    added_at: Mapped[Moment]


class SystemRow(Base):
    """An information system of a member: it offers services, asks under its own name, or both."""

    __tablename__ = "systems"

    member: Mapped[Code] = mapped_column(sa.ForeignKey("members.code"), primary_key=True)
    code: Mapped[Code] = mapped_column(primary_key=True)
    name_az: Mapped[str] = mapped_column(sa.Text)
    name_en: Mapped[str] = mapped_column(sa.Text)
    added_at: Mapped[Moment]


class ContractRow(Base):
    """A registered contract.  ``packed`` is opaque here; ``summary`` tells what it holds without opening it."""

    __tablename__ = "contracts"
    __table_args__ = (sa.CheckConstraint("length(sha256) = 64", name="sha256"),)

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    packed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    summary: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    added_at: Mapped[Moment]


class OperationRow(Base):
    """An operation of a contract.  Messages are told apart by their input element, so that is unique in a contract."""

    __tablename__ = "operations"
    __table_args__ = (sa.UniqueConstraint("contract", "name"), sa.UniqueConstraint("contract", "input"))

    contract: Mapped[str] = mapped_column(sa.String(64), sa.ForeignKey("contracts.sha256"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    input: Mapped[str] = mapped_column(sa.Text)
    output: Mapped[str | None] = mapped_column(sa.Text)
    soap_action: Mapped[str] = mapped_column(sa.Text)
    actions: Mapped[list[str]] = mapped_column(sa.JSON)
    output_action: Mapped[str] = mapped_column(sa.Text)


class ServiceRow(Base):
    """A registered resource: what is offered, where its provider is, and how it is treated."""

    __tablename__ = "services"
    __table_args__ = (
        sa.UniqueConstraint("member", "system", "code", "version"),
        sa.ForeignKeyConstraint(["member", "system"], ["systems.member", "systems.code"]),
        one_of("status", [one.value for one in ServiceStatus]),
        one_of("adapter", ADAPTERS),
        one_of("provider_version", _SOAP_VERSIONS),
        one_of("signature", [one.value for one in SignatureMode]),
        one_of("answer_signature", [one.value for one in AnswerSignature]),
        one_of("judge_request", [one.value for one in Judgement]),
        one_of("judge_answer", [one.value for one in Judgement]),
        sa.CheckConstraint("timeout > 0", name="timeout"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member: Mapped[Code]
    system: Mapped[Code]
    code: Mapped[Code]
    version: Mapped[str] = mapped_column(sa.String(5))
    status: Mapped[ServiceStatus] = mapped_column(word(ServiceStatus))
    endpoint: Mapped[str] = mapped_column(sa.Text)
    provider_version: Mapped[SoapVersion | None] = mapped_column(word(SoapVersion, lambda _: _SOAP_VERSIONS))
    adapter: Mapped[str] = mapped_column(sa.String(24))
    signature: Mapped[SignatureMode] = mapped_column(word(SignatureMode))
    answer_signature: Mapped[AnswerSignature] = mapped_column(word(AnswerSignature))
    judge_request: Mapped[Judgement] = mapped_column(word(Judgement))
    judge_answer: Mapped[Judgement] = mapped_column(word(Judgement))
    timeout: Mapped[float] = mapped_column(sa.Double)
    contract: Mapped[str] = mapped_column(sa.String(64), sa.ForeignKey("contracts.sha256"), index=True)
    added_at: Mapped[Moment]
    retention: Mapped[str | None] = mapped_column(sa.String(24))

    @property
    def name(self) -> ServiceId:
        """The resource's name."""
        return ServiceId(self.member, self.system, self.code, self.version)


class CertificateRow(Base):
    """A certificate that speaks for a member; ``owner`` is None for the bus's own."""

    __tablename__ = "certificates"
    __table_args__ = (
        one_of("use", [one.value for one in CertificateUse]),
        one_of("revoked", [one.value for one in RevocationReason]),
        sa.CheckConstraint("(revoked IS NULL) = (revoked_at IS NULL)", name="revoked_at"),
        sa.CheckConstraint("length(sha256) = 64", name="sha256"),
    )

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    der: Mapped[bytes] = mapped_column(sa.LargeBinary)
    owner: Mapped[Code | None] = mapped_column(sa.ForeignKey("members.code"), index=True)
    use: Mapped[CertificateUse] = mapped_column(word(CertificateUse))
    revoked: Mapped[RevocationReason | None] = mapped_column(word(RevocationReason))
    revoked_at: Mapped[Moment | None]
    added_at: Mapped[Moment]


class GrantRow(Base):
    """A consumer's leave to ask.  ``operations`` is None where all of the service's operations are granted.

    ``requested_by`` and ``decided_by`` are two officers, but for a grant that one officer gave ``in_one_act``; the
    database itself refuses anything else.  ``replaces`` is the grant that ends when this one is approved.
    """

    __tablename__ = "grants"
    __table_args__ = (
        sa.ForeignKeyConstraint(["consumer_member", "consumer_system"], ["systems.member", "systems.code"]),
        sa.Index(None, "consumer_member", "consumer_system"),
        sa.CheckConstraint("operations <> ''", name="operations"),
        sa.CheckConstraint("valid_until > valid_from", name="valid_until"),
        sa.CheckConstraint("per_second > 0", name="per_second"),
        sa.CheckConstraint("per_day > 0", name="per_day"),
        sa.CheckConstraint("length(document) = 64", name="document"),
        sa.CheckConstraint("(status = 'revoked') = (revoked_at IS NOT NULL)", name="revoked_at"),
        sa.CheckConstraint("(status = 'requested') = (decided_at IS NULL)", name="decided_at"),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_by"),
        sa.CheckConstraint(
            "status IN ('requested', 'declined', 'withdrawn') OR in_one_act OR decided_by <> requested_by",
            name="two_officers",
        ),
        one_of("status", [one.value for one in GrantStatus]),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # The member needs a key of its own: the composite one is not checked where the system is NULL.
    consumer_member: Mapped[Code] = mapped_column(sa.ForeignKey("members.code"))
    consumer_system: Mapped[Code | None]
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("services.id"), index=True)
    operations: Mapped[frozenset[str] | None] = mapped_column(NameSet)
    purpose: Mapped[str] = mapped_column(sa.Text)
    legal_basis: Mapped[str] = mapped_column(sa.Text)
    valid_from: Mapped[Moment]
    valid_until: Mapped[Moment | None]
    per_second: Mapped[int | None]
    per_day: Mapped[int | None]
    required_fields: Mapped[frozenset[str]] = mapped_column(NameSet)
    document: Mapped[str | None] = mapped_column(sa.String(64))
    status: Mapped[GrantStatus] = mapped_column(word(GrantStatus))
    in_one_act: Mapped[bool]
    requested_by: Mapped[str] = mapped_column(sa.Text)
    decided_by: Mapped[str | None] = mapped_column(sa.Text)
    decided_at: Mapped[Moment | None]
    replaces: Mapped[int | None] = mapped_column(sa.ForeignKey("grants.id"))
    revoked_at: Mapped[Moment | None]
    added_at: Mapped[Moment]

    service: Mapped[ServiceRow] = relationship(lazy="joined", innerjoin=True)

    @property
    def consumer(self) -> str:
        """``MEMBER`` or ``MEMBER/SYSTEM``."""
        if self.consumer_system is None:
            return self.consumer_member
        return f"{self.consumer_member}/{self.consumer_system}"


class ChangeRow(Base):
    """One act: who did what to which thing, and when.  ``detail`` holds what was set, or ``[before, after]`` pairs."""

    __tablename__ = "changes"
    # The acts upon one thing are its history, which people ask for.
    __table_args__ = (sa.Index(None, "kind", "key"), {"sqlite_autoincrement": True})

    number: Mapped[int] = mapped_column(Long, primary_key=True)
    at: Mapped[Moment]
    author: Mapped[str] = mapped_column(sa.Text)
    act: Mapped[str] = mapped_column(sa.String(24))
    kind: Mapped[str] = mapped_column(sa.String(24))
    key: Mapped[str] = mapped_column(sa.Text)
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
