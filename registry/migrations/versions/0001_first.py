"""The first schema: members, systems, services with contracts, certificates, grants, and the list of changes.

A revision speaks for itself and imports nothing of the program: it must still mean the same when the models moved on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "changes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("act", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_changes")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "contracts",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_contracts_sha256")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_contracts")),
    )
    op.create_table(
        "members",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("voen", sa.String(length=10)),
        sa.Column("name_az", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('state', 'municipal', 'non-state', 'bank')", name=op.f("ck_members_kind")),
        sa.CheckConstraint("status IN ('applied', 'active', 'suspended', 'left')", name=op.f("ck_members_status")),
        sa.CheckConstraint("length(voen) = 10", name=op.f("ck_members_voen")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_members")),
        sa.UniqueConstraint("voen", name=op.f("uq_members_voen")),
    )
    op.create_table(
        "certificates",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("owner", sa.String(length=64)),
        sa.Column("use", sa.String(length=24), nullable=False),
        sa.Column("revoked", sa.String(length=24)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "revoked IN ('unspecified', 'keyCompromise', 'cACompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation', 'certificateHold', 'privilegeWithdrawn', 'aACompromise')",
            name=op.f("ck_certificates_revoked"),
        ),
        sa.CheckConstraint("use IN ('signing', 'tls')", name=op.f("ck_certificates_use")),
        sa.CheckConstraint("(revoked IS NULL) = (revoked_at IS NULL)", name=op.f("ck_certificates_revoked_at")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_certificates_sha256")),
        sa.ForeignKeyConstraint(["owner"], ["members.code"], name=op.f("fk_certificates_owner")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_certificates")),
    )
    op.create_index(op.f("ix_certificates_owner"), "certificates", ["owner"])
    op.create_table(
        "operations",
        sa.Column("contract", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("input", sa.Text(), nullable=False),
        sa.Column("output", sa.Text()),
        sa.Column("soap_action", sa.Text(), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("output_action", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contract"], ["contracts.sha256"], name=op.f("fk_operations_contract")),
        sa.PrimaryKeyConstraint("contract", "position", name=op.f("pk_operations")),
        sa.UniqueConstraint("contract", "input", name=op.f("uq_operations_contract_input")),
        sa.UniqueConstraint("contract", "name", name=op.f("uq_operations_contract_name")),
    )
    op.create_table(
        "systems",
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name_az", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member"], ["members.code"], name=op.f("fk_systems_member")),
        sa.PrimaryKeyConstraint("member", "code", name=op.f("pk_systems")),
    )
    op.create_table(
        "services",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=5), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("provider_version", sa.String(length=24)),
        sa.Column("adapter", sa.String(length=24), nullable=False),
        sa.Column("signature", sa.String(length=24), nullable=False),
        sa.Column("answer_signature", sa.String(length=24), nullable=False),
        sa.Column("judge_request", sa.String(length=24), nullable=False),
        sa.Column("judge_answer", sa.String(length=24), nullable=False),
        sa.Column("timeout", sa.Double(), nullable=False),
        sa.Column("contract", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("adapter IN ('soap', 'hosted')", name=op.f("ck_services_adapter")),
        sa.CheckConstraint("answer_signature IN ('required', 'ignored')", name=op.f("ck_services_answer_signature")),
        sa.CheckConstraint("judge_answer IN ('enforce', 'warn', 'off')", name=op.f("ck_services_judge_answer")),
        sa.CheckConstraint("judge_request IN ('enforce', 'warn', 'off')", name=op.f("ck_services_judge_request")),
        sa.CheckConstraint("provider_version IN ('1.1', '1.2')", name=op.f("ck_services_provider_version")),
        sa.CheckConstraint("signature IN ('bus', 'carry', 'none')", name=op.f("ck_services_signature")),
        sa.CheckConstraint("status IN ('active', 'suspended', 'retired')", name=op.f("ck_services_status")),
        sa.CheckConstraint("timeout > 0", name=op.f("ck_services_timeout")),
        sa.ForeignKeyConstraint(["contract"], ["contracts.sha256"], name=op.f("fk_services_contract")),
        sa.ForeignKeyConstraint(
            ["member", "system"], ["systems.member", "systems.code"], name=op.f("fk_services_member_system")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        sa.UniqueConstraint("member", "system", "code", "version", name=op.f("uq_services_member_system_code_version")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_services_contract"), "services", ["contract"])
    op.create_table(
        "grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consumer_member", sa.String(length=64), nullable=False),
        sa.Column("consumer_system", sa.String(length=64)),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("operations", sa.Text()),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True)),
        sa.Column("per_second", sa.Integer()),
        sa.Column("per_day", sa.Integer()),
        sa.Column("required_fields", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("operations <> ''", name=op.f("ck_grants_operations")),
        sa.CheckConstraint("per_day > 0", name=op.f("ck_grants_per_day")),
        sa.CheckConstraint("per_second > 0", name=op.f("ck_grants_per_second")),
        sa.CheckConstraint("valid_until > valid_from", name=op.f("ck_grants_valid_until")),
        sa.ForeignKeyConstraint(
            ["consumer_member", "consumer_system"],
            ["systems.member", "systems.code"],
            name=op.f("fk_grants_consumer_member_consumer_system"),
        ),
        sa.ForeignKeyConstraint(["consumer_member"], ["members.code"], name=op.f("fk_grants_consumer_member")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_grants_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_grants_consumer_member_consumer_system"), "grants", ["consumer_member", "consumer_system"])
    op.create_index(op.f("ix_grants_service_id"), "grants", ["service_id"])


def downgrade() -> None:
    """Refuse: before this revision there is nothing, and going there would destroy the registry."""
    raise RuntimeError("revision 0001 is the first: to begin anew, make an empty database instead of a downgrade")
