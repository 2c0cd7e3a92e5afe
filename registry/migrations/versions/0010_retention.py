"""What is kept of a service's messages, and for how long."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a service say what is kept of its messages; where it says nothing the settings do."""
    op.add_column("services", sa.Column("retention", sa.String(length=24), nullable=True))


def downgrade() -> None:
    """Refuse: what was recorded since is not thrown away."""
    raise RuntimeError("restore a backup instead of a downgrade")
