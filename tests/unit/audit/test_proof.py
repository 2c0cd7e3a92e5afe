"""Inclusion proofs as files: written and read in one form, and what is altered is told."""

import pytest

from esb.audit.leaf import leaf_hash
from esb.audit.merkle import ProofInvalid, inclusion_proof, perfect_root, root
from esb.audit.notes import Checkpoint, Note, NoteInvalid, Signature
from esb.audit.proof import ProofMalformed, TlogProof, read_proof

LEAVES = [leaf_hash(bytes([number])) for number in range(11)]


def whole(height: int, index: int) -> bytes:
    return perfect_root(LEAVES[index << height : (index + 1) << height])


def proof_of(index: int, size: int = 11) -> TlogProof:
    text = Checkpoint("log.example/x", size, root(size, whole)).text
    note = Note(text, (Signature("log.example/x", b"abcd", b"s" * 64),)).octets()
    return TlogProof(index, tuple(inclusion_proof(index, size, whole)), note)


def test_a_proof_is_read_back_and_leads_to_the_root() -> None:
    for index in range(11):
        proof = read_proof(proof_of(index).octets())
        assert proof == proof_of(index)
        proof.check(LEAVES[index])
        with pytest.raises(ProofInvalid):
            proof.check(LEAVES[(index + 1) % 11])


def test_the_form_is_that_of_the_standard() -> None:
    lines = proof_of(5).octets().decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 5"]
    assert lines[2 + len(proof_of(5).hashes)] == ""
    assert lines[3 + len(proof_of(5).hashes)] == "log.example/x"
    single = proof_of(0, 1)
    assert single.octets().startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\nlog.example/x\n1\n")
    read_proof(single.octets()).check(LEAVES[0])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"@v1", b"@v2"),
        (b"index 5", b"index 05"),
        (b"index 5", b"index -5"),
        (b"index 5\n", b"extra YQ==\nindex 5\n"),
        (b"index 5\n", b"index 5\nAAAA\n"),
        (b"index 5\n", b"index 5\n" + b"A" * 43 + b"=\r\n"),
        (b"index 5\n", b"index 5\n" + b"A" * 42 + b"B=\n"),
        (b"\n\nlog", b"\nlog"),
        ("\n\n— log".encode(), "\n— log".encode()),
    ],
)  # fmt: skip
def test_another_form_is_refused(before: bytes, after: bytes) -> None:
    octets = proof_of(5).octets()
    assert before in octets
    with pytest.raises(ProofMalformed):
        read_proof(octets.replace(before, after, 1))


def test_what_is_too_long_is_refused() -> None:
    proof = proof_of(5)
    with pytest.raises(ProofMalformed):
        read_proof(TlogProof(5, (b"h" * 32,) * 65, proof.checkpoint).octets())
    with pytest.raises(ProofMalformed):
        read_proof(b"x" * 200_000)


def test_a_checkpoint_that_is_none_proves_nothing() -> None:
    with pytest.raises(NoteInvalid):
        TlogProof(5, proof_of(5).hashes, b"no note").check(LEAVES[5])
