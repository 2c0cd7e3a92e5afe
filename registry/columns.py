"""How the registry's values stand in columns: times, sets of names, and words out of a fixed list."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.engine import Dialect


class UnixTime(sa.TypeDecorator[float]):
    """Unix seconds outside, a UTC timestamp (to the microsecond) in the database, where people read it too."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> datetime | None:
        """Return the moment as an aware datetime."""
        return None if value is None else datetime.fromtimestamp(value, UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> float | None:
        """Return the moment as Unix seconds; SQLite gives it back without its zone."""
        if value is None:
            return None
        return (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).timestamp()


class NameSet(sa.TypeDecorator[frozenset[str]]):
    """A set of names without blanks, as its sorted members with a blank between: equal sets are equal texts."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str | None:
        """Return the names in order, joined by blanks."""
        return None if value is None else " ".join(sorted(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str] | None:
        """Return the set; the same text gives the same object, so a hundred thousand grants share a few sets."""
        return None if value is None else _names(value)


@lru_cache(maxsize=4096)
def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def word(kind: type[Enum], values: Callable[[type[Enum]], list[str]] | None = None) -> sa.Enum:
    """Return the column type for ``kind``: its values as text.  Pair it with :func:`one_of` for the check."""
    return sa.Enum(kind, native_enum=False, create_constraint=False, length=24, values_callable=values or _values)


def one_of(column: str, words: Iterable[str]) -> sa.CheckConstraint:
    """Return the table constraint that lets only ``words`` (or NULL) stand in ``column``."""
    listed = ", ".join(f"'{one}'" for one in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def _values(kind: type[Enum]) -> list[str]:
    return [str(one.value) for one in kind]
