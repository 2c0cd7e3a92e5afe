"""Where the passphrase comes from, and that no error tells it."""

from pathlib import Path

import pytest

from esb.admin.passphrase import read_passphrase
from esb.certs.keys import KeyUnusable


def test_the_environment_comes_first(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("from file\n")
    assert read_passphrase("gizli ə", tmp_path / "p") == "gizli ə".encode()
    assert read_passphrase("gizli", tmp_path / "none") == b"gizli"


@pytest.mark.parametrize("text", ["from file", "from file\n", "from file\r\nsecond line\n"])
def test_else_the_first_line_of_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "p").write_text(text, newline="")
    assert read_passphrase(None, tmp_path / "p") == b"from file"
    assert read_passphrase("", tmp_path / "p") == b"from file"


def test_spaces_are_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "p").write_text(" a b \n")
    assert read_passphrase(None, tmp_path / "p") == b" a b "


def test_a_missing_or_empty_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="SHLUZ_KEYS_PASSPHRASE"):
        read_passphrase(None, tmp_path / "none")
    for text in ("", "\n", "\nsecond"):
        (tmp_path / "p").write_text(text)
        with pytest.raises(KeyUnusable, match="is empty: write the passphrase") as told:
            read_passphrase(None, tmp_path / "p")
        assert "second" not in str(told.value)
