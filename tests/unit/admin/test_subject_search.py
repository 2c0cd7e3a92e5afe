"""A person is looked for under each pseudonym; what is found in archives is in tests/contract/test_subject_past.py."""

from contextlib import closing
from pathlib import Path

from support.archives import SIGNER
from support.records import a_record

from esb.admin.subject_search import searching, until_with_answers
from esb.audit.entry import MANY
from esb.audit.past import Past
from esb.audit.search_index import index_reading
from esb.audit.store import locate, open_store, open_tree
from esb.audit.vault import Vault


def test_each_record_is_found_once_the_newest_first(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store, tree = open_store(url), open_tree(url)
    store.write([a_record(subject=name) for name in ("a" * 32, "b" * 32, "a" * 32, f"{'c' * 32} {MANY}")])
    tree.add()
    for each in (store, tree):
        each.close()
    with closing(Vault(url, lambda: SIGNER.key, tuple)) as vault, closing(index_reading(locate(url))) as index:
        past = Past(url, vault, index)
        with searching(url, ("b" * 32, "a" * 32), past) as search:
            assert [each.number for each in search.every(None, None)] == [3, 2, 1]
            assert [each.number for each in search.crowds(None, None)] == [4]
            assert search.unread == 0
        past.close()
    assert (until_with_answers(None), until_with_answers(5)) == (None, 3_600_000_005)
