"""A person is told of months that have left the log as before, or of which time the answer does not tell: on SQLite and
PostgreSQL; with an index, with one made anew since, and without one."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from support.archives import NOW, SIGNER, archived, dropped, exchange_at, moment
from support.place import CONTRACTS
from support.records import a_record

from esb.admin.deferrals import decide, defer
from esb.admin.subject_history import Asked, Histories, History, View
from esb.admin.subject_proofs import check_proofs, write_proofs
from esb.admin.subject_search import Search
from esb.audit import package_files, package_write, partitions, postings, tree_postgres
from esb.audit.depot import Folder
from esb.audit.entry import MANY, Kind
from esb.audit.indexer import build
from esb.audit.leaf import leaf_hash
from esb.audit.package import PackageInvalid, parse_manifest
from esb.audit.past import Past
from esb.audit.query import Query
from esb.audit.record import Record, replay_key
from esb.audit.search import Searcher
from esb.audit.search_index import SearchIndex, index_reading
from esb.audit.store import locate, open_store, open_tree
from esb.audit.vault import Vault
from esb.kernel.names import ServiceId
from esb.kernel.pseudonyms import Pseudonyms
from esb.registry.acts import acting, list_changes
from esb.registry.contracts import put_contract
from esb.registry.database import open_database, reading
from esb.registry.deferrals import Deferral
from esb.registry.grants import Leave, approve_grant, request_grant
from esb.registry.members import add_member, add_system
from esb.registry.models import MemberKind
from esb.registry.services import Terms, add_service
from esb.registry.subject_models import DeferralStatus, Telling
from esb.wsdl.pack import pack
from esb.wsdl.read import read_contract

KEYS = Pseudonyms([b"1" * 32, b"2" * 32])
FIN, OTHER = "5ABC123", "7XYZ321"
MINUTE = 60_000_000
CONTRACT = read_contract(CONTRACTS / "person.wsdl")
SERVICE = ServiceId.parse("DIN/IAMAS/PersonQuery/v1")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of 32 records, volumes and files of 256, so that a few records are many of each."""
    for module in ("postings", "indexer", "search", "search_index", "past"):
        for name, value in (("PIECE", 32), ("VOLUME", 256), ("PIECES", 8)):
            monkeypatch.setattr(f"esb.audit.{module}.{name}", value, raising=False)
    for where, name, value in (
        (postings, "_BITMAP", 32), (postings, "_AS_BITMAP", 16), (postings, "DENSE", 4), (partitions, "WIDTH", 128),
        (tree_postgres, "WIDTH", 128), (package_write, "_LEAVES", 256),
    ):  # fmt: skip
        monkeypatch.setattr(where, name, value)
    monkeypatch.setattr("esb.audit.search._CHUNK", 5)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A log of three months, whose first person is named in every twentieth exchange; indexed."""
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("fresh_postgres_dsn"))
    clock = [0.0]
    store, tree = open_store(url, None, lambda: clock[0]), open_tree(url)
    for month, wanted in (("2026-10", 200), ("2026-11", 180), ("2026-12", 30)):
        clock[0] = moment(month) / 1_000_000
        store.write([record for at in range(wanted) for record in exchange(month, at)])
        while tree.add():
            pass
        tree.publish(SIGNER.checkpoint)
    store.close()
    tree.close()
    build(url)
    return url


def exchange(month: str, at: int) -> Iterator[Record]:
    """A request, and to every second an answer; of every twentieth one of them names the person."""
    began = moment(month) + at * MINUTE
    ident = f"{month} {at}"
    first, second = KEYS.every(FIN)
    name = {0: first, 20: second, 30: MANY, 50: f"{min(first, KEYS.of(OTHER))} {max(first, KEYS.of(OTHER))}"}
    more = {"subject": name.get(at % 60, ""), "grant": 1 if at % 40 else 2, "consumer": "EESMN"}
    key = replay_key("EESMN", ident)
    request = a_record(exchange_at(began, ident), at=began, message_id=ident, replay_key=key, **more)
    yield request
    if not at % 2:
        bound = leaf_hash(request.leaf).hex()
        answered = {**more, "subject": first if not at % 100 else "", "outcome": "answered"}
        yield a_record(request.entry.exchange, Kind.ANSWER, at=began + 5, request_leaf=bound, **answered)
    if at == 7:
        yield a_record(f"change-{month[-2:]}-9f86d081884c7d65", Kind.CHANGE, at=7)


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    engine = open_database(sqlite_database)
    with acting(engine, "operator", NOW) as act:
        for code in ("EESMN", "DIN"):
            add_member(act, code, "Nazirlik", "Ministry", MemberKind.STATE)
        add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
        digest = put_contract(act, pack(CONTRACT), CONTRACT)
        add_service(act, SERVICE, digest, Terms("http://10.0.0.1/person"))
    yield engine
    engine.dispose()


@pytest.fixture
def depot(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "archive")


Read = Callable[..., History]


@pytest.fixture
def read(engine: Engine, url: str) -> Read:
    def read(
        *depots: Folder, view: View = View.PERSON, through: int | None = None, fin: str = FIN, **asked: Any
    ) -> History:
        vault = lambda: Vault(url, lambda: SIGNER.key, lambda: depots)  # noqa: E731
        with closing(Histories(engine, url, lambda: KEYS, vault, through=through)) as histories:
            return histories.read(fin, Asked(limit=500, **asked), view, "Letter 17", author="officer", now=NOW)

    return read


def let_go(url: str, depot: Folder) -> None:
    assert len(archived(url, depot)) == 2
    assert dropped(url, depot) > 500


def searched(url: str, *depots: Folder, query: Query | None = None, oldest_first: bool = False) -> list[int]:
    with (
        closing(Vault(url, lambda: SIGNER.key, lambda: depots)) as vault,
        closing(index_reading(locate(url))) as index,
        closing(Past(url, vault, index)) as past,
        closing(Searcher(url, past)) as searcher,
    ):
        found = searcher.every(query or Query(consumer="EESMN", grant=2), oldest_first=oldest_first)
        return [each.number for each in found]


def test_what_has_left_the_log_is_told_and_proved_as_before(url: str, depot: Folder, read: Read) -> None:
    before, counted = read(proofs=True), searched(url)
    name = before.lines[-3].entry.exchange
    assert (len(before.lines), before.crowded, before.away, before.complete_from) == (23, 6, (), None)
    let_go(url, depot)

    def check(*, all_of_it: bool = True) -> None:
        assert read(depot, proofs=True) == before
        if not all_of_it:
            return
        assert read(depot, fin=OTHER).lines == tuple(
            replace(line, evidence=()) for line in before.lines if KEYS.of(OTHER) in line.entry.subject
        )
        assert searched(url, depot) == counted
        assert searched(url, depot, oldest_first=True) == counted[::-1]
        assert len(searched(url, depot, query=Query(name=name))) == 2

    check()  # by the index, which has kept the numbers
    middle = before.lines[12].entry.at
    timed = read(depot, since=moment("2026-10") + 5 * MINUTE, until=middle)
    assert [line.entry.exchange for line in timed.lines] == [
        line.entry.exchange for line in before.lines[13:] if line.entry.at >= moment("2026-10") + 5 * MINUTE
    ]
    writing = SearchIndex(locate(url))
    writing.clear()  # there is none
    check(all_of_it=False)
    build(url)  # of what is left
    check()
    writing.close()
    key, octets = SIGNER.key, write_proofs(read(depot, proofs=True).lines[-1].evidence, SIGNER.key.text)
    assert [each.entry.exchange for each in check_proofs(octets, key)] == [before.lines[-1].entry.exchange] * 2
    # Whoever may not take long leaves what the index does not hold, and says so.
    away = read(depot, through=100).away
    assert [each.package[:7] for each in away] == ["2026-10", "2026-11"]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_without_the_archive_it_is_said_of_which_time_it_does_not_tell(
    url: str, depot: Folder, read: Read, engine: Engine
) -> None:
    before = read()
    packages = archived(url, depot)
    dropped(url, depot)
    for depots in ((), (Folder(depot.path / "elsewhere"),)):
        found = read(*depots)
        assert [(each.package, each.records, each.place) for each in found.away] == [
            (one.name, one.end - one.first, depot.place) for one in packages
        ]
        assert found.unread == sum(one.end - one.first for one in packages)
        border = found.complete_from
        assert border is not None
        assert border > packages[-1].latest
        assert [line.entry.exchange for line in found.lines if line.entry.at >= border] == [
            line.entry.exchange for line in before.lines if line.entry.at >= border
        ]
        assert read(*depots, since=border).away == ()
    # It is the same whoever is asked about, and only the month that is not there is missing.
    assert read(fin="0000000").away == read().away
    shutil.rmtree(depot.path / packages[0].name)
    (away,) = read(depot).away
    assert (away.package, away.until) == (packages[0].name, packages[0].latest // 1_000_000 * 1_000_000 + 121_000_000)
    assert [line.entry.exchange for line in read(depot).lines if line.entry.at >= away.until] == [
        line.entry.exchange for line in before.lines if line.entry.at >= away.until
    ]
    with reading(engine) as session:
        assert {row.detail["view"] for row in list_changes(session) if row.act == "read"} == {"person"}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_month_that_leaves_while_it_is_read_is_not_lost(
    url: str, depot: Folder, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read()
    every, went = Search.every, list[int]()

    def interrupted(*given: Any) -> Iterator[Any]:
        for number, each in enumerate(every(*given)):
            yield each
            if number == 3 and not went:
                went.append(1)
                let_go(url, depot)

    monkeypatch.setattr(Search, "every", interrupted)
    assert read(depot) == before
    assert went


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_what_the_law_defers_stays_deferred_in_the_archive(url: str, depot: Folder, read: Read, engine: Engine) -> None:
    for purpose in ("search", "search on"):
        with acting(engine, "first", NOW) as act:
            number = request_grant(act, "EESMN", SERVICE, Leave(purpose, "Law 2", NOW))
        with acting(engine, "second", NOW) as act:
            approve_grant(act, number)
    rule = defer(engine, 2, Deferral(Telling.HIDDEN, days=900), "Law 5", author="first", now=NOW)
    decide(engine, rule, DeferralStatus.APPROVED, author="second", now=NOW)
    person, operator = read(), read(view=View.OPERATOR)
    assert 0 < len(person.lines) < len(operator.lines) == 23
    let_go(url, depot)
    assert read(depot) == person
    assert read(depot, view=View.OPERATOR) == operator
    assert {each.entry.grant for each in person.lines} == {1}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_row_that_was_taken_out_or_is_anothers_is_found(
    url: str, depot: Folder, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = read().lines[-1]
    let_go(url, depot)
    (path,) = (each for each in depot.path.glob("*/rows-*.db") if line.entry.record.encode() in each.read_bytes())
    octets = path.read_bytes()
    taken = "DELETE FROM record WHERE record = ?", (line.entry.record,)
    renamed = "UPDATE record SET leaf = CAST(replace(CAST(leaf AS TEXT), ?, ?) AS BLOB)", (KEYS.of(FIN), KEYS.of(OTHER))
    put_in = "UPDATE record SET leaf = CAST(replace(CAST(leaf AS TEXT), ?, ?) AS BLOB)", (KEYS.of(OTHER), KEYS.of(FIN))
    indexed = True
    for statement, values in (taken, renamed, put_in, taken, renamed, put_in):
        with closing(sqlite3.connect(path)) as file, file:
            assert file.execute(statement, values).rowcount
        with pytest.raises(PackageInvalid, match="altered"):
            read(depot)
        with monkeypatch.context() as patch:  # whoever has the log's key can seal an altered file anew
            patch.setattr(package_files, "digest_of", _sealed)
            with pytest.raises(PackageInvalid, match="is not the one in the log's tree"):
                read(depot)
        path.write_bytes(octets)
        if (statement, values) == put_in and indexed:
            indexed = False
            SearchIndex(locate(url)).clear()
    assert read(depot).lines[-1] == line


def _sealed(path: Path) -> str:
    manifest = parse_manifest((path.parent / "manifest.json").read_bytes())
    return next(each.sha256 for each in manifest.members if each.name == path.name)
