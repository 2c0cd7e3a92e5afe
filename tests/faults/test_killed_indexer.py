"""SIGKILL of processes whose indexers are at work, again and again: the index is what the leaves give."""

import random
import time
from multiprocessing import get_context
from pathlib import Path

import pytest
from support.records import a_record

from esb.audit import index_check, indexer, postings, search, search_index
from esb.audit.search_index import SearchIndex
from esb.audit.store import locate, open_store, open_tree
from esb.audit.tree_reader import TreeReader


def _small() -> None:
    """Many pieces and volumes of few records: each is written, and merged, in a transaction of its own.

    For processes of their own: this one may have a bus in it, whose indexer would fail on it.
    """
    for module in (postings, indexer, search, search_index, index_check):
        for name, value in (("PIECE", 32), ("VOLUME", 256), ("PIECES", 8)):
            if hasattr(module, name):
                setattr(module, name, value)
    indexer._STEP = 20  # type: ignore[misc]


def _wrong(url: str) -> tuple[list[str], int]:
    checked = index_check.check_index(url)
    return list(checked.wrong), checked.records


def _built(url: str) -> int:
    return indexer.build(url).next


def _record(url: str, count: int) -> None:
    store, tree = open_store(url), open_tree(url)
    store.write([a_record(officer=f"officer {number % 7}") for number in range(count)])
    while tree.add():
        pass
    tree.close()
    store.close()


def _index(url: str) -> None:
    _small()
    indexer.Indexer(url, lambda: True, every=0.001).start()
    time.sleep(60)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_indexers_killed_at_any_point(kind: str, tmp_path: Path, request: pytest.FixtureRequest, full: bool) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("fresh_postgres_dsn")
    _record(url, 1_500)
    apart = get_context("fork").Pool(1, initializer=_small)
    request.addfinalizer(apart.terminate)
    index, tree, chance, middle = SearchIndex(locate(url)), TreeReader(url), random.Random(3), 0
    for turn in range(100 if full else 12):
        # Two at a time: what one writes, the other must not write again.
        both = [get_context("fork").Process(target=_index, args=(url,)) for _ in range(2)]
        began, until = index.state().next, time.monotonic() + 20
        for process in both:
            process.start()
        while index.state().next == began and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(chance.uniform(0.0, 0.02))
        for process in both:
            process.kill()
            process.join()
        reached, settled = index.state().next, tree.mark() + 1
        middle += 0 < reached < settled - 32
        index.close()
        tree.close()
        if turn % 4 == 0:
            assert apart.apply(_wrong, (url,))[0] == []
        _record(url, 250)
    assert middle > 2, f"{middle} were killed in the middle"
    assert apart.apply(_built, (url,)) > 4_000
    wrong, records = apart.apply(_wrong, (url,))
    assert (wrong, records > 1_500) == ([], True)
