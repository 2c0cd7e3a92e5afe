"""Keys that the bus hosts for members that sign nothing themselves; what authorities said of revocation, kept."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let answers be signed with a member's hosted key, and keep OCSP answers and revocation lists."""
    op.create_table(
        "hosted_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("certificate", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("ended_at >= added_at", name=op.f("ck_hosted_keys_ended_at")),
        sa.ForeignKeyConstraint(["certificate"], ["certificates.sha256"], name=op.f("fk_hosted_keys_certificate")),
        sa.ForeignKeyConstraint(["member"], ["members.code"], name=op.f("fk_hosted_keys_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosted_keys")),
        sa.UniqueConstraint("certificate", name=op.f("uq_hosted_keys_certificate")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_hosted_keys_member"), "hosted_keys", ["member"])
    op.create_table(
        "revocation_data",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(length=24)),
        sa.Column("reason", sa.String(length=24)),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('crl', 'ocsp')", name=op.f("ck_revocation_data_kind")),
        sa.CheckConstraint("status IN ('good', 'revoked')", name=op.f("ck_revocation_data_status")),
        sa.CheckConstraint("(kind = 'crl') = (status IS NULL)", name=op.f("ck_revocation_data_of_one")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_revocation_data_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocation_data")),
        sa.UniqueConstraint("sha256", name=op.f("uq_revocation_data_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_revocation_data_subject_valid_from"), "revocation_data", ["subject", "valid_from"])
    with op.batch_alter_table("services", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_constraint(op.f("ck_services_answer_signature"), type_="check")
        table.create_check_constraint(
            op.f("ck_services_answer_signature"), "answer_signature IN ('required', 'ignored', 'hosted')"
        )


def downgrade() -> None:
    """Refuse: what was recorded since is not thrown away."""
    raise RuntimeError("restore a backup instead of a downgrade")
