"""Times and sets of names go into columns and come back as they were."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from esb.kernel.directory import Judgement
from esb.registry.columns import NameSet, UnixTime, one_of, word

SQLITE, POSTGRESQL = sqlite.dialect(), postgresql.dialect()


def test_a_moment_stands_as_utc() -> None:
    stored = UnixTime().process_bind_param(1_764_000_000.5, POSTGRESQL)
    assert stored is not None
    assert stored.isoformat() == "2025-11-24T16:00:00.500000+00:00"


def test_sqlite_s_moments_without_a_zone_are_utc() -> None:
    stored = datetime.fromisoformat("2025-11-24T16:00:00.5")
    assert UnixTime().process_result_value(stored, SQLITE) == 1_764_000_000.5


@given(st.floats(0, 253_402_300_799))
def test_a_moment_survives_to_the_microsecond(moment: float) -> None:
    column = UnixTime()
    back = column.process_result_value(column.process_bind_param(moment, POSTGRESQL), POSTGRESQL)
    assert back == pytest.approx(moment, abs=1e-4)
    assert column.process_result_value(column.process_bind_param(back, POSTGRESQL), POSTGRESQL) == back


def test_no_moment_is_no_moment() -> None:
    assert UnixTime().process_bind_param(None, SQLITE) is None
    assert UnixTime().process_result_value(None, SQLITE) is None


@given(st.frozensets(st.text(st.characters(categories=["L", "Nd"]), min_size=1)))
def test_a_set_of_names_survives(names: frozenset[str]) -> None:
    column = NameSet()
    assert column.process_result_value(column.process_bind_param(names, SQLITE), SQLITE) == names


def test_equal_sets_are_equal_texts_and_one_object() -> None:
    column = NameSet()
    assert column.process_bind_param(["b", "a"], SQLITE) == column.process_bind_param(["a", "b"], SQLITE) == "a b"
    assert column.process_result_value("a b", SQLITE) is column.process_result_value("a b", SQLITE)


def test_no_set_is_not_the_empty_set() -> None:
    column = NameSet()
    assert column.process_bind_param(None, SQLITE) is None
    assert column.process_result_value(None, SQLITE) is None
    assert column.process_result_value("", SQLITE) == frozenset()


def test_a_word_outside_the_list_is_refused_by_the_database() -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("j", word(Judgement)), one_of("j", ["enforce", "warn", "off"]))
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        table.create(connection)
        connection.execute(sa.insert(table).values(j=Judgement.WARN))
        connection.execute(sa.insert(table).values(j=None))
        assert connection.scalars(sa.select(table.c.j)).all() == [Judgement.WARN, None]
        assert connection.exec_driver_sql("SELECT j FROM t").scalars().all() == ["warn", None]
        with pytest.raises(IntegrityError):
            connection.exec_driver_sql("INSERT INTO t VALUES ('perhaps')")
