"""What can go wrong when a batch is written record by record."""

import hashlib
from collections.abc import Callable, Sequence

import pytest

from esb.audit.record import (
    WRITTEN,
    NotWritten,
    Outcome,
    Record,
    RecordUnwritable,
    StoreUnavailable,
    check_schema,
    replay_key,
    write_apart,
)

MakeRecord = Callable[..., Record]


def _store(**failures: Exception) -> Callable[[Sequence[Record]], list[Outcome]]:
    def write(batch: Sequence[Record]) -> list[Outcome]:
        (record,) = batch
        if record.entry.exchange in failures:
            raise failures[record.entry.exchange]
        return [WRITTEN]

    return write


def test_a_record_that_cannot_be_stored_fails_alone(make_record: MakeRecord) -> None:
    batch = [make_record(exchange=name) for name in "abc"]
    assert write_apart(_store(b=RecordUnwritable("too big")), batch) == [WRITTEN, NotWritten("too big"), WRITTEN]


def test_what_was_committed_before_the_place_was_lost_stays_written(make_record: MakeRecord) -> None:
    batch = [make_record(exchange=name) for name in "abc"]
    lost = NotWritten("gone")
    assert write_apart(_store(b=StoreUnavailable("gone")), batch) == [WRITTEN, lost, lost]


def test_a_place_lost_from_the_start_is_told_as_such(make_record: MakeRecord) -> None:
    with pytest.raises(StoreUnavailable):
        write_apart(_store(a=StoreUnavailable("gone")), [make_record(exchange="a")])


def test_tables_of_another_version_are_refused_with_what_to_do() -> None:
    check_schema(1, 1)
    with pytest.raises(StoreUnavailable, match=r"schema 2 and this program knows 1: use the program that made"):
        check_schema(2, 1)
    with pytest.raises(StoreUnavailable, match="no tables yet: start the bus once"):
        check_schema(0, 1)


def test_a_message_is_known_by_its_consumer_and_id_together() -> None:
    assert replay_key("A", "1") == hashlib.sha256(b"A\x001").digest()
    assert len({replay_key("A", "B1"), replay_key("AB", "1"), replay_key("A", "1")}) == 3
