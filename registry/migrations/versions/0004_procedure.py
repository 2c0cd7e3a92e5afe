"""The connection procedure: applications, their checks and opinions; inspections."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Refuse: what was recorded since is not thrown away."""
    raise RuntimeError("restore a backup instead of a downgrade")
