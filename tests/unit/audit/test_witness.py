"""What a witness signs and refuses, and that it is killed at any moment without ever going back."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from esb.audit.log_key import LogSigner
from esb.audit.merkle import consistency_proof, perfect_root, root
from esb.audit.notes import COSIGNATURE, NoteInvalid, NoteKey, cosign, open_checkpoint, parse_note
from esb.audit.witness import Seen, Witness
from esb.audit.witness_request import AddCheckpoint

_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)
_OWN = Ed25519PrivateKey.generate()
KEY = NoteKey("reserve.example/w1", COSIGNATURE, _OWN.public_key().public_bytes_raw())
LEAVES = [bytes([number]) * 32 for number in range(40)]


class Killed(Exception):
    pass


@dataclass
class Memory:
    """What is on the disk; it may be killed before or after it is written."""

    seen: dict[str, Seen] = field(default_factory=lambda: {"bus.example/log": Seen(SIGNER.key, "https://x")})
    kill: str = ""

    def recall(self, origin: str) -> Seen | None:
        return self.seen.get(origin)

    def remember(self, seen: Seen) -> None:
        if self.kill == "before":
            raise Killed
        self.seen[seen.log.name] = seen
        if self.kill == "after":
            raise Killed

    def keep_proof(self, seen: Seen, words: str, notes: Sequence[tuple[str, bytes]]) -> str:
        return "file"


def witness(memory: Memory) -> Witness:
    return Witness(KEY, _OWN.sign, memory, lambda: 1_700_000_000.0, lambda _: None)


def whole(leaves: list[bytes]):  # type: ignore[no-untyped-def]
    return lambda height, index: perfect_root(leaves[index << height : (index + 1) << height])


def body(old: int, size: int, leaves: list[bytes] = LEAVES) -> bytes:
    proof = consistency_proof(old, size, whole(leaves)) if 0 < old < size else []
    return AddCheckpoint(old, tuple(proof), SIGNER.checkpoint(size, root(size, whole(leaves)))).octets()


def test_it_signs_what_continues_and_nothing_else() -> None:
    one = witness(Memory())
    for old, size in ((0, 3), (3, 3), (3, 8), (8, 40)):
        answer = one.add_checkpoint(body(old, size))
        assert answer.status == 200
        note = SIGNER.checkpoint(size, root(size, whole(LEAVES))) + answer.body
        assert open_checkpoint(note, SIGNER.key, [KEY])[1] == {KEY: 1_700_000_000}
    assert [one.add_checkpoint(body(old, size)).status for old, size in ((0, 3), (8, 40), (39, 40))] == [409] * 3
    assert one.add_checkpoint(body(40, 40, [*LEAVES[:39], bytes(32)])).status == 409


def test_signatures_that_others_put_to_a_checkpoint_are_neither_needed_nor_kept() -> None:
    memory = Memory()
    note = SIGNER.checkpoint(3, root(3, whole(LEAVES)))
    more = note + cosign(parse_note(note).text, KEY, 5, lambda _: bytes(64)).line.encode()
    assert witness(memory).add_checkpoint(AddCheckpoint(0, (), more).octets()).status == 200
    assert memory.seen["bus.example/log"].note == note


@given(
    st.lists(st.tuples(st.integers(1, 40), st.booleans(), st.sampled_from(["", "before", "after"])), max_size=12),
)
def test_it_never_signs_two_roots_of_one_size_and_never_goes_back(steps: list[tuple[int, bool, str]]) -> None:
    """Whoever asks for what, and whenever it is killed and begun anew on what it had written."""
    other = [bytes(32), *LEAVES[1:]]
    memory = Memory()
    signed: list[tuple[int, bytes]] = []
    for size, forked, kill in steps:
        memory.kill = kill
        head = memory.seen["bus.example/log"].head
        leaves = other if forked else LEAVES
        try:
            answer = witness(memory).add_checkpoint(body(min(head.size, size), size, leaves))
        except Killed:
            continue
        finally:
            memory.kill = ""
        if answer.status == 200:
            signed.append((size, root(size, whole(leaves))))
    assert [size for size, _ in signed] == sorted(size for size, _ in signed)
    assert len(dict(signed)) == len(set(signed))
    for size, found in signed:
        assert found == root(size, whole(other if signed[0][1] == root(signed[0][0], whole(other)) else LEAVES))
        assert size <= memory.seen["bus.example/log"].head.size


def test_what_was_overtaken_by_another_cosignature_is_left() -> None:
    """A look takes time; meanwhile the log itself may have submitted more."""
    memory = Memory()
    one = witness(memory)
    before = memory.seen["bus.example/log"]
    one.add_checkpoint(body(0, 8))
    now = memory.seen["bus.example/log"]
    one.accept(before, SIGNER.checkpoint(3, root(3, whole(LEAVES))), [])
    assert not one.falls_behind(before, SIGNER.checkpoint(3, bytes(32)))
    one.accuse(before, "why", SIGNER.checkpoint(9, bytes(32)))
    assert memory.seen["bus.example/log"] == now
    with pytest.raises(NoteInvalid):
        one.accept(now, LogSigner("bus.example/log", bytes(32), lambda _: bytes(64)).checkpoint(9, bytes(32)), [])
