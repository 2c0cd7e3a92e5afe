"""What searching the log promises, on SQLite and on PostgreSQL: with an index, without one, and with half of one."""

import random
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import connect
from support.records import a_record

from esb.audit import postings, search_index
from esb.audit.dropping import drop_rows
from esb.audit.entry import Entry, Kind
from esb.audit.index_check import check_index
from esb.audit.indexer import Growing, build
from esb.audit.query import Query
from esb.audit.record import Record
from esb.audit.search import Searcher
from esb.audit.search_index import SearchIndex, index_path, index_reading
from esb.audit.store import locate, open_store, open_tree
from esb.audit.tree import Span

CHANCE = random.Random(5)
_numbers = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'evidence.db'}"
    dsn: str = request.getfixturevalue("fresh_postgres_dsn")
    return dsn


@pytest.fixture
def log(url: str, small: None) -> tuple[str, list[Entry]]:
    """A log of three volumes and more, indexed for the most part."""
    store, tree = open_store(url), open_tree(url)
    written = [some_record() for _ in range(900)]
    for start in range(0, 800, 100):
        store.write(written[start : start + 100])
    while tree.add():
        pass
    build(url)
    store.write(written[800:])
    store.close()
    tree.close()
    return url, [record.entry for record in written]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of 32 records and volumes of 256, so that a few records are many pieces."""
    patch = monkeypatch
    for module in ("postings", "indexer", "search", "search_index", "index_check"):
        for name, value in (("PIECE", 32), ("VOLUME", 256), ("PIECES", 8)):
            patch.setattr(f"esb.audit.{module}.{name}", value, raising=False)
    patch.setattr(postings, "_BITMAP", 32)
    patch.setattr(postings, "_AS_BITMAP", 16)
    patch.setattr(postings, "DENSE", 4)
    patch.setattr("esb.audit.search._CHUNK", 5)


def some_record() -> Record:
    kind = CHANCE.choice(list(Kind))
    number = next(_numbers)
    subjects = sorted({f"{CHANCE.randrange(9):032x}" for _ in range(CHANCE.choice((0, 0, 1, 2)))})
    return a_record(
        kind=kind,
        # Mostly in order; some come late.
        at=1_700_000_000_000_000 + number * 1_000_000 - CHANCE.choice((0, 0, 0, 10**9, 10**14)),
        consumer=CHANCE.choice(("", "SSPF", "EESMN", "EESMN", "DIN")),
        client=CHANCE.choice(("EESMN/HR", "SSPF/X")),
        service=CHANCE.choice(
            ("DIN/IAMAS/Person/v1", "DIN/IAMAS/Person/v2", "VN/Tax/Debt/v1", "grant:17", "a/b/c/d/e")
        ),
        operation=CHANCE.choice(("Get", "Put", 'Quote"d', "Şəxs")),
        message_id=f"urn:uuid:{CHANCE.randrange(300)}",
        grant=CHANCE.choice((None, 1, 17)),
        case_number=CHANCE.choice(("", "", f"2026/{CHANCE.randrange(40)}")),
        officer=CHANCE.choice(("quliyeva", "əliyev", f"officer {CHANCE.randrange(60)}")),
        outcome=CHANCE.choice(("accepted", "answered", "AccessDenied")),
        rule=CHANCE.choice(("", "MSG-05", "GRT-01")),
        duration_us=CHANCE.choice((None, 900, 30_000, 60_000, 1_500_000, 2**33)),
        subject=" ".join(subjects),
    )


TIMES = st.none() | st.integers(-200, 1_100).map(lambda second: 1_700_000_000_000_000 + second * 1_000_000)
QUERIES = st.builds(
    Query,
    since=TIMES,
    until=TIMES,
    kind=st.sampled_from([None, None, None, *Kind]),
    member=st.sampled_from(["", "", "", "", "DIN", "EESMN"]),
    consumer=st.sampled_from(["", "", "", "SSPF", "EESMN", "NOBODY"]),
    client=st.sampled_from(["", "", "", "EESMN/HR"]),
    provider=st.sampled_from(["", "", "", "DIN", "VN"]),
    service=st.sampled_from(["", "", "DIN/IAMAS", "DIN/IAMAS/Person/v1", "grant:17", "a/b/c/d", "a/b/c/d/e"]),
    operation=st.sampled_from(["", "", "", 'Quote"d', "Şəxs"]),
    outcome=st.sampled_from(["", "", "", "answered"]),
    rule=st.sampled_from(["", "", "", "MSG-05"]),
    message_id=st.sampled_from(["", "", "", "urn:uuid:7", "urn:uuid:70"]),
    case_number=st.sampled_from(["", "", "", "2026/7"]),
    officer=st.sampled_from(["", "", "", "əliyev", "officer 7"]),
    grant=st.sampled_from([None, None, None, 1]),
    slower_than=st.sampled_from([None, None, None, 1, 30_000, 30_001, 1_000_000, 2**32, 2**34]),
    subject=st.sampled_from(["", "", "", f"{3:032x}"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(query=QUERIES, oldest_first=st.booleans(), limit=st.sampled_from([37, 400]))
def test_what_is_found_is_what_fits(log: tuple[str, list[Entry]], query: Query, oldest_first: bool, limit: int) -> None:
    url, entries = log
    wanted = [entry for entry in entries if query.fits(entry)]
    with closing(Searcher(url)) as searcher:
        found: list[Entry] = []
        after = None
        while True:
            page = searcher.search(query, limit, after, oldest_first=oldest_first)
            found += [each.entry for each in page.records]
            after = page.next
            if after is None:
                break
            assert len(page.records) == limit
    assert found == (wanted if oldest_first else wanted[::-1])


def test_months_that_have_left_the_log_are_passed_by(log: tuple[str, list[Entry]]) -> None:
    url, entries = log
    # What is dropped are the records before the last, but for changes (audit/dropping.py).
    drop_rows(url, [Span(0, 1, 700)])
    left = [entry for number, entry in enumerate(entries) if number >= 700 or entry.kind is Kind.CHANGE]
    for query in (Query(), Query(consumer="EESMN"), Query(since=1_600_000_000_000_000), Query(kind=Kind.ANSWER)):
        wanted = [entry for entry in left if query.fits(entry)]
        for oldest_first in (True, False):
            with closing(Searcher(url)) as searcher:
                page = searcher.search(query, 900, oldest_first=oldest_first)
            assert [each.entry for each in page.records] == (wanted if oldest_first else wanted[::-1])
            assert page.gone > 0
    # As an operator would find it where no package says that they have left.
    assert check_index(url).wrong


TABLES = ("state", "piece", "column", "dense", "sparse", "fresh_dense", "fresh_sparse")


def everything(url: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the index."""
    with closing(index_reading(locate(url))) as index:
        return {
            table: sorted(
                tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
                for row in index.rows(f"SELECT * FROM search_{table}")
            )
            for table in TABLES
        }


