"""Agreements and contacts of members; grants that two officers give."""

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Refuse: what was recorded since is not thrown away."""
    raise RuntimeError("restore a backup instead of a downgrade")
