"""What a witness may answer, and what the bus makes of it."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.doors import served
from support.witnesses import ScriptedWitness

from esb.admin.witness_client import HistoryDiffers, NotCosigned, WitnessClient
from esb.audit.log_key import LogSigner
from esb.audit.notes import parse_note, parse_signature, verified_by
from esb.audit.tiles import TileMissing
from esb.audit.tree_reader import Published

_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)
POINT = Published(9, bytes(32), SIGNER.checkpoint(9, bytes(32)))
SIZE = "text/x.tlog.size"


@pytest.fixture
def witness() -> ScriptedWitness:
    return ScriptedWitness("witness.example/w1")


@pytest.fixture
def client(witness: ScriptedWitness) -> Iterator[WitnessClient]:
    with served(witness.handle) as url:
        yield WitnessClient(witness.key, f"{url}/")


def prove(first: int, second: int) -> list[bytes]:
    assert (0 < first < second, second) == (True, 9)
    return [bytes([first]) * 32]


def test_a_cosignature_is_verified(client: WitnessClient, witness: ScriptedWitness) -> None:
    line = client.cosign(POINT, 0, prove)
    note = parse_note(POINT.note + line.encode())
    assert verified_by(note, witness.key) == 1_700_000_000
    client.cosign(POINT, 4, prove)
    client.cosign(POINT, 9, prove)
    assert witness.asked == [0, 4, 9]


def test_a_conflict_tells_from_where_to_prove(client: WitnessClient, witness: ScriptedWitness) -> None:
    witness.script = [(409, SIZE, b"5\n")]
    assert parse_signature(client.cosign(POINT, 0, prove).strip()).name == witness.key.name
    assert witness.asked == [0, 5]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([(409, SIZE, b"10\n")], "with 10 records, and it has only 9 now: its database was put back"),
        ([(409, SIZE, b"4\n")], "another history"),
        ([(409, "text/plain", b"no\n")], "another history"),
        ([(422, "text/plain", b"no\n")], "another history"),
        ([(409, SIZE, b"5\n"), (422, "text/plain", b"no\n")], "another history of this log, of 5 records"),
        ([(409, SIZE, b"5\n"), (409, SIZE, b"6\n")], "another history"),
    ],
)
def test_another_history_is_told_as_one(
    script: list[tuple[int, str, bytes]], words: str, client: WitnessClient, witness: ScriptedWitness
) -> None:
    witness.script = script
    with pytest.raises(HistoryDiffers, match=words):
        client.cosign(POINT, 4, prove)


def test_what_is_no_cosignature_is_not_kept(client: WitnessClient, witness: ScriptedWitness) -> None:
    other = ScriptedWitness(witness.key.name)
    forged = parse_note(POINT.note).signatures[0].line.encode()
    for script, words in (
        ((200, "text/plain", b"thanks\n"), "no cosignature"),
        ((200, "text/plain", forged), "another key"),
        ((200, "text/plain", b""), "another key"),
        ((403, "text/plain", b""), "another key"),
        ((404, "text/plain", b""), "does not know this log"),
        ((500, "text/plain", b""), "HTTP 500"),
    ):
        witness.script = [script]
        with pytest.raises(NotCosigned, match=words) as told:
            client.cosign(POINT, 0, prove)
        assert not isinstance(told.value, HistoryDiffers)
    with served(other.handle) as url, pytest.raises(NotCosigned, match="another key"):
        WitnessClient(witness.key, url).cosign(POINT, 0, prove)


def test_a_witness_that_is_away_and_a_tree_that_is_damaged_are_told(client: WitnessClient) -> None:
    def damaged(_first: int, _second: int) -> list[bytes]:
        raise TileMissing("tile 0/000")

    with pytest.raises(NotCosigned, match="esb log verify"):
        client.cosign(POINT, 4, damaged)
    away = WitnessClient(client.key, "http://127.0.0.1:1")
    with pytest.raises(NotCosigned, match="cannot be asked"):
        away.cosign(POINT, 0, prove)
