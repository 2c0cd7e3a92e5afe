"""The connection procedure: applications, their checks and opinions; inspections."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of the procedure, and an index by which a thing's history is found."""
    op.create_table(
        "check_reports",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_check_reports_sha256")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_check_reports")),
    )
    op.create_table(
        "applications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("applicant", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("particulars", sa.JSON(), nullable=False),
        sa.Column("contract", sa.String(length=64)),
        sa.Column("report", sa.String(length=64)),
        sa.Column("favourable", sa.Boolean()),
        sa.Column("opinion", sa.Text()),
        sa.Column("opinion_by", sa.Text()),
        sa.Column("decided_by", sa.Text()),
        sa.Column("replaces", sa.Integer()),
        sa.Column("filed_by", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("kind IN ('new', 'change', 'transfer', 'retirement')", name=op.f("ck_applications_kind")),
        sa.CheckConstraint(
            "state IN ('applied', 'returned', 'complete', 'checked', 'opined', 'registered', 'refused', 'withdrawn', 'suspended', 'changed', 'transferred', 'retired', 'archived')",
            name=op.f("ck_applications_state"),
        ),
        sa.CheckConstraint("(favourable IS NULL) = (opinion_by IS NULL)", name=op.f("ck_applications_favourable")),
        sa.CheckConstraint("decided_by <> filed_by", name=op.f("ck_applications_decided_by")),
        sa.CheckConstraint("length(contract) = 64", name=op.f("ck_applications_contract")),
        sa.CheckConstraint("opinion_by <> filed_by", name=op.f("ck_applications_opinion_by")),
        sa.ForeignKeyConstraint(["applicant"], ["members.code"], name=op.f("fk_applications_applicant")),
        sa.ForeignKeyConstraint(["replaces"], ["applications.id"], name=op.f("fk_applications_replaces")),
        sa.ForeignKeyConstraint(["report"], ["check_reports.sha256"], name=op.f("fk_applications_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_applications_applicant"), "applications", ["applicant"])
    op.create_index(op.f("ix_applications_state_due_at"), "applications", ["state", "due_at"])
    op.create_index(op.f("ix_applications_subject"), "applications", ["subject"])
    op.create_table(
        "inspections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("planned_for", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report", sa.Text()),
        sa.Column("drafted_by", sa.Text()),
        sa.Column("objections", sa.Text()),
        sa.Column("check_report", sa.String(length=64)),
        sa.Column("planned_by", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state IN ('planned', 'under-way', 'drafted', 'agreed', 'objected', 'closed', 'cancelled')",
            name=op.f("ck_inspections_state"),
        ),
        sa.ForeignKeyConstraint(["check_report"], ["check_reports.sha256"], name=op.f("fk_inspections_check_report")),
        sa.ForeignKeyConstraint(["member"], ["members.code"], name=op.f("fk_inspections_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspections")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_inspections_member"), "inspections", ["member"])
    op.create_table(
        "application_documents",
        sa.Column("application", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application"], ["applications.id"], name=op.f("fk_application_documents_application")
        ),
        sa.ForeignKeyConstraint(["sha256"], ["documents.sha256"], name=op.f("fk_application_documents_sha256")),
        sa.PrimaryKeyConstraint("application", "sha256", name=op.f("pk_application_documents")),
    )
    op.create_table(
        "findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inspection", sa.Integer(), nullable=False),
        sa.Column("point", sa.String(length=24), nullable=False),
        sa.Column("severity", sa.String(length=24), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("responsible", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mended_by", sa.Text()),
        sa.Column("mended_at", sa.DateTime(timezone=True)),
        sa.Column("remedy", sa.Text()),
        sa.Column("confirmed_by", sa.Text()),
        sa.CheckConstraint(
            "point IN ('fin', 'personal-data', 'database', 'purpose', 'exchange', 'soap', 'integration')",
            name=op.f("ck_findings_point"),
        ),
        sa.CheckConstraint("severity IN ('minor', 'major', 'critical')", name=op.f("ck_findings_severity")),
        sa.CheckConstraint("state IN ('open', 'mended', 'confirmed', 'overdue')", name=op.f("ck_findings_state")),
        sa.CheckConstraint("confirmed_by <> mended_by", name=op.f("ck_findings_confirmed_by")),
        sa.ForeignKeyConstraint(["inspection"], ["inspections.id"], name=op.f("fk_findings_inspection")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_findings_inspection"), "findings", ["inspection"])
    op.create_index(op.f("ix_findings_state_due_at"), "findings", ["state", "due_at"])
    op.create_table(
        "inspection_documents",
        sa.Column("inspection", sa.Integer(), nullable=False),
        sa.Column("point", sa.String(length=24), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "point IN ('fin', 'personal-data', 'database', 'purpose', 'exchange', 'soap', 'integration')",
            name=op.f("ck_inspection_documents_point"),
        ),
        sa.ForeignKeyConstraint(["inspection"], ["inspections.id"], name=op.f("fk_inspection_documents_inspection")),
        sa.ForeignKeyConstraint(["sha256"], ["documents.sha256"], name=op.f("fk_inspection_documents_sha256")),
        sa.PrimaryKeyConstraint("inspection", "point", "sha256", name=op.f("pk_inspection_documents")),
    )
    op.create_table(
        "inspection_points",
        sa.Column("inspection", sa.Integer(), nullable=False),
        sa.Column("point", sa.String(length=24), nullable=False),
        sa.Column("verdict", sa.String(length=24), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "point IN ('fin', 'personal-data', 'database', 'purpose', 'exchange', 'soap', 'integration')",
            name=op.f("ck_inspection_points_point"),
        ),
        sa.CheckConstraint(
            "verdict IN ('conform', 'not-conform', 'not-applicable')", name=op.f("ck_inspection_points_verdict")
        ),
        sa.ForeignKeyConstraint(["inspection"], ["inspections.id"], name=op.f("fk_inspection_points_inspection")),
        sa.PrimaryKeyConstraint("inspection", "point", name=op.f("pk_inspection_points")),
    )
    op.create_index(op.f("ix_changes_kind_key"), "changes", ["kind", "key"])


def downgrade() -> None:
    """Refuse: what was recorded since is not thrown away."""
    raise RuntimeError("restore a backup instead of a downgrade")
