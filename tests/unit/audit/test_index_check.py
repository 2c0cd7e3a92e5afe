"""The check of the search index: whoever alters it is found; both databases are in tests/contract."""

from pathlib import Path

import pytest
from support.records import a_record

from esb.audit.index_check import check_index
from esb.audit.indexer import build
from esb.audit.store import open_store, open_tree


def test_an_index_that_is_what_the_leaves_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("postings", "indexer", "search", "index_check"):
        monkeypatch.setattr(f"esb.audit.{module}.PIECE", 16)
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store, tree = open_store(url), open_tree(url)
    store.write([a_record() for _ in range(50)])
    tree.add()
    assert (check_index(url).records, check_index(url).wrong) == (0, [])
    build(url)
    told: list[tuple[int, int]] = []
    checked = check_index(url, lambda done, of: told.append((done, of)))
    assert (checked.records, checked.wrong, told[-1]) == (47, [], (48, 48))
    store.close()
    tree.close()
