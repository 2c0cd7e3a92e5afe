"""What the authority issued and took back; the lists that it published; renewals under way."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the authority's tables."""
    op.create_table(
        "issued",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("issuer", sa.String(length=64), nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("profile", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=64)),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked", sa.String(length=24)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "revoked IN ('unspecified', 'keyCompromise', 'cACompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation', 'certificateHold', 'privilegeWithdrawn', 'aACompromise')",
            name=op.f("ck_issued_revoked"),
        ),
        sa.CheckConstraint("(revoked IS NULL) = (revoked_at IS NULL)", name=op.f("ck_issued_revoked_at")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_issued_sha256")),
        sa.ForeignKeyConstraint(["owner"], ["members.code"], name=op.f("fk_issued_owner")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_issued")),
        sa.UniqueConstraint("issuer", "serial", name=op.f("uq_issued_issuer_serial")),
    )
    op.create_index(op.f("ix_issued_key_sha256"), "issued", ["key_sha256"])
    op.create_index(op.f("ix_issued_owner"), "issued", ["owner"])
    op.create_table(
        "published_lists",
        sa.Column("issuer", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("base", sa.BigInteger()),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("base < number", name=op.f("ck_published_lists_base")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_published_lists_sha256")),
        sa.PrimaryKeyConstraint("issuer", "number", name=op.f("pk_published_lists")),
    )
    op.create_table(
        "renewals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=24), nullable=False),
        sa.Column("owner", sa.String(length=64)),
        sa.Column("use", sa.String(length=24), nullable=False),
        sa.Column("old_sha256", sa.String(length=64), nullable=False),
        sa.Column("next_sha256", sa.String(length=64), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.Column("cut_over_at", sa.DateTime(timezone=True)),
        sa.Column("given_up_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("subject IN ('bus', 'bus-second', 'member')", name=op.f("ck_renewals_subject")),
        sa.CheckConstraint("(subject = 'member') = (owner IS NOT NULL)", name=op.f("ck_renewals_owner")),
        sa.CheckConstraint("cut_over_at IS NULL OR given_up_at IS NULL", name=op.f("ck_renewals_end")),
        sa.CheckConstraint("length(old_sha256) = 64", name=op.f("ck_renewals_old_sha256")),
        sa.CheckConstraint("length(next_sha256) = 64", name=op.f("ck_renewals_next_sha256")),
        sa.ForeignKeyConstraint(["owner"], ["members.code"], name=op.f("fk_renewals_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewals")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_renewals_owner"), "renewals", ["owner"])
    op.create_table(
        "rehearsals",
        sa.Column("renewal_id", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("worker", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rehearsed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("failed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["renewal_id"], ["renewals.id"], name=op.f("fk_rehearsals_renewal_id")),
        sa.PrimaryKeyConstraint("renewal_id", "node", "worker", name=op.f("pk_rehearsals")),
    )


def downgrade() -> None:
    """Refuse: what was recorded since is not thrown away."""
    raise RuntimeError("restore a backup instead of a downgrade")
