"""The two registers: resources, personal-data systems, their versions, and documents."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of the registers."""
    op.create_table(
        "documents",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=127), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("keep_until", sa.DateTime(timezone=True)),
        sa.Column("expired_at", sa.DateTime(timezone=True)),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.CheckConstraint("(content IS NULL) = (expired_at IS NOT NULL)", name=op.f("ck_documents_expired_at")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_documents_sha256")),
        sa.CheckConstraint("size > 0", name=op.f("ck_documents_size")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_documents")),
    )
    op.create_index(op.f("ix_documents_keep_until"), "documents", ["keep_until"])
    op.create_table(
        "resource_versions",
        sa.Column("code", sa.String(length=129), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("register", sa.String(length=24), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_resource_versions_sha256")),
        sa.CheckConstraint("number > 0", name=op.f("ck_resource_versions_number")),
        sa.CheckConstraint(
            "register IN ('information-resources', 'personal-data-systems')",
            name=op.f("ck_resource_versions_register"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'registered', 'suspended', 'retired', 'archived')",
            name=op.f("ck_resource_versions_status"),
        ),
        sa.ForeignKeyConstraint(["owner"], ["members.code"], name=op.f("fk_resource_versions_owner")),
        sa.PrimaryKeyConstraint("code", "number", name=op.f("pk_resource_versions")),
    )
    op.create_index(op.f("ix_resource_versions_at"), "resource_versions", ["at"])
    op.create_index(op.f("ix_resource_versions_owner"), "resource_versions", ["owner"])
    op.create_table(
        "extracts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=129), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True)),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("signer", sa.String(length=64), nullable=False),
        sa.Column("xml", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.CheckConstraint("length(id) = 32", name=op.f("ck_extracts_id")),
        sa.CheckConstraint("length(signer) = 64", name=op.f("ck_extracts_signer")),
        sa.ForeignKeyConstraint(
            ["code", "version"],
            ["resource_versions.code", "resource_versions.number"],
            name=op.f("fk_extracts_code_version"),
        ),
        sa.ForeignKeyConstraint(["pdf"], ["documents.sha256"], name=op.f("fk_extracts_pdf")),
        sa.ForeignKeyConstraint(["xml"], ["documents.sha256"], name=op.f("fk_extracts_xml")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extracts")),
    )
    op.create_index(op.f("ix_extracts_code_version"), "extracts", ["code", "version"])


def downgrade() -> None:
    """Refuse: what was recorded since is not thrown away."""
    raise RuntimeError("restore a backup instead of a downgrade")
