"""A journal comes back as it was written, and what is none is told, not guessed."""

from pathlib import Path

import pytest

from esb.bench.month.journal import Journal, JournalUnreadable, read_journal, write_journal
from esb.bench.month.tally import Count


def test_it_comes_back(tmp_path: Path) -> None:
    journal = Journal({"A/B/C/v1": Count(3, 2**255 + 1)}, 2)
    write_journal(tmp_path / "journal.json", journal)
    assert read_journal(tmp_path / "journal.json") == journal
    assert [file.name for file in tmp_path.iterdir()] == ["journal.json"]


def test_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalUnreadable, match="left no journal"):
        read_journal(tmp_path / "journal.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"served": {}}', '{"served": {"a": [1]}, "strange": 0}'])
def test_anything_else_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "journal.json").write_text(text)
    with pytest.raises(JournalUnreadable, match="cannot be read"):
        read_journal(tmp_path / "journal.json")
