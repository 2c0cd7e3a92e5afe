"""What every evidence store promises, and its reader with it: the same tests on SQLite and on PostgreSQL."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.records import a_record

from esb.audit.entry import Kind
from esb.audit.leaf import leaf_hash
from esb.audit.log import EvidenceReader, LogDamaged
from esb.audit.record import WRITTEN, Duplicate, EvidenceStore, NotWritten, Outcome, StoreUnavailable
from esb.audit.store import open_store
from esb.audit.writer import EvidenceWriter


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'evidence.db'}"
    dsn: str = request.getfixturevalue("fresh_postgres_dsn")
    return dsn


@pytest.fixture
def store(url: str) -> Iterator[EvidenceStore]:
    store = open_store(url)
    yield store
    store.close()


@pytest.fixture
def reader(url: str) -> Iterator[EvidenceReader]:
    reader = EvidenceReader(url)
    yield reader
    reader.close()


# Writing


def test_what_was_written_is_there(store: EvidenceStore, reader: EvidenceReader) -> None:
    asked = a_record(message="<şəxs/>\0".encode(), grant=3, officer="Əli")
    answered = a_record(asked.entry.exchange, Kind.ANSWER, b"<from/>", b"<to/>", outcome="answered")
    assert store.write([asked, answered]) == [WRITTEN, WRITTEN]
    first, second = reader.show(asked.entry.exchange)
    assert first.entry == asked.entry
    assert second.entry == answered.entry
    assert first.leaf_hash == leaf_hash(asked.leaf)
    assert (first.message_size, first.sent_size) == (len(asked.message), 0)
    assert reader.bodies(asked.entry.record) == (asked.message, b"")
    assert reader.bodies(answered.entry.record) == (b"<from/>", b"<to/>")
    assert reader.bodies("nobody-q") is None


def test_a_batch_without_any_replay_key_or_grant_is_written(store: EvidenceStore) -> None:
    assert store.write([a_record(), a_record()]) == [WRITTEN, WRITTEN]


def test_a_large_batch_keeps_its_order(store: EvidenceStore, reader: EvidenceReader) -> None:
    batch = [a_record(replay_key=bytes([number] * 32) if number % 3 else None) for number in range(256)]
    assert store.write(batch) == [WRITTEN] * 256
    assert [line.entry for line in reader.recent(300)][::-1] == [record.entry for record in batch]


def test_a_seen_key_is_a_duplicate_of_the_first(store: EvidenceStore, reader: EvidenceReader) -> None:
    first = a_record(replay_key=b"k" * 32, message=b"first")
    store.write([first])
    again, other = a_record(replay_key=b"k" * 32, message=b"second"), a_record()
    assert store.write([again, other]) == [Duplicate(first.entry.exchange, first.entry.message_sha256), WRITTEN]
    assert reader.show(again.entry.exchange) == []
    assert reader.bodies(again.entry.record) is None
    assert reader.bodies(other.entry.record) == (b"<asked/>", b"")


def test_of_two_with_one_key_in_a_batch_the_first_wins(store: EvidenceStore) -> None:
    batch = [a_record(replay_key=key * 32) for key in (b"a", b"b", b"a", b"c", b"a")]
    duplicate = Duplicate(batch[0].entry.exchange, batch[0].entry.message_sha256)
    assert store.write(batch) == [WRITTEN, WRITTEN, duplicate, WRITTEN, duplicate]


def test_the_same_record_again_is_written_once(store: EvidenceStore, reader: EvidenceReader) -> None:
    record = a_record(replay_key=b"k" * 32)
    assert store.write([record]) == [WRITTEN]
    assert store.write([record, a_record()]) == [WRITTEN, WRITTEN]
    twice = a_record(replay_key=b"l" * 32)
    assert store.write([twice, twice]) == [WRITTEN, WRITTEN]
    assert len(reader.recent()) == 3


def test_another_leaf_under_a_records_name_is_an_error_of_its_own(store: EvidenceStore, reader: EvidenceReader) -> None:
    record = a_record()
    store.write([record])
    other, neighbour = a_record(record.entry.exchange, consumer="MALLORY"), a_record()
    outcomes = store.write([other, neighbour])
    assert outcomes == [NotWritten("another record has this record's name"), WRITTEN]
    assert reader.show(record.entry.exchange)[0].entry == record.entry


def test_a_record_that_cannot_be_stored_does_not_fail_its_neighbours(
    store: EvidenceStore, reader: EvidenceReader
) -> None:
    bad = a_record()
    bad = replace(bad, entry=replace(bad.entry, at=2**64))
    before, after = a_record(replay_key=b"k" * 32), a_record()
    outcomes = store.write([before, bad, after])
    assert [type(outcome) for outcome in outcomes] == [type(WRITTEN), NotWritten, type(WRITTEN)]
    assert {line.entry.record for line in reader.recent()} == {before.entry.record, after.entry.record}


def test_strangers_texts_are_stored_whatever_they_are(store: EvidenceStore, reader: EvidenceReader) -> None:
    record = a_record(service="/services/\0" + "x" * 100_000, consumer="'; DROP TABLE record; --", reason="a\0b")
    assert store.write([record]) == [WRITTEN]
    assert reader.show(record.entry.exchange)[0].entry == record.entry


def test_an_empty_batch_is_nothing(store: EvidenceStore) -> None:
    assert store.write([]) == []


def test_a_closed_store_opens_again(store: EvidenceStore, reader: EvidenceReader) -> None:
    store.write([a_record()])
    store.close()
    assert store.write([a_record()]) == [WRITTEN]
    store.close()
    store.close()
    store.idle()
    assert len(reader.recent()) == 2


def test_processes_meet_at_the_first_opening(url: str) -> None:
    stores = [open_store(url) for _ in range(4)]
    failures: list[Exception] = []

    def begin(store: EvidenceStore) -> None:
        try:
            store.idle()
        except StoreUnavailable as error:
            failures.append(error)

    threads = [threading.Thread(target=begin, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert failures == []


def test_of_many_writers_one_wins_each_key(url: str, reader: EvidenceReader) -> None:
    keys = [hashlib.sha256(bytes([number])).digest() for number in range(40)]
    outcomes: list[list[Outcome]] = []

    def run(order: Sequence[bytes]) -> None:
        store = open_store(url)
        for start in range(0, len(order), 8):
            outcomes.append(store.write([a_record(replay_key=key) for key in order[start : start + 8]]))
        store.close()

    open_store(url).idle()
    threads = [threading.Thread(target=run, args=(order,)) for order in (keys, keys[::-1], keys[20:] + keys[:20])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flat = [outcome for some in outcomes for outcome in some]
    assert len(flat) == 120
    assert flat.count(WRITTEN) == 40
    assert sum(isinstance(outcome, Duplicate) for outcome in flat) == 80
    assert len(reader.recent(200)) == 40


def test_a_writer_over_a_real_store_tells_each_what_became_of_it(url: str, reader: EvidenceReader) -> None:
    heard: dict[str, Outcome] = {}
    writer = EvidenceWriter(open_store(url), lambda call: call())
    writer.start()
    for number in range(500):
        record = a_record(replay_key=hashlib.sha256(bytes([number % 250])).digest())
        writer.submit(record, lambda outcome, name=record.entry.record: heard.__setitem__(name, outcome))  # type: ignore[misc]
    assert writer.stop(30)
    assert len(heard) == 500
    written = {name for name, outcome in heard.items() if outcome == WRITTEN}
    assert len(written) == 250
    assert {line.entry.record for line in reader.recent(1000)} == written


# Reading


def test_recent_pages_backwards(store: EvidenceStore, reader: EvidenceReader) -> None:
    batch = [
        a_record(consumer="A", service="X"),
        a_record(consumer="B", service="X"),
        a_record(consumer="A", service="Y", kind=Kind.REFUSAL, outcome="AccessDenied"),
        a_record(consumer="A", service="X", kind=Kind.ANSWER, outcome="answered"),
    ]
    store.write(batch)
    names = [record.entry.record for record in batch]

    def found(**filters: object) -> list[str]:
        return [line.entry.record for line in reader.recent(**filters)]  # type: ignore[arg-type]

    assert found() == names[::-1]
    page = reader.recent(limit=2)
    assert [line.entry.record for line in page] == [names[3], names[2]]
    assert found(limit=2, before=page[-1].id) == [names[1], names[0]]
    assert found(kind=Kind.REQUEST) == [names[1], names[0]]
    assert found(kind=Kind.REFUSAL, before=page[-1].id) == []
    assert [line.entry.record for line in reader.show(batch[1].entry.exchange)] == [names[1]]


def test_the_answer_of_an_exchange_is_what_left_for_it(store: EvidenceStore, reader: EvidenceReader) -> None:
    asked = a_record()
    store.write([asked])
    assert reader.answer_of(asked.entry.exchange) is None
    store.write([a_record(asked.entry.exchange, Kind.ANSWER, sent=b"<answer/>")])
    assert reader.answer_of(asked.entry.exchange) == b"<answer/>"
    refused = a_record(kind=Kind.REFUSAL, sent=b"<fault/>")
    store.write([refused])
    assert reader.answer_of(refused.entry.exchange) == b"<fault/>"


def test_counts_by_grant_are_of_accepted_requests_since(store: EvidenceStore, reader: EvidenceReader) -> None:
    store.write(
        [
            a_record(grant=1, at=99),
            a_record(grant=1, at=100),
            a_record(grant=1, at=101),
            a_record(grant=2, at=101),
            a_record(grant=None, at=101),
            a_record(grant=1, at=101, kind=Kind.ANSWER),
            a_record(grant=1, at=101, kind=Kind.REFUSAL),
        ]
    )
    assert reader.counts_by_grant(100) == {1: 2, 2: 1}


def test_a_log_that_is_not_there_yet_is_told_and_read_once_it_is(
    url: str, store: EvidenceStore, reader: EvidenceReader
) -> None:
    with pytest.raises(StoreUnavailable):
        reader.recent()
    store.idle()
    assert reader.recent() == []


def test_a_reader_is_shared_by_threads(store: EvidenceStore, reader: EvidenceReader) -> None:
    store.write([a_record() for _ in range(20)])
    lengths: list[int] = []
    threads = [threading.Thread(target=lambda: lengths.append(len(reader.recent()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lengths == [20] * 8


def test_a_damaged_record_is_named(store: EvidenceStore, reader: EvidenceReader) -> None:
    good = a_record()
    leafless = replace(a_record(), leaf=b"{}")
    swapped = replace(a_record(), leaf=good.leaf)
    store.write([good, leafless, swapped])
    for damaged in (leafless, swapped):
        with pytest.raises(LogDamaged, match=damaged.entry.record):
            reader.show(damaged.entry.exchange)
    assert reader.show(good.entry.exchange)[0].entry == good.entry
