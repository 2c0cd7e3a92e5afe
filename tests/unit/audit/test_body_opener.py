"""What opens messages asks for a key once, and says why one does not open."""

from pathlib import Path

import pytest
from support.sealed import MASTERS

from esb.audit.body_opener import BodyOpener, KeyShredded, MasterKeyMissing
from esb.audit.data_keys_sqlite import SqliteDataKeys
from esb.audit.seal import MESSAGE, BodyUnreadable, MasterKeys, Seal


def test_master_keys_are_opened_at_the_first_sealed_message(tmp_path: Path) -> None:
    asked = []

    def masters() -> MasterKeys:
        asked.append(1)
        return MASTERS

    keys = SqliteDataKeys(tmp_path / "e.db")
    key = keys.add("2026-11-30", 1, 1, MASTERS.name, MASTERS.wrap(b"k" * 32))
    clear = keys.add("2026-12-01", 1, 1, "", b"")
    bodies = BodyOpener(keys, masters)
    assert bodies.open("x-q", None, b"a", b"b") == (b"a", b"b")
    assert bodies.open("x-q", clear.id, b"a", b"b") == (b"a", b"b")
    assert asked == []
    sealed = Seal(b"k" * 32, key.facts).close("x-q", MESSAGE, b"a")
    for _ in range(2):
        assert bodies.open("x-q", key.id, sealed, b"") == (b"a", b"")
    assert asked == [1]
    assert [bodies.until(number) for number in (None, key.id, clear.id)] == ["", "2026-11-30", "2026-12-01"]
    with pytest.raises(MasterKeyMissing):
        BodyOpener(keys, None).open("x-q", key.id, sealed, b"")
    with pytest.raises(BodyUnreadable, match="none of number 9"):
        bodies.open("x-q", 9, sealed, b"")
    keys.shred([key.id], 5)
    assert bodies.open("x-q", key.id, sealed, b"") == (b"a", b""), "a key in memory ends with its process"
    bodies.close()
    with pytest.raises(KeyShredded):
        bodies.open("x-q", key.id, sealed, b"")
    bodies.close()
