"""The registry as a signed document: what was published, by which keys, and what is newest."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of publications."""
    long = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "publications",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("previous", long, nullable=False),
        sa.Column("version", long, nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("payload_digest", sa.String(length=64), nullable=False),
        sa.Column("signer", sa.String(length=64), nullable=False),
        sa.Column("size", long, nullable=False),
        sa.Column("document", sa.LargeBinary()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('full', 'delta')", name=op.f("ck_publications_kind")),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_publications_digest")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_publications")),
    )
    op.create_index(op.f("ix_publications_kind_version"), "publications", ["kind", "version"])
    op.create_table(
        "publication_keys",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_publication_keys")),
    )
    op.create_table(
        "publication_head",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("issued", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_publication_head_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_head")),
    )


def downgrade() -> None:
    """Refuse: what was recorded since is not thrown away."""
    raise RuntimeError("restore a backup instead of a downgrade")
