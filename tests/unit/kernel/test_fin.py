"""What a FIN looks like."""

import pytest

from esb.kernel.fin import FIN_LETTERS, is_fin


def test_seven_of_thirty_four_letters() -> None:
    assert len(FIN_LETTERS) == 34
    assert all(is_fin(letter * 7) for letter in FIN_LETTERS)


@pytest.mark.parametrize("text", ["", "5ABC12", "5ABC1234", "5abc123", "5ABC12I", "OABC123", "5ABC12٣", "5ABC123\n"])
def test_everything_else_is_none(text: str) -> None:
    assert not is_fin(text)
