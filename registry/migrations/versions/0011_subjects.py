"""Where messages name persons, and what persons are told of it later."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let services say where their messages name persons, and grants by which rule those are told later."""
    op.create_table(
        "subject_paths",
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("direction", sa.String(length=24), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.CheckConstraint("direction IN ('request', 'answer')", name=op.f("ck_subject_paths_direction")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_subject_paths_service_id")),
        sa.PrimaryKeyConstraint(
            "service_id", "operation", "direction", "position", name=op.f("pk_subject_paths")
        ),
    )
    op.create_table(
        "deferrals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("telling", sa.String(length=24), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("days", sa.Integer()),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("telling IN ('hidden', 'counted', 'whole')", name=op.f("ck_deferrals_telling")),
        sa.CheckConstraint(
            "status IN ('requested', 'approved', 'declined', 'withdrawn')", name=op.f("ck_deferrals_status")
        ),
        sa.CheckConstraint("days > 0", name=op.f("ck_deferrals_days")),
        sa.CheckConstraint(
            "CASE WHEN telling = 'whole' THEN until IS NULL AND days IS NULL "
            "ELSE (until IS NULL) <> (days IS NULL) END",
            name=op.f("ck_deferrals_until"),
        ),
        sa.CheckConstraint("(status = 'requested') = (decided_at IS NULL)", name=op.f("ck_deferrals_decided_at")),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_deferrals_decided_by")),
        sa.CheckConstraint(
            "status <> 'approved' OR decided_by <> requested_by", name=op.f("ck_deferrals_two_officers")
        ),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_deferrals_grant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deferrals")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_deferrals_grant_id"), "deferrals", ["grant_id"])


def downgrade() -> None:
    """Refuse: what was recorded since is not thrown away."""
    raise RuntimeError("restore a backup instead of a downgrade")
