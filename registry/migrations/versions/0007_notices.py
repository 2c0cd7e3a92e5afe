"""Notices: what was told, mailboxes, channels, deliveries, maintenance and outages, and leases on work."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of notices."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "notices",
        sa.Column("id", number, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(length=24), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("once", sa.Text()),
        sa.CheckConstraint(
            "topic IN ('maintenance', 'outage', 'outage-over', 'service-changed', 'service-sunset', 'grant-ending', 'grant-changed', 'certificate-ending', 'agreement-ending', 'application-moved', 'application-refused', 'deadline-near', 'deadline-missed', 'inspection', 'duplicate-found', 'member-status', 'delivery-failed', 'operator-message')",
            name=op.f("ck_notices_topic"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("once", name=op.f("uq_notices_once")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "mailbox",
        sa.Column("notice", number, nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.Column("read_by", sa.Text()),
        sa.CheckConstraint("(read_at IS NULL) = (read_by IS NULL)", name=op.f("ck_mailbox_read_by")),
        sa.ForeignKeyConstraint(["notice"], ["notices.id"], name=op.f("fk_mailbox_notice")),
        sa.PrimaryKeyConstraint("notice", "recipient", name=op.f("pk_mailbox")),
    )
    op.create_index(op.f("ix_mailbox_recipient_notice"), "mailbox", ["recipient", "notice"])
    op.create_table(
        "channels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("topics", sa.Text()),
        sa.Column("code", sa.String(length=32)),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("kind IN ('mail', 'webhook')", name=op.f("ck_channels_kind")),
        sa.CheckConstraint("(verified_at IS NULL) = (code IS NOT NULL)", name=op.f("ck_channels_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_channels_recipient"), "channels", ["recipient"])
    op.create_table(
        "deliveries",
        sa.Column("id", number, nullable=False),
        sa.Column("notice", number),
        sa.Column("channel", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("held_until", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("problem", sa.Text()),
        sa.CheckConstraint(
            "state IN ('waiting', 'delivered', 'given-up', 'dropped')", name=op.f("ck_deliveries_state")
        ),
        sa.CheckConstraint("(holder IS NULL) = (held_until IS NULL)", name=op.f("ck_deliveries_holder")),
        sa.ForeignKeyConstraint(["channel"], ["channels.id"], name=op.f("fk_deliveries_channel")),
        sa.ForeignKeyConstraint(["notice"], ["notices.id"], name=op.f("fk_deliveries_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("notice", "channel", name=op.f("uq_deliveries_notice_channel")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_deliveries_channel"), "deliveries", ["channel"])
    op.create_index(op.f("ix_deliveries_state_next_at"), "deliveries", ["state", "next_at"])
    op.create_table(
        "maintenance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("services", sa.Text()),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_maintenance_ends_at")),
        sa.ForeignKeyConstraint(["member"], ["members.code"], name=op.f("fk_maintenance_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_maintenance_member"), "maintenance", ["member"])
    op.create_table(
        "outages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outages_about"), "outages", ["about"])
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def downgrade() -> None:
    """Refuse: what was recorded since is not thrown away."""
    raise RuntimeError("restore a backup instead of a downgrade")
