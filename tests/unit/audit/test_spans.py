"""Where records stand, as a tree says it that may be of many short spans, or damaged."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from esb.audit.reading import Reading
from esb.audit.spans import gaps, runs, spans_between
from esb.audit.tree import Span, TreeDamaged


def tree_of(folder: Path, *spans: tuple[int, int, int]) -> Reading:
    path = folder / "tree.db"
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("CREATE TABLE span (first INTEGER PRIMARY KEY, record INTEGER, count INTEGER)")
        file.executemany("INSERT INTO span VALUES (?, ?, ?)", spans)
    return Reading(path, lambda _: None)


def test_spans_are_cut_to_what_is_asked_for(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, (0, 1, 10), (10, 11, 5), (15, 20, 5))
    assert list(spans_between(tree, 4, 17)) == [Span(4, 5, 6), Span(10, 11, 5), Span(15, 20, 2)]
    assert list(spans_between(tree, 15, 15)) == []
    assert list(spans_between(tree, 12, 13)) == [Span(12, 13, 1)]


def test_as_many_spans_as_records_are_read_to_the_last(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, *((at, 2 * at + 1, 1) for at in range(2_500)))
    assert [span.record for span in spans_between(tree, 0, 2_500)] == list(range(1, 5_001, 2))
    assert list(gaps(tree, 5_001)) == [(at, at + 1) for at in range(2, 5_000, 2)] + [(5_000, 5_002)]


@pytest.mark.parametrize(
    "spans",
    [
        [],
        [(1, 1, 9)],  # nothing at the beginning
        [(0, 1, 4), (5, 6, 5)],  # none at 4
        [(0, 1, 4), (3, 4, 7)],  # two at 3, and none at 4
        [(0, 1, 0)],
        [(0, 1, 4), (4, 5, -4)],
    ],
)
def test_a_tree_that_does_not_say_where_a_record_stands_is_damaged(
    tmp_path: Path, spans: list[tuple[int, int, int]]
) -> None:
    with pytest.raises(TreeDamaged):
        list(spans_between(tree_of(tmp_path, *spans), 0, 10))


def test_runs_hold_what_stands_close_together_and_no_more() -> None:
    spans = [Span(0, 1, 3), Span(3, 5, 2), Span(5, 100, 25), Span(30, 7, 1), Span(31, 8, 1)]
    assert list(runs(spans, 10)) == [
        [Span(0, 1, 3), Span(3, 5, 2)],
        [Span(5, 100, 10)],
        [Span(15, 110, 10)],
        [Span(25, 120, 5)],
        [Span(30, 7, 1), Span(31, 8, 1)],
    ]
    assert list(runs([], 10)) == []


def test_no_number_is_a_gap_where_all_have_a_place(tmp_path: Path) -> None:
    assert list(gaps(tree_of(tmp_path, (0, 1, 3), (3, 4, 2)), 5)) == []
