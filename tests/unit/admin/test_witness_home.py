"""A witness's folder: made once, run by one process, and never read as less than it holds."""

import json
from pathlib import Path

import pytest

from esb.admin.witness_home import WitnessError, WitnessHome, make_witness
from esb.audit.log_key import LogSigner
from esb.audit.notes import COSIGNATURE, NoteInvalid, NoteKey
from esb.audit.witness import Seen

SIGNER = LogSigner("bus.example/log", bytes(31) + b"\1", lambda _: bytes(64))


@pytest.fixture
def home(tmp_path: Path) -> WitnessHome:
    """One whose key is never needed."""
    for part in ("logs", "proofs"):
        (tmp_path / "w" / part).mkdir(parents=True)
    (tmp_path / "w" / "witness.json").write_text('{"name": "reserve.example/w1"}')
    return WitnessHome(tmp_path / "w")


def test_a_folder_is_made_with_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    made = make_witness(tmp_path / "w", "reserve.example/w1")
    key, private = WitnessHome(tmp_path / "w").key()
    assert (key, made.kind) == (made, COSIGNATURE)
    assert len(private.sign(b"x")) == 64
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "w").rglob("*"))
    with pytest.raises(WitnessError, match="holds something"):
        make_witness(tmp_path / "w", "reserve.example/w1")
    with pytest.raises(NoteInvalid):
        make_witness(tmp_path / "x", "not a name")
    with pytest.raises(WitnessError, match="no witness's folder"):
        WitnessHome(tmp_path / "x")


def test_logs_are_added_listed_and_removed(home: WitnessHome) -> None:
    home.add(SIGNER.key, "https://bus.example/log/")
    assert home.logs() == [Seen(SIGNER.key, "https://bus.example/log")]
    assert home.recall("other") is None
    with pytest.raises(WitnessError, match="already"):
        home.add(SIGNER.key, "https://bus.example/log")
    for key, url in (
        (NoteKey("w", COSIGNATURE, bytes(32)), "https://bus.example/log"),
        (LogSigner("x", bytes(32), bytes).key, "bus.example/log"),
        (LogSigner("x", bytes(32), bytes).key, "https://bus.example/log?x"),
    ):
        with pytest.raises(WitnessError):
            home.add(key, url)
    note = SIGNER.checkpoint(3, bytes(32))
    seen = Seen(SIGNER.key, "https://bus.example/log", note, 5, 6, "file", True)
    home.remember(seen)
    assert home.logs() == [seen]
    assert seen.head.size == 3
    assert home.remove("bus.example/log") == seen
    with pytest.raises(WitnessError, match="not witnessed"):
        home.remove("bus.example/log")


def test_what_was_cosigned_and_cannot_be_read_is_no_empty_memory(home: WitnessHome) -> None:
    home.add(SIGNER.key, "https://bus.example/log")
    (path,) = (home.folder / "logs").glob("*.json")
    whole = path.read_text()
    facts = json.loads(whole)
    for damaged in (whole[:-9], "{}", json.dumps({**facts, "note": "x"}), json.dumps({**facts, "log": "y"}), ""):
        path.write_text(damaged)
        with pytest.raises(WitnessError, match="nothing of that log can be cosigned"):
            home.recall("bus.example/log")


def test_what_cannot_be_written_is_told(home: WitnessHome) -> None:
    home.add(SIGNER.key, "https://bus.example/log")
    (path,) = (home.folder / "logs").glob("*.json")
    (home.folder / "logs" / f".{path.name}.new").mkdir()  # stands for a disk that does not take it
    with pytest.raises((WitnessError, OSError)):
        home.remember(Seen(SIGNER.key, "https://bus.example/log"))


def test_two_processes_do_not_sign_with_one_key(home: WitnessHome) -> None:
    home.lock()
    other = WitnessHome(home.folder)
    with pytest.raises(WitnessError, match="two with one key"):
        other.lock()
    home.unlock()
    other.lock()
    other.unlock()


def test_a_proof_is_a_file_that_a_person_and_a_program_read(home: WitnessHome) -> None:
    note = SIGNER.checkpoint(3, bytes(32))
    path = Path(home.keep_proof(Seen(SIGNER.key, "https://x"), "What happened.", [("cosigned", note), ("shown", note)]))
    text = path.read_text()
    assert text.startswith("What happened.\n")
    assert SIGNER.key.text in text
    assert text.count(note.decode()) == 2
