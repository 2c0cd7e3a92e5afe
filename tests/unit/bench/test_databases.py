"""Databases of a measurement's own: empty, gone afterwards, and a clear word where there is no server."""

import psycopg
import pytest
from sqlalchemy.engine import make_url

from esb.bench.databases import Databases, NoDatabase


def names(url: str) -> set[str]:
    libpq = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(libpq) as connection:
        return {row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()}


def test_a_database_on_a_given_server_goes_with_its_block(postgres_url: str) -> None:
    before = names(postgres_url)
    with Databases(postgres_url) as databases, databases.fresh() as one, databases.fresh() as other:
        made = {make_url(one).database, make_url(other).database}
        assert names(postgres_url) == before | made
        assert len(made) == 2
        assert make_url(one).drivername == "postgresql+psycopg"
    assert names(postgres_url) == before


def test_a_server_that_is_not_there_is_told() -> None:
    with Databases("postgresql://nobody@127.0.0.1:1/postgres") as databases:
        with pytest.raises(NoDatabase, match="cannot be used"), databases.fresh():
            pytest.fail("there is no such server")


def test_a_server_of_our_own_starts_and_stops() -> None:
    with Databases() as databases:
        with databases.fresh() as url:
            assert make_url(url).database in names(url)
        home = databases._home
        assert home is not None
        assert home.is_dir()
    assert not home.exists()
