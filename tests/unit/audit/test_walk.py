"""The walk over small trees; whole logs on both databases stand in tests/contract/test_log_tampering.py."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.records import a_record

from esb.audit.examine import Finding
from esb.audit.log_key import LogSigner
from esb.audit.record import StoreUnavailable, replay_key
from esb.audit.store import open_store, open_tree
from esb.audit.walk import MOST, Report, walk

_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)


def log_of(folder: Path, records: int, publish: bool = True) -> str:
    url = f"sqlite:///{folder / 'evidence.db'}"
    store, tree = open_store(url), open_tree(url)
    store.idle()
    names = [f"m-{number}" for number in range(records)]
    store.write([a_record(message_id=name, replay_key=replay_key("SSPF", name)) for name in names])
    tree.add()
    if publish:
        tree.publish(SIGNER.checkpoint)
    store.close()
    tree.close()
    return url


@pytest.mark.parametrize("records", [0, 1, 255, 256, 257])
def test_a_log_of_any_size_is_whole(tmp_path: Path, records: int) -> None:
    told: list[tuple[int, int]] = []
    report = walk(log_of(tmp_path, records), SIGNER.key, told=lambda done, of: told.append((done, of)))
    assert (report.size, report.records, report.findings) == (records, records, [])
    assert told == ([(records, records)] if records else [])


def test_a_report_holds_so_many_findings_of_a_kind_and_counts_the_rest() -> None:
    report = Report(0)
    report.add(Finding("a record is gone", f"leaf {number}") for number in range(MOST + 5))
    report.add([Finding("a tile is missing", "0/000")])
    assert len(report.findings) == MOST + 1
    assert report.counts == {"a record is gone": MOST + 5, "a tile is missing": 1}


def test_a_tree_that_nobody_signed_is_told(tmp_path: Path) -> None:
    report = walk(log_of(tmp_path, 3, publish=False), SIGNER.key)
    assert [one.what for one in report.findings] == ["no checkpoint covers the log"]


def test_a_log_without_a_tree_cannot_be_walked_over(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store = open_store(url)
    store.idle()
    store.close()
    with pytest.raises(StoreUnavailable):
        walk(url, SIGNER.key)
