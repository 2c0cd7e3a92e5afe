"""Agreements and contacts of members; grants that two officers give."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CHECKS = {
    "decided_at": "(status = 'requested') = (decided_at IS NULL)",
    "decided_by": "(decided_by IS NULL) = (decided_at IS NULL)",
    "document": "length(document) = 64",
    "revoked_at": "(status = 'revoked') = (revoked_at IS NOT NULL)",
    "status": "status IN ('requested', 'approved', 'declined', 'withdrawn', 'revoked')",
    "two_officers": "status IN ('requested', 'declined', 'withdrawn') OR in_one_act OR decided_by <> requested_by",
}


def upgrade() -> None:
    """Create contacts and agreements, and let grants tell who asked for them and who gave them."""
    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("telephone", sa.String(length=16), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("ended_at >= added_at", name=op.f("ck_contacts_ended_at")),
        sa.CheckConstraint("roles <> ''", name=op.f("ck_contacts_roles")),
        sa.ForeignKeyConstraint(["member"], ["members.code"], name=op.f("fk_contacts_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_contacts_member"), "contacts", ["member"])
    op.create_table(
        "agreements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("document", sa.String(length=64)),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > signed_at", name=op.f("ck_agreements_ends_at")),
        sa.CheckConstraint("length(document) = 64", name=op.f("ck_agreements_document")),
        sa.ForeignKeyConstraint(["member"], ["members.code"], name=op.f("fk_agreements_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
        sa.UniqueConstraint("member", "number", name=op.f("uq_agreements_member_number")),
        sqlite_autoincrement=True,
    )
    _grants()


def _grants() -> None:
    for column in (
        sa.Column("document", sa.String(length=64)),
        sa.Column("status", sa.String(length=24)),
        sa.Column("in_one_act", sa.Boolean()),
        sa.Column("requested_by", sa.Text()),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("replaces", sa.Integer()),
    ):
        op.add_column("grants", column)
    # Until now a grant was given by one officer, in one act; who that was, the list of changes knows.
    op.execute(
        """
        UPDATE grants SET
            status = CASE WHEN revoked_at IS NULL THEN 'approved' ELSE 'revoked' END,
            in_one_act = TRUE,
            requested_by = COALESCE(
                (SELECT changes.author FROM changes WHERE changes.kind = 'grant' AND changes.act = 'add'
                 AND changes.key = CAST(grants.id AS VARCHAR(24)) ORDER BY changes.number LIMIT 1),
                'unknown'
            ),
            decided_at = added_at
        """
    )
    op.execute("UPDATE grants SET decided_by = requested_by")
    with op.batch_alter_table("grants", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("status", existing_type=sa.String(length=24), nullable=False)
        table.alter_column("in_one_act", existing_type=sa.Boolean(), nullable=False)
        table.alter_column("requested_by", existing_type=sa.Text(), nullable=False)
        table.create_foreign_key(op.f("fk_grants_replaces"), "grants", ["replaces"], ["id"])
        for name, text in _CHECKS.items():
            table.create_check_constraint(op.f(f"ck_grants_{name}"), text)


def downgrade() -> None:
    """Refuse: what was recorded since is not thrown away."""
    raise RuntimeError("restore a backup instead of a downgrade")
