"""What searching the log promises, on SQLite and on PostgreSQL: with an index, without one, and with half of one."""

import random
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.records import a_record

from esb.audit import postings
from esb.audit.entry import Entry, Kind
from esb.audit.indexer import build
from esb.audit.query import Query
from esb.audit.record import Record
from esb.audit.search import Searcher
from esb.audit.store import open_store, open_tree

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
    for module in ("postings", "indexer", "search", "search_index"):
        for name, value in (("PIECE", 32), ("VOLUME", 256), ("PIECES", 8)):
            patch.setattr(f"esb.audit.{module}.{name}", value, raising=False)
    patch.setattr(postings, "_BITMAP", 32)
    patch.setattr(postings, "_AS_BITMAP", 16)
    patch.setattr(postings, "DENSE", 4)


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


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
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
