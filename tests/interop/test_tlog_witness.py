"""A foreign witness cosigns our log, a foreign log asks our witness, and a foreign verifier accepts what came of it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from interop.programs import run
from support.doors import at_once, served
from support.records import a_record

from esb.admin.cosigning import Cosigning
from esb.admin.witness_client import WitnessClient
from esb.admin.witness_home import WitnessHome, make_witness
from esb.audit.log_key import LogSigner
from esb.audit.notes import NoteKey
from esb.audit.store import open_store, open_tree
from esb.audit.tree_reader import TreeReader
from esb.audit.witness import Witness
from esb.endpoints.log import LogDoor, Quorum
from esb.endpoints.witness import WitnessDoor
from esb.kernel.http import HttpRequest, HttpResponse, Peer
from esb.logs import logger

pytestmark = pytest.mark.interop
_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)


@pytest.fixture
def foreign(tlog: Path) -> Iterator[list[dict[str, str]]]:
    """Two foreign witnesses."""
    begun = [
        subprocess.Popen([tlog, "witness", f"foreign.example/w{number}", SIGNER.key.text], stdout=subprocess.PIPE)
        for number in (1, 2)
    ]
    yield [json.loads(each.stdout.readline()) for each in begun if each.stdout is not None]
    for each in begun:
        each.kill()
        each.communicate()


def test_foreign_witnesses_cosign_our_log(tlog: Path, foreign: list[dict[str, str]], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store, tree, reader = open_store(url), open_tree(url), TreeReader(url)
    keys = [NoteKey.parse(each["key"]) for each in foreign]
    clients = [WitnessClient(key, each["url"]) for key, each in zip(keys, foreign, strict=True)]
    clock = (lambda: 0.0, lambda: 0.0)
    cosigning = Cosigning(open_tree(url), TreeReader(url), clients, 2, 0, lambda: True, 60, *clock, logger("test"))
    door = LogDoor(reader, at_once, SIGNER.key.text, Quorum(frozenset(key.name for key in keys), 2), lambda: 0.0)
    names = ("one", "two")
    witnesses = "".join(f"witness {name} {key.text}\n" for name, key in zip(names, keys, strict=True))
    (tmp_path / "policy").write_text(f"log {SIGNER.key.text}\n{witnesses}group all 2 one two\nquorum all\n")
    for number in (3, 300, 1):
        store.write([a_record() for _ in range(number)])
        tree.add()
        tree.publish(SIGNER.checkpoint)
        assert cosigning.round() == ""
        answer = door.get(HttpRequest("GET", "/log/checkpoint", "", {}, b"", Peer("192.0.2.7"))).__await__()
        with pytest.raises(StopIteration) as end:
            answer.send(None)  # type: ignore[attr-defined]
        response: HttpResponse = end.value.value
        (tmp_path / "checkpoint").write_bytes(response.body)
        said = json.loads(run(tmp_path, tlog, "policy", tmp_path / "policy", tmp_path / "checkpoint"))
        assert said == {"size": reader.size(), "signatures": 3}
    assert reader.size() == 304
    for each in (store, tree, reader, cosigning):
        each.close()


def test_a_foreign_log_asks_our_witness(tlog: Path, tmp_path: Path) -> None:
    key = json.loads(run(tmp_path, tlog, "key", "other.example/log"))
    make_witness(tmp_path / "w", "reserve.example/w1")
    home = WitnessHome(tmp_path / "w")
    public, private = home.key()
    home.add(NoteKey.parse(key["public"]), "https://other.example/log")
    alarms: list[str] = []
    witness = Witness(public, private.sign, home, lambda: 1_700_000_000.0, alarms.append)
    door = WitnessDoor(witness, home.logs, at_once, lambda *_: None)
    with served(door.handle) as url:
        said = json.loads(run(tmp_path, tlog, "submit", key["private"], url, public.text))
    # It grows, is asked again, asks too late, forks beyond, forks at the same size, and is believed no more.
    assert said == ["200", "200", "200", "409 10", "422", "409", "409"]
    assert len(alarms) == 1
