"""`esb log key`, `esb log checkpoint` and `esb log verify`, as a person runs them."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from cryptography.hazmat.primitives.serialization import Encoding
from support.archives import SIGNER, fill
from support.records import a_record
from support.rig import Rig, done

from esb.admin.log_key import log_origin, open_log_signer
from esb.audit.notes import NoteKey, open_checkpoint
from esb.audit.store import open_store, open_tree
from esb.conf.load import load

Run = Callable[..., Result]


@pytest.fixture
def logged(office: Run, tmp_path: Path) -> Run:
    """A home in whose log two exchanges and a refusal stand, with a checkpoint over them."""
    rig = Rig()
    done(rig.bus.carry(rig.received()))
    done(rig.bus.carry(rig.received()))
    done(rig.bus.carry(rig.received(b"no xml")))
    home = tmp_path / "shluz-home"
    (home / "keys" / "rig.pem").write_bytes(rig.bus_party.certificate.public_bytes(Encoding.PEM))
    settings = load(home, {}).settings
    store, tree = open_store(settings.evidence.url), open_tree(settings.evidence.url)
    store.idle()
    store.write(rig.evidence.records)
    passphrase = (home / "keys" / "passphrase").read_bytes().strip()
    signer = open_log_signer(settings.keys.log_key, passphrase, log_origin("", settings.bus.address))
    tree.add()
    tree.publish(signer.checkpoint)
    store.close()
    tree.close()
    return office


def test_a_whole_log_is_told_to_be_whole(logged: Run) -> None:
    result = logged("log", "verify", "--processes", "1")
    assert result.exit_code == 0, result.output
    assert "The log is whole." in result.stdout
    found = json.loads(logged("log", "verify", "--json").stdout)
    assert (found["whole"], found["findings"], found["checkpoints"]) == (True, [], 1)
    assert found["size"] == found["records"] > 4


def test_what_was_altered_is_named_and_the_exit_code_says_so(logged: Run, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shluz-home" / "evidence.db") as connection:
        (name,) = connection.execute("SELECT record FROM record WHERE record LIKE '%-a' LIMIT 1").fetchone()
        (sent,) = connection.execute(
            "SELECT sent FROM body JOIN record USING (id) WHERE record = ?", (name,)
        ).fetchone()
        altered = sent.replace(b"<p:surname>", b"<p:Surname>")
        connection.execute("UPDATE body SET sent = ? WHERE sent = ?", (altered, sent))
    connection.close()
    result = logged("log", "verify")
    assert result.exit_code == 1
    assert name in result.stdout
    assert "not as it was" in result.stdout


def test_a_kept_checkpoint_is_held_against_the_log(logged: Run, tmp_path: Path) -> None:
    kept = tmp_path / "kept.checkpoint"
    assert logged("log", "checkpoint", "--out", str(kept)).exit_code == 0
    key = NoteKey.parse(logged("log", "key").stdout)
    assert open_checkpoint(kept.read_bytes(), key)[0].size > 4
    assert logged("log", "verify", "--checkpoint", str(kept), "--key", key.text).exit_code == 0
    for path in (tmp_path / "shluz-home").glob("evidence*"):
        path.unlink()
    store = open_store(f"sqlite:///{tmp_path / 'shluz-home' / 'evidence.db'}")
    store.idle()
    store.close()
    tree = open_tree(f"sqlite:///{tmp_path / 'shluz-home' / 'evidence.db'}")
    tree.add()
    tree.close()
    result = logged("log", "verify", "--checkpoint", str(kept))
    assert result.exit_code == 1
    assert "the log was cut back" in result.stdout


def test_a_log_without_a_tree_is_told(office: Run) -> None:
    result = office("log", "checkpoint")
    assert result.exit_code == 1
    assert office("log", "key").stdout.startswith("127.0.0.1:8080/log+")


def test_records_of_which_the_tree_does_not_speak_are_told(office: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shluz-home' / 'evidence.db'}"
    fill(url, {"2026-10": 3})
    store = open_store(url)
    store.write([a_record(), a_record()])
    store.close()
    told = office("log", "verify", "--key", SIGNER.key.text).stdout
    assert "2 records have no place in the tree yet" in told
    assert json.loads(office("log", "verify", "--key", SIGNER.key.text, "--json").stdout)["waiting"] == 2
