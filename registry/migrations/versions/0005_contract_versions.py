"""Contract versions, and when services end."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of contracts' revisions and of sunsets."""
    op.create_table(
        "contract_revisions",
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("contract", sa.String(length=64), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("report", sa.JSON()),
        sa.CheckConstraint("number > 0", name=op.f("ck_contract_revisions_number")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_contract_revisions_service_id")),
        sa.ForeignKeyConstraint(["contract"], ["contracts.sha256"], name=op.f("fk_contract_revisions_contract")),
        sa.PrimaryKeyConstraint("service_id", "number", name=op.f("pk_contract_revisions")),
    )
    op.create_index(op.f("ix_contract_revisions_contract"), "contract_revisions", ["contract"])
    op.create_table(
        "sunsets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("successor_id", sa.Integer()),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.Text()),
        sa.CheckConstraint("at > set_at", name=op.f("ck_sunsets_at")),
        sa.CheckConstraint("ended_at >= set_at", name=op.f("ck_sunsets_ended_at")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_sunsets_ended_by")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_sunsets_service_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["services.id"], name=op.f("fk_sunsets_successor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sunsets")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sunsets_service_id_ended_at"), "sunsets", ["service_id", "ended_at"])


def downgrade() -> None:
    """Refuse: what was recorded since is not thrown away."""
    raise RuntimeError("restore a backup instead of a downgrade")
