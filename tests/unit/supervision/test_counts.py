"""The shared table's own form; what it promises stands in tests/contract/test_quota_counts.py."""

import os
from collections.abc import Iterator

import pytest

from esb.supervision.counts import CountsUnreadable, SharedCounts


@pytest.fixture
def table() -> Iterator[int]:
    fd = os.memfd_create("test")
    yield fd
    os.close(fd)


def test_a_table_of_another_version_is_not_written_to(table: int) -> None:
    os.pwrite(table, b"ESBQUOT9" + bytes(56), 0)
    with pytest.raises(CountsUnreadable, match="stop it and start it anew"):
        SharedCounts(table)
    assert os.pread(table, 64, 0) == b"ESBQUOT9" + bytes(56)


def test_a_count_that_no_field_can_hold_stays_at_the_most(table: int) -> None:
    counts = SharedCounts(table)
    used = counts.hold(1)
    used.second, used.in_second, used.day, used.in_day = 7, 2**30, 8, 2**50
    counts.free(1, used)
    used = counts.hold(1)
    counts.free(1, used)
    assert (used.second, used.in_second, used.day, used.in_day) == (7, 2**24 - 1, 8, 2**40 - 1)


def test_a_hundred_thousand_grants_take_a_few_megabytes(table: int) -> None:
    counts = SharedCounts(table)
    for number in range(0, 100_000, 50):
        counts.free(number, counts.hold(number))
    assert os.fstat(table).st_size <= 128 * 1024
