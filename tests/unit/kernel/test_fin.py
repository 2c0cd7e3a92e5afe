"""What a FIN looks like."""

import pytest

from esb.kernel.fin import FIN_LETTERS, is_fin, read_fin


def test_seven_of_thirty_four_letters() -> None:
    assert len(FIN_LETTERS) == 34
    assert all(is_fin(letter * 7) for letter in FIN_LETTERS)


@pytest.mark.parametrize("text", ["", "5ABC12", "5ABC1234", "5abc123", "5ABC12I", "OABC123", "5ABC12٣", "5ABC123\n"])
def test_everything_else_is_none(text: str) -> None:
    assert not is_fin(text)


@pytest.mark.parametrize(
    ("text", "fin"),
    [("5ABC123", "5ABC123"), (" 5abc123\r\n", "5ABC123"), ("5abc12i", None), ("5ABC 123", None), ("5ABC12\u017f", None),
     ("\u00a05ABC123", None), ("", None)],
)  # fmt: skip
def test_a_fin_is_read_in_its_one_form(text: str, fin: str | None) -> None:
    assert read_fin(text) == fin
