"""The measurement of searches: every query of it is one, and finds what it asks for."""

from pathlib import Path

from esb.audit.leaf import read_leaf
from esb.audit.query import Query
from esb.bench.big_log import fill, made, mixed
from esb.bench.search import _queries, let_go, measure, sizes


def test_each_query_is_about_a_record_that_is_there() -> None:
    for name, query in _queries(1_000).items():
        asked = query(3)
        if asked.name or asked.subject or asked.case_number:
            assert asked.fits(read_leaf(made(mixed(3) % 1_000).leaf)), name
        assert name == "the newest" or asked != Query()


def test_without_an_index_it_measures_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    fill(url, 60)
    let_go(tmp_path)
    assert {"p50", "p95", "cpu"} == set(measure(url, 60)["subject"])
    assert sizes(url, tmp_path)["evidence.db"] > 0
