"""Several witnesses: a quorum is enough, one that is away is left alone for a while, another history is always told."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.doors import served
from support.records import a_record
from support.witnesses import ScriptedWitness

from esb.admin.cosigning import Cosigning
from esb.admin.witness_client import WitnessClient
from esb.audit.log_key import LogSigner
from esb.audit.record import EvidenceStore
from esb.audit.store import open_store, open_tree
from esb.audit.tree import TreeStore
from esb.audit.tree_reader import TreeReader

_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)
AWAY = (500, "text/plain", b"")


class Told:
    """A log."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def warning(self, event: str, witness: str, problem: str) -> None:
        assert problem
        self.said.append((event, witness))

    def info(self, event: str, witness: str) -> None:
        self.said.append((event, witness))


@dataclass
class Scene:
    store: EvidenceStore
    tree: TreeStore
    reader: TreeReader
    witnesses: list[ScriptedWitness]
    cosigning: Cosigning
    told: "Told"
    now: float = 1_700_000_000.0
    elected: bool = True

    def grow(self) -> None:
        self.store.write([a_record(at=int(self.now * 1_000_000))])
        self.tree.add()
        self.tree.publish(SIGNER.checkpoint)

    def asked(self) -> list[int]:
        return [len(each.asked) for each in self.witnesses]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    store, tree, reader = open_store(url), open_tree(url), TreeReader(url)
    store.idle()
    tree.add()
    witnesses = [ScriptedWitness(f"w{number}") for number in range(3)]
    with ExitStack() as stack:
        clients = [WitnessClient(each.key, stack.enter_context(served(each.handle))) for each in witnesses]
        made: Scene
        told = Told()
        cosigning = Cosigning(
            open_tree(url),
            TreeReader(url),
            clients,
            2,
            5.0,
            lambda: made.elected,
            300.0,
            lambda: made.now,
            lambda: made.now,
            told,
        )
        made = Scene(store, tree, reader, witnesses, cosigning, told)
        yield made
        for each in (store, tree, reader, cosigning):
            each.close()


def test_each_is_asked_when_there_is_news_and_not_too_often(scene: Scene) -> None:
    assert scene.cosigning.round() == ""
    scene.grow()
    assert scene.cosigning.round() == ""
    assert set(scene.reader.cosignatures(1)) == {"w0", "w1", "w2"}
    scene.now += 1
    scene.grow()
    scene.cosigning.round()
    assert scene.asked() == [1, 1, 1]
    scene.now += 4
    scene.cosigning.round()
    scene.now += 10
    scene.cosigning.round()
    assert scene.asked() == [2, 2, 2]
    assert [each.asked for each in scene.witnesses] == [[0, 1]] * 3


def test_a_quorum_is_enough_and_without_it_time_runs(scene: Scene) -> None:
    scene.witnesses[0].script = [AWAY] * 9
    scene.grow()
    assert scene.cosigning.round() == ""
    scene.now += 1_000
    scene.grow()
    scene.cosigning.round()
    assert scene.cosigning.round() == "", "two of three"
    for each in scene.witnesses[:2]:
        each.script = [AWAY] * 20
    scene.grow()
    scene.now += 100
    assert scene.cosigning.round() == ""
    scene.now += 201
    said = scene.cosigning.round()
    assert said.startswith("2 of 3 witnesses have not cosigned for 5 min: witness w0 answers HTTP 500; witness w1")
    scene.elected = False
    assert scene.cosigning.round().startswith("2 of 3"), "a process that asks nobody knows it from the log"
    scene.elected = True
    scene.witnesses[1].script = []
    scene.now += 61
    assert scene.cosigning.round() == ""


def test_one_that_is_away_is_asked_at_growing_intervals(scene: Scene) -> None:
    scene.witnesses[0].script = [AWAY] * 99
    scene.grow()
    for _ in range(100):
        scene.cosigning.round()
        scene.now += 1
    assert scene.asked() == [7, 1, 1]
    scene.witnesses[0].script = []
    scene.now += 60
    scene.cosigning.round()
    assert scene.told.said == [("a witness does not cosign", "w0"), ("a witness cosigns again", "w0")]


def test_another_history_is_told_whatever_the_quorum_says_until_it_is_no_more(scene: Scene) -> None:
    scene.witnesses[2].script = [(409, "text/x.tlog.size", b"7\n")]
    scene.grow()
    for _ in range(2):
        assert "w2 has cosigned this log with 7 records, and it has only 1 now" in scene.cosigning.round()
    scene.now += 2
    assert scene.cosigning.round() == ""


def test_a_log_that_seems_to_be_cosigned_is_asked_about_once_by_each_process(scene: Scene) -> None:
    """After a backup was put back, the last checkpoint may well have its cosignatures."""
    scene.grow()
    for each in scene.witnesses:
        scene.tree.keep_cosignature(1, each.key.name, "line\n")
    scene.cosigning.round()
    scene.now += 60
    scene.cosigning.round()
    assert scene.asked() == [1, 1, 1]
