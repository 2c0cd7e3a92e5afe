"""What is kept of a service's messages in the evidence log, and for how long."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.kernel.names import ServiceId
from esb.kernel.retention import parse_retention
from esb.registry.acts import Act
from esb.registry.errors import Invalid
from esb.registry.models import ServiceRow
from esb.registry.services import get_service


def set_retention(act: Act, service: ServiceId, retention: str | None) -> bool:
    """Say what is kept of a service's messages from now on; whether that is a change.

    What is on record already keeps the day that its own records name.

    Args:
        retention: as :func:`~esb.kernel.retention.parse_retention` reads it; None for what the settings say.

    Raises:
        NotFound: the service is not registered.
        Invalid: there is no such retention.
    """
    row = get_service(act.session, service)
    if retention is not None:
        try:
            retention = parse_retention(retention).text
        except ValueError as error:
            raise Invalid(str(error)) from None
    if row.retention == retention:
        return False
    act.record("update", "service", service.text, {"retention": [row.retention, retention]})
    row.retention = retention
    return True


def list_retentions(session: Session) -> list[tuple[str, str]]:
    """The services that say what is kept of their messages, by name, and what they say."""
    rows = session.scalars(select(ServiceRow).where(ServiceRow.retention.is_not(None)))
    return sorted((row.name.text, row.retention or "") for row in rows)
