"""What becomes of messages in the writer's thread; on both databases: tests/contract/test_sealed_bodies.py."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.records import a_record
from support.sealed import MASTERS

from esb.audit import keeping
from esb.audit.data_keys_sqlite import SqliteDataKeys
from esb.audit.entry import Kind
from esb.audit.keeping import KeepingStore
from esb.audit.record import WRITTEN, Outcome, Record, StoreUnavailable
from esb.certs.unusable import KeyUnusable

ENVELOPE = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><a/></s:Header>'
    b"<s:Body><b>private</b></s:Body></s:Envelope>"
)


class _Heap:
    def __init__(self) -> None:
        self.records: list[Record] = []

    def write(self, batch: Any) -> list[Outcome]:
        self.records += batch
        return [WRITTEN] * len(batch)

    def idle(self) -> None: ...
    def close(self) -> None: ...


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., tuple[KeepingStore, _Heap]]:
    def made(masters: Any = MASTERS) -> tuple[KeepingStore, _Heap]:
        heap = _Heap()
        return KeepingStore(heap, SqliteDataKeys(tmp_path / "e.db"), lambda: 1, masters, lambda n: b"k" * n), heap

    return made


def test_a_change_and_what_nobody_seals_pass_as_they_are(make: Callable[..., tuple[KeepingStore, _Heap]]) -> None:
    store, heap = make(None)
    plain, change = a_record(), a_record(kind=Kind.CHANGE)
    store.write([plain, change])
    assert [one is other for one, other in zip(heap.records, [plain, change], strict=True)] == [True, True]
    store, heap = make()
    store.write([change])
    assert heap.records == [change]


def test_of_a_message_what_its_record_says_is_kept(make: Callable[..., tuple[KeepingStore, _Heap]]) -> None:
    store, heap = make(None)
    store.write([a_record(message=ENVELOPE, sent=ENVELOPE, kept=kept) for kept in ("", "headers", "digests")])
    assert [(b"private" in one.message, b"<a/>" in one.sent) for one in heap.records] == [
        (True, True),
        (False, True),
        (False, False),
    ]
    store, heap = make()
    store.write([a_record(message=ENVELOPE, kept=kept) for kept in ("headers", "digests")])
    headers, digests = heap.records
    assert (b"<a/>" in headers.message, headers.key, len(headers.message) > 28) == (False, 1, True)
    assert (digests.message, digests.key) == (b"", None)


def test_a_key_that_has_sealed_enough_is_followed_by_another(
    make: Callable[..., tuple[KeepingStore, _Heap]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_MESSAGES", 4)
    store, heap = make()
    store.write([a_record() for _ in range(5)])
    assert [record.key for record in heap.records] == [1, 1, 2, 2, 3]
    monkeypatch.setattr(keeping, "MOST_OCTETS", 10)
    store.write([a_record(message=b"0123456789") for _ in range(3)])
    assert [record.key for record in heap.records[5:]] == [3, 4, 5]


def test_where_no_key_can_be_made_nothing_is_written(make: Callable[..., tuple[KeepingStore, _Heap]]) -> None:
    class Away:
        name = "away"

        def wrap(self, _: bytes) -> bytes:
            raise KeyUnusable("the token is not there")

    store, heap = make(Away())
    with pytest.raises(StoreUnavailable, match="no key for messages can be made: the token is not there"):
        store.write([a_record()])
    assert heap.records == []
    with pytest.raises(StoreUnavailable, match="in a known way"):
        store.write([a_record(kept="whole")])
