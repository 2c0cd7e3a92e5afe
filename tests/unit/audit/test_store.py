"""What can go wrong with the log's URL."""

from pathlib import Path

import pytest

from esb.audit.data_keys_postgres import PostgresDataKeys
from esb.audit.data_keys_sqlite import SqliteDataKeys
from esb.audit.keeping import KeepingStore
from esb.audit.postgres import PostgresStore
from esb.audit.sqlite import SqliteStore
from esb.audit.store import PlaceInvalid, locate, open_data_keys, open_store


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:///evidence.db", Path("evidence.db")),
        ("sqlite:////var/lib/shluz/evidence.db", Path("/var/lib/shluz/evidence.db")),
        ("postgresql://bus@db/evidence", "postgresql://bus@db/evidence"),
        ("postgresql+psycopg://bus@db/evidence?sslmode=require", "postgresql://bus@db/evidence?sslmode=require"),
    ],
)
def test_a_url_names_a_place(url: str, place: Path | str) -> None:
    assert locate(url) == place
    kind = (SqliteStore, SqliteDataKeys) if isinstance(place, Path) else (PostgresStore, PostgresDataKeys)
    store = open_store(url)
    assert isinstance(store, KeepingStore)
    assert (type(store._store), type(store._keys), type(open_data_keys(url))) == (*kind, kind[1])


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql://a:secret@b/c", "/a"])
def test_another_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(PlaceInvalid) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)
