"""The registry's schema, revision by revision, carried inside the package: no alembic.ini is needed."""

from esb.registry.migrations.revision import current, head, upgrade

__all__ = ["current", "head", "upgrade"]
