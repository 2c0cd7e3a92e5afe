"""Leases: work that one process of an installation does at a time, taken over soon when that process is gone."""

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from esb.registry.database import exclusive
from esb.registry.errors import database_errors
from esb.registry.notice_models import LeaseRow


def take_lease(engine: Engine, name: str, holder: str, now: float, seconds: float) -> bool:
    """Take or renew the lease on some work; say whether ``holder`` has it until ``now + seconds``.

    Once it has run out, it is had by whoever asks first.  The processes' clocks need to agree to a fraction of
    ``seconds``.  Raises :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    with database_errors(), engine.connect() as connection, exclusive(connection).begin():
        standing = select(LeaseRow.holder, LeaseRow.until).where(LeaseRow.name == name).with_for_update()
        row = connection.execute(standing).one_or_none()
        if row is None:
            try:
                connection.execute(insert(LeaseRow).values(name=name, holder=holder, until=now + seconds))
            except IntegrityError:
                return False  # another was first, in this very moment
            return True
        if row.holder != holder and row.until > now:
            return False
        connection.execute(update(LeaseRow).where(LeaseRow.name == name).values(holder=holder, until=now + seconds))
        return True


def holder_of(engine: Engine, name: str) -> str | None:
    """Return who had the lease last, whether or not it has run out; None where nobody had it.

    Raises :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    with database_errors(), engine.connect() as connection, connection.begin():
        return connection.scalar(select(LeaseRow.holder).where(LeaseRow.name == name))


def give_lease_back(engine: Engine, name: str, holder: str, now: float) -> None:
    """Let others take over at once.  Raises :class:`~esb.registry.errors.RegistryUnavailable`."""
    with database_errors(), engine.connect() as connection, exclusive(connection).begin():
        connection.execute(update(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder).values(until=now))
