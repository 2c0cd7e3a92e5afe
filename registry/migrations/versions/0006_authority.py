"""What the authority issued and took back; renewals under way."""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Refuse: what was recorded since is not thrown away."""
    raise RuntimeError("restore a backup instead of a downgrade")
