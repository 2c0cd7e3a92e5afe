"""What can go wrong with the registry, each with a text that says what to do next."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from esb.kernel.faults import EsbError


class RegistryError(EsbError):
    """The root of the registry's errors."""


class NotFound(RegistryError):
    """What was named is not registered."""


class Conflict(RegistryError):
    """What was asked contradicts what is registered already."""


class Invalid(RegistryError):
    """A value is not one that the registry may hold."""


class Forbidden(RegistryError):
    """The act is lawful, but not for this officer."""


class RegistryUnavailable(RegistryError):
    """The database cannot be reached or used at the moment.  What was read before stays true until told otherwise."""


@contextmanager
def database_errors() -> Iterator[None]:
    """Map SQLAlchemy's and the driver's errors inside the block to this tree: the one place where it is done.

    A broken constraint becomes :class:`Conflict` without the database's text, which holds the row's values; every
    other error of the database becomes :class:`RegistryUnavailable`.
    """
    try:
        yield
    except IntegrityError as error:
        raise Conflict(
            "the registry's database refused this change because it contradicts what is registered; nothing was changed"
        ) from error
    except PoolTimeout as error:
        raise RegistryUnavailable(
            "every connection to the registry's database is in use; try again in a moment"
        ) from error
    except DBAPIError as error:
        raise RegistryUnavailable(
            f"the registry's database cannot be used now ({_reason(error)}); check that it runs, that its address in "
            "the configuration is right and that its schema is up to date, then try again"
        ) from error
    except SQLAlchemyError as error:
        raise RegistryUnavailable(
            f"the registry's database cannot be used ({type(error).__name__}); check its address in the configuration"
        ) from error


def _reason(error: DBAPIError) -> str:
    """Name a driver's error by its class: its text may hold values of a row or of the connection."""
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
    name = type(error.orig).__name__
    return f"{name} {state}" if state else name
