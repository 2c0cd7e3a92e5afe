"""The files of a log, one a month: their order, which of them a question is about, and what is wrong with them."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from esb.audit import month_files
from esb.audit.month_files import (
    ANYWHERE,
    NEWEST,
    MonthFile,
    Where,
    begin_first,
    begin_next,
    chosen,
    close_file,
    flaws,
    likely,
    named,
    read_file,
)
from esb.audit.months import month_begin
from esb.audit.record import StoreUnavailable
from esb.kernel.ids import uuid7

LOG = Path("/log/evidence.db")
FILES = [
    MonthFile(LOG, "2026-10", 1, "evidence-2026-11.db"),
    MonthFile(LOG.with_name("evidence-2026-11.db"), "2026-11", 301, "evidence-2027-01.db"),
    MonthFile(LOG.with_name("evidence-2027-01.db"), "2027-01", 500, None),
]
ENDS = [(1, 300), (301, 499), (0, 0)]


def _months(files: list[MonthFile]) -> list[str]:
    return [file.month for file in files]


@pytest.mark.parametrize(
    ("where", "months"),
    [
        (ANYWHERE, ["2026-10", "2026-11", "2027-01"]),
        (NEWEST, ["2027-01", "2026-11", "2026-10"]),
        (Where(high=301), ["2026-10"]),
        (Where(numbers=(900, 1)), ["2026-10", "2027-01"]),
        (Where(numbers=(499, 301)), ["2026-11"]),
        (Where(300, 302), ["2026-10", "2026-11"]),
        (Where(301), ["2026-11", "2027-01"]),
        (Where(499, 500), ["2026-11"]),
        (Where(10_000), ["2027-01"]),
        (Where(high=501, newest_first=True), ["2027-01", "2026-11", "2026-10"]),
        (Where(since=month_begin("2026-11") - 1), ["2026-10", "2026-11", "2027-01"]),
        (Where(since=month_begin("2026-11")), ["2026-11", "2027-01"]),
        (Where(since=month_begin("2026-12")), ["2027-01"]),
        (Where(since=month_begin("2040-12")), ["2027-01"]),
    ],
)
def test_only_files_that_may_hold_it_are_asked(where: Where, months: list[str]) -> None:
    assert _months(chosen(FILES, where)) == months


@pytest.mark.parametrize(
    ("moment", "months"),
    [
        (month_begin("2020-01"), ["2026-10", "2026-11"]),
        (month_begin("2026-11") - 1, ["2026-10", "2026-11"]),
        (month_begin("2026-11"), ["2026-11", "2027-01"]),
        (month_begin("2026-12"), ["2027-01"]),
        (month_begin("2500-12"), ["2027-01"]),
    ],
)
def test_an_exchange_is_looked_for_in_its_month_and_the_next(moment: int, months: list[str]) -> None:
    assert _months(likely(FILES, [uuid7(moment / 1_000_000, bytes(10)) + "-q"])) == months


@pytest.mark.parametrize("name", ["change-17-00", "", "ffffffff-ffff-7000-8000-000000000000-q"])
def test_a_name_without_a_time_is_looked_for_in_the_newest_first(name: str) -> None:
    assert _months(likely(FILES, [name])) == ["2027-01"]


def test_files_in_order_have_no_flaw() -> None:
    assert flaws(FILES, ENDS) == []
    assert flaws(FILES[:1], [(0, 0)]) == []


@pytest.mark.parametrize(
    ("at", "change", "what"),
    [
        (1, {"month": "2026-12"}, "its month"),
        (1, {"month": "2026-10"}, "its month"),
        (1, {"month": "nonsense"}, "its month"),
        (2, {"path": Path("/log/evidence-2026-11.db")}, "its month"),
        (0, {"first": 2}, "first number"),
        (1, {"first": 302}, "first number"),
        (1, {"first": 300}, "numbers of the next"),
    ],
)
def test_files_out_of_order_are_found(at: int, change: dict[str, object], what: str) -> None:
    files = [replace(file, **change) if number == at else file for number, file in enumerate(FILES)]  # type: ignore[arg-type]
    assert any(what in text for _, text in flaws(files, ENDS))


@pytest.mark.parametrize(
    "rows", [[], [("2026-10", 1, None)] * 2, [("2026", 1, None)], [(None, 1, None)], [("2026-10", "x", None)]]
)
def test_a_file_that_does_not_say_what_it_is_is_refused(rows: list[tuple[object, ...]]) -> None:
    with pytest.raises(StoreUnavailable, match=r"evidence\.db does not say of which month"):
        named(LOG, rows)


def test_a_name_leads_nowhere_but_beside() -> None:
    file = named(LOG, [("2026-10", 1, "../../etc/evidence-2026-11.db")])
    assert file.following == Path("/log/evidence-2026-11.db")


def _make(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE record (id INTEGER PRIMARY KEY)")
    begin_first(connection, 0.0)
    return connection


def test_the_next_file_is_part_of_the_log_once_the_last_one_names_it(tmp_path: Path) -> None:
    log = tmp_path / "evidence.db"
    now = month_begin("2026-12") / 1_000_000
    with closing(_make(log)) as first:
        name = begin_next(log, now, 17, _make)
        assert (
            sorted(file.name for file in tmp_path.iterdir())
            == [name, "evidence.db"]
            == ["evidence-2026-12.db", "evidence.db"]
        )
        assert read_file(log, first).next is None
        first.execute("INSERT INTO record VALUES (16)")
        close_file(first, name)
        assert read_file(log, first) == MonthFile(log, "1970-01", 1, name)
        with pytest.raises(sqlite3.IntegrityError, match="month that is over"):
            first.execute("INSERT INTO record VALUES (17)")
        first.execute("DELETE FROM record")
    with closing(sqlite3.connect(tmp_path / name)) as second:
        assert second.execute(month_files.PLACE).fetchone() == (17, None)
        assert read_file(tmp_path / name, second).month == "2026-12"


def test_what_an_attempt_left_that_came_to_nothing_is_replaced_and_records_never_are(tmp_path: Path) -> None:
    log = tmp_path / "evidence.db"
    now = month_begin("2026-12") / 1_000_000
    (tmp_path / "evidence-next.db").write_bytes(b"half a file")
    assert begin_next(log, now, 17, _make) == "evidence-2026-12.db"
    assert begin_next(log, now, 18, _make) == "evidence-2026-12.db"
    with closing(sqlite3.connect(tmp_path / "evidence-2026-12.db")) as second:
        assert second.execute(month_files.PLACE).fetchone() == (18, None)
        second.execute("INSERT INTO record VALUES (18)")
        second.commit()
    assert begin_next(log, now, 19, _make) == "evidence-2026-12-2.db"
    (tmp_path / "evidence-2026-12-2.db").write_bytes(b"no database at all")
    assert begin_next(log, now, 20, _make) == "evidence-2026-12-3.db"
