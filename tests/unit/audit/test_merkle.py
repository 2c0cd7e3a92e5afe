"""The tree against RFC 6962's own definition, written out again plainly, and every proof against every mutation."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.audit.merkle import (
    EMPTY_ROOT,
    ProofInvalid,
    Whole,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    perfect_root,
    root,
)

LEAVES = [hashlib.sha256(b"\0" + str(number).encode()).digest() for number in range(600)]


def plain_root(leaves: list[bytes]) -> bytes:
    """Section 2.1 word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + plain_root(leaves[:k]) + plain_root(leaves[k:])).digest()


def whole_of(leaves: list[bytes]) -> Whole:
    return lambda height, index: perfect_root(leaves[index << height : (index + 1) << height])


WHOLE = whole_of(LEAVES)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 7, 8, 9, 255, 256, 257, 511, 512, 513, 600])
def test_the_root_is_that_of_the_definition(size: int) -> None:
    assert root(size, WHOLE) == plain_root(LEAVES[:size])


def test_the_published_example_of_the_standard_is_met() -> None:
    """RFC 9162's test vectors, as Certificate Transparency's implementations share them: eight odd inputs."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [hashlib.sha256(b"\0" + bytes.fromhex(one)).digest() for one in inputs]
    roots = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    for size, expected in roots.items():
        assert root(size, whole_of(leaves)).hex() == expected


@given(st.data())
def test_every_leaf_is_shown_to_be_there(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, WHOLE)
    check_inclusion(LEAVES[index], index, size, proof, plain_root(LEAVES[:size]))


@given(st.data())
def test_every_tree_is_shown_to_be_a_beginning_of_a_later_one(data: st.DataObject) -> None:
    second = data.draw(st.integers(1, len(LEAVES)))
    first = data.draw(st.integers(1, second))
    proof = consistency_proof(first, second, WHOLE)
    check_consistency(first, second, proof, plain_root(LEAVES[:first]), plain_root(LEAVES[:second]))


@given(st.data())
def test_no_false_inclusion_proof_holds(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 70))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, WHOLE)
    expected = root(size, WHOLE)
    other = data.draw(st.integers(-1, size + 1).filter(lambda one: one != index))
    with pytest.raises(ProofInvalid):
        check_inclusion(LEAVES[index], other, size, proof, expected)
    with pytest.raises(ProofInvalid):
        check_inclusion(LEAVES[index + 1], index, size, proof, expected)
    with pytest.raises(ProofInvalid):
        check_inclusion(LEAVES[index], index, size, [*proof, proof[-1]], expected)
    with pytest.raises(ProofInvalid):
        check_inclusion(LEAVES[index], index, size, proof[:-1], expected)
    at = data.draw(st.integers(0, len(proof) - 1))
    with pytest.raises(ProofInvalid):
        check_inclusion(LEAVES[index], index, size, [*proof[:at], LEAVES[-1], *proof[at + 1 :]], expected)


@given(st.data())
def test_no_false_consistency_proof_holds(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, 70))
    first = data.draw(st.integers(1, second - 1))
    proof = consistency_proof(first, second, WHOLE)
    old, new = root(first, WHOLE), root(second, WHOLE)
    with pytest.raises(ProofInvalid):
        check_consistency(first, second, proof, LEAVES[-1], new)
    with pytest.raises(ProofInvalid):
        check_consistency(first, second, proof, old, LEAVES[-1])
    with pytest.raises(ProofInvalid):
        check_consistency(first, second, proof[:-1], old, new)
    with pytest.raises(ProofInvalid):
        check_consistency(first, second, [*proof, proof[0]], old, new)
    with pytest.raises(ProofInvalid):
        check_consistency(second, first, proof, old, new)
    at = data.draw(st.integers(0, len(proof) - 1))
    with pytest.raises(ProofInvalid):
        check_consistency(first, second, [*proof[:at], LEAVES[-1], *proof[at + 1 :]], old, new)


def test_trees_of_one_size_and_two_roots_are_a_fork() -> None:
    with pytest.raises(ProofInvalid, match="forked"):
        check_consistency(5, 5, [], LEAVES[0], LEAVES[1])
    check_consistency(5, 5, [], LEAVES[0], LEAVES[0])


def test_every_tree_follows_the_empty_one() -> None:
    check_consistency(0, 5, [], EMPTY_ROOT, LEAVES[0])
    for proof, old in (([LEAVES[0]], EMPTY_ROOT), ([], LEAVES[0])):
        with pytest.raises(ProofInvalid):
            check_consistency(0, 5, proof, old, LEAVES[0])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_what_is_not_in_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(index, size, WHOLE)
    with pytest.raises(ProofInvalid):
        check_inclusion(LEAVES[0], index, size, [], LEAVES[0])


@pytest.mark.parametrize(("first", "second"), [(0, 3), (4, 3)])
def test_no_consistency_is_proved_from_nothing_or_backwards(first: int, second: int) -> None:
    with pytest.raises(ValueError, match="no smaller"):
        consistency_proof(first, second, WHOLE)
