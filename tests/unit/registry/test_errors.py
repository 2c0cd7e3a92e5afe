"""Foreign errors come out as the registry's own, and tell nothing that should stay inside."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from esb.kernel.faults import EsbError
from esb.registry.errors import Conflict, Invalid, NotFound, RegistryError, RegistryUnavailable, database_errors


def _raise_inside(error: Exception) -> None:
    with database_errors():
        raise error


def test_every_error_is_one_of_the_bus() -> None:
    for kind in (NotFound, Conflict, Invalid, RegistryUnavailable):
        assert issubclass(kind, RegistryError)
        assert issubclass(kind, EsbError)


def test_a_broken_constraint_is_a_conflict_that_keeps_the_row_to_itself() -> None:
    driver = psycopg.errors.UniqueViolation("Key (voen)=(1400040231) already exists.")
    with pytest.raises(Conflict) as caught:
        _raise_inside(IntegrityError("INSERT", {"voen": "1400040231"}, driver))
    assert "1400040231" not in str(caught.value)
    assert isinstance(caught.value.__cause__, IntegrityError)


@pytest.mark.parametrize(
    "driver",
    [sqlite3.OperationalError("unable to open /secret/place"), psycopg.OperationalError("password=hunter2 is wrong")],
)
def test_an_outage_names_the_kind_of_error_and_not_its_text(driver: Exception) -> None:
    with pytest.raises(RegistryUnavailable, match="OperationalError") as caught:
        _raise_inside(OperationalError("SELECT", {}, driver))
    assert "secret" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_full_pool_says_to_try_again() -> None:
    with pytest.raises(RegistryUnavailable, match="try again"):
        _raise_inside(PoolTimeout("QueuePool limit"))


def test_any_other_error_of_the_library_is_mapped_too() -> None:
    with pytest.raises(RegistryUnavailable, match="NoSuchModuleError"):
        _raise_inside(NoSuchModuleError("nothing"))


def test_errors_that_are_not_the_database_s_pass_through() -> None:
    with pytest.raises(NotFound, match="as it was"):
        _raise_inside(NotFound("as it was"))
