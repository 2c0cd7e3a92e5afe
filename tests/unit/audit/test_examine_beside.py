"""What stands beside records: false and forgotten message ids.  tests/contract/test_log_tampering.py has the rest."""

from pathlib import Path

import psycopg
from support.archives import SIGNER, a_request
from support.records import a_record

from esb.audit.examine import Finding
from esb.audit.examine_beside import examine_beside
from esb.audit.replays import REMEMBERED
from esb.audit.store import open_store, open_tree

_LAST = 1_700_000_000_000_000


def test_each_request_of_two_days_is_held_against_what_is_remembered(fresh_postgres_dsn: str) -> None:
    url = fresh_postgres_dsn
    store, tree = open_store(url), open_tree(url)
    records = [a_request(_LAST - age, str(age)) for age in (REMEMBERED + 1, REMEMBERED, 5, 0)]
    store.write([*records, a_record(at=_LAST, replay_key=None)])
    tree.publish(SIGNER.checkpoint)  # and forgets the first
    old, border, middle, last = (record.entry.record for record in records)
    assert list(examine_beside(url, lambda _: False)) == []
    with psycopg.connect(url, autocommit=True) as asked:
        asked.execute("DELETE FROM evidence.replay WHERE record IN (%s, %s)", (border, middle))
        asked.execute("UPDATE evidence.replay SET record = %s WHERE record = %s", (old, last))
    gone = "the message id of a record is not remembered"
    assert set(examine_beside(url, lambda record: record == middle)) == {
        Finding("a message id that is remembered is not that of its record", old),
        Finding(gone, border),
        Finding(gone, last),
    }
    store.close()
    tree.close()


def test_a_file_has_keys_of_its_own(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store = open_store(url)
    store.write([a_request(_LAST, "one")])
    store.close()
    assert list(examine_beside(url, lambda _: False)) == []
