"""Keys are destroyed by acts on record, after their day."""

from pathlib import Path

from esb.audit.data_keys_sqlite import SqliteDataKeys
from esb.audit.examine_bodies import Shredding, Tally
from esb.audit.shreddings import shreddings

_DAY = 86_400_000_000


def test_each_destroyed_key_has_its_act(tmp_path: Path) -> None:
    keys = SqliteDataKeys(tmp_path / "e.db")
    for until in ("1970-01-02", "1970-01-02", "1970-01-09", ""):
        keys.add(until, 1, 1, "m", b"w")
    tally = Tally()
    tally.expired["1970-01-02"] = 7
    assert [one.what for one in shreddings(keys, tally)[1]] == [
        "messages are gone, and no key of their day was destroyed"
    ]
    keys.shred([1, 3], 3 * _DAY)
    keys.shred([2], 4 * _DAY)
    tally.shreddings |= {Shredding(1, "1970-01-02", 3 * _DAY), Shredding(3, "1970-01-09", 3 * _DAY)}
    days, wrong = shreddings(keys, tally)
    assert days == {"1970-01-02": {"1970-01-04", "1970-01-05"}, "1970-01-09": {"1970-01-04"}}
    assert [(one.what, one.where) for one in wrong] == [
        ("a key of messages was destroyed without an act on record", "data key 2"),
        ("a key of messages was destroyed before its day", "data key 3"),
    ]
