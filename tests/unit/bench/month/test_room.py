"""A disk that is too small is told before anything is begun."""

from pathlib import Path

import pytest

from esb.bench.month.room import BYTES_AN_EXCHANGE, NoRoom, Room, forecast, gigabytes


def test_the_forecast_grows_with_the_requests(tmp_path: Path) -> None:
    small, large = forecast(1_000, tmp_path), forecast(2_000, tmp_path)
    assert large.needed - small.needed == 1_000 * BYTES_AN_EXCHANGE
    assert small.free > 0


def test_a_folder_that_is_still_to_be_made_lies_on_its_parents_disk(tmp_path: Path) -> None:
    assert forecast(1, tmp_path / "a" / "b").folder == tmp_path


def test_too_little_is_refused_with_what_to_do(tmp_path: Path) -> None:
    Room(1_000, 1_000, tmp_path).check()
    with pytest.raises(NoRoom, match=r"will take 12\.9 GB, and .* has 500 MB free: make room") as caught:
        Room(12_900_000_000, 500_000_000, tmp_path).check()
    assert "--home" in str(caught.value)
    assert "--scale" in str(caught.value)


def test_sizes_are_written_as_people_read_them() -> None:
    assert [gigabytes(size) for size in (0, 999_499_999, 1e9, 12_690_000_000)] == [
        "0 MB",
        "999 MB",
        "1.0 GB",
        "12.7 GB",
    ]
