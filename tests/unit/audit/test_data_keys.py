"""A data key as its row has it."""

from esb.audit.data_keys import DataKey, read_row


def test_a_row_is_a_key_that_shows_nothing_of_itself() -> None:
    key = read_row((3, "2026-11-30", 5, 7, "m" * 16, memoryview(b"w" * 40), None))
    assert key == DataKey(3, "2026-11-30", 5, 7, "m" * 16, b"w" * 40, None)
    assert key.facts == ("2026-11-30", 5, 7)
    assert "wwww" not in repr(key)
