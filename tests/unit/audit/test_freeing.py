"""Where the rows of a key are; that they go: tests/contract/test_sealed_bodies.py."""

from pathlib import Path

import pytest

from esb.audit.data_keys import DataKey
from esb.audit.freeing import free, reach
from esb.audit.record import StoreUnavailable

_DAY = 86_400_000_000


def _key(number: int, made: int, first: int) -> DataKey:
    return DataKey(number, "2026-11-30", made, first, "m", b"", 5)


def test_a_keys_rows_end_where_a_key_of_two_days_later_begins() -> None:
    keys = [_key(1, 0, 10), _key(2, _DAY, 50), _key(3, 2 * _DAY, 90), _key(4, 3 * _DAY, 130), _key(5, 2 * _DAY, 0)]
    assert [reach(key, keys, 200) for key in keys[:4]] == [(10, 90), (50, 130), (90, 200), (130, 200)]


def test_a_log_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert free(f"sqlite:///{tmp_path}/none.db", [], []) == 0
    with pytest.raises(StoreUnavailable):
        free(f"sqlite:///{tmp_path}/none/none.db", [_key(1, 0, 1)], [_key(1, 0, 1)])