def change(url: str, statement: str, *values: object) -> None:
    """What an operator could do to the index with a database's own tools."""
    place = locate(url)
    if isinstance(place, Path):
        with closing(sqlite3.connect(index_path(place))) as file, file:
            assert file.execute(statement, values).rowcount > 0
        return
    with connect(place, options="-c search_path=evidence") as database:
        assert database.execute(statement.replace("?", "%s").encode(), values).rowcount > 0


def written(url: str, count: int) -> None:
    store, tree = open_store(url), open_tree(url)
    store.write([some_record() for _ in range(count)])
    while tree.add():
        pass
    store.close()
    tree.close()


class Killed(BaseException):
    """Nothing in the program catches it."""


def test_an_indexer_that_ends_at_any_statement_leaves_neither_gap_nor_double(
    url: str, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(url, 330)
    left = 0

    def mortal(name: str, kind: type) -> None:
        plain = getattr(kind, name)

        def called(self: object, *arguments: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            return plain(self, *arguments)

        monkeypatch.setattr(kind, name, called)

    for kind in (search_index._Sqlite, search_index._Postgres):
        mortal("rows", kind)
        mortal("put", kind)
    build(url)
    whole = everything(url)
    assert [len(whole[table]) > 0 for table in TABLES] == [True] * len(TABLES)
    SearchIndex(locate(url)).clear()
    ends = 0
    for life in range(4, 200, 3):
        left = life
        growing = Growing(url)
        try:
            while growing.step(331, 29) < 331:
                pass
            while growing.index.merge():
                pass
        except Killed:
            ends += 1
            continue
        finally:
            growing.close()
        break
    assert ends > 5
    assert everything(url) == whole


ALTERATIONS = (
    "DELETE FROM search_dense WHERE term = (SELECT min(term) FROM search_dense)",
    "DELETE FROM search_sparse WHERE bucket = (SELECT max(bucket) FROM search_sparse)",
    "DELETE FROM search_fresh_dense WHERE term = (SELECT min(term) FROM search_fresh_dense)",
    "DELETE FROM search_fresh_sparse WHERE bucket = (SELECT max(bucket) FROM search_fresh_sparse)",
    "UPDATE search_dense SET term = term + 1 WHERE term = (SELECT max(term) FROM search_dense)",
    "UPDATE search_sparse SET entries = ? WHERE bucket = (SELECT max(bucket) FROM search_sparse)",
    "UPDATE search_piece SET newest = newest - 1 WHERE piece = 3",
    "UPDATE search_column SET durations = ? WHERE piece = 3",
    "DELETE FROM search_piece WHERE piece = 3",
    "UPDATE search_state SET next = next + 32",
    "UPDATE search_state SET leaf = ?",
)


def test_an_index_that_was_altered_is_found(url: str, small: None) -> None:
    written(url, 330)
    build(url)
    checked = check_index(url)
    assert (checked.records, checked.wrong) == (319, [])
    for statement in ALTERATIONS:
        change(url, statement, *[b"altered"] * statement.count("?"))
        assert check_index(url).wrong, statement
        # Made anew, it is what it was.
        SearchIndex(locate(url)).clear()
        build(url)
    assert check_index(url).wrong == []
