"""The Merkle tree of RFC 6962: hashes, roots and proofs, over whatever gives the hashes of whole subtrees.

Nothing here knows where hashes are kept.  A tree is asked for through :data:`Whole`: the hash of the perfect subtree of
height h that begins at leaf ``index * 2**h``; every root and every proof is put together from those.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from esb.kernel.faults import EsbError

EMPTY_ROOT: Final = hashlib.sha256().digest()
"""The root of a tree without leaves (RFC 6962, section 2.1)."""

Whole = Callable[[int, int], bytes]
"""Gives the hash of a perfect subtree by its height and its index among those of that height."""


class ProofInvalid(EsbError):
    """A proof does not show what it is said to show."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into one (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\1" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    sha256 = hashlib.sha256
    level = hashes
    while len(level) > 1:
        # As node_hash: whole tiles pass here, and a call for each node would take half of the time.
        level = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


def root(size: int, whole: Whole) -> bytes:
    """The root of a tree of ``size`` leaves."""
    return EMPTY_ROOT if size == 0 else _range(0, size, whole)


def inclusion_proof(index: int, size: int, whole: Whole) -> list[bytes]:
    """The audit path of a leaf: what hashes it up to the root of a tree of ``size`` leaves (RFC 6962, section 2.1.1).

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("a tree has no leaf of this index")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range(middle, end, whole))
            end = middle
        else:
            path.append(_range(start, middle, whole))
            start = middle
    return path[::-1]


def consistency_proof(first: int, second: int, whole: Whole) -> list[bytes]:
    """What shows that the tree of ``first`` leaves is a beginning of that of ``second`` (RFC 6962, section 2.1.2).

    Raises:
        ValueError: ``first`` is not between 1 and ``second``.
    """
    if not 0 < first <= second:
        raise ValueError("a consistency proof leads from a tree with leaves to one that is no smaller")
    path: list[bytes] = []
    start, end, whole_tree = 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(_range(middle, end, whole))
            end = middle
        else:
            path.append(_range(start, middle, whole))
            start, whole_tree = middle, False
    if not whole_tree:
        path.append(_range(start, end, whole))
    return path[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Check an audit path (RFC 9162, section 2.1.3.2).

    Args:
        leaf: the leaf's hash.
        expected: the root of the tree of ``size`` leaves.

    Raises:
        ProofInvalid: the leaf is not shown to be there.
    """
    if not 0 <= index < size:
        raise ProofInvalid("the leaf's index lies outside the tree")
    node, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            raise ProofInvalid("the inclusion proof is longer than the tree is high")
        if node & 1 or node == last:
            found = node_hash(each, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, each)
        node, last = node >> 1, last >> 1
    if last != 0 or found != expected:
        raise ProofInvalid("the inclusion proof does not lead from the leaf to the root")


def check_consistency(first: int, second: int, proof: Sequence[bytes], old: bytes, new: bytes) -> None:
    """Check that a tree was only ever added to (RFC 9162, section 2.1.4.2).

    Args:
        first, old: size and root of the earlier tree.
        second, new: size and root of the later one.

    Raises:
        ProofInvalid: the earlier tree is not shown to be a beginning of the later one.
    """
    if not 0 <= first <= second:
        raise ProofInvalid("the later tree is smaller than the earlier one")
    if first == second:
        if proof or old != new:
            raise ProofInvalid("two trees of one size have different roots: the log was forked")
        return
    if first == 0:
        if proof or old != EMPTY_ROOT:
            raise ProofInvalid("nothing needs to be shown of an empty tree")
        return
    if not proof:
        raise ProofInvalid("the consistency proof is empty")
    path = [old, *proof] if first & (first - 1) == 0 else list(proof)
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    was = now = path[0]
    for each in path[1:]:
        if last == 0:
            raise ProofInvalid("the consistency proof is longer than the tree is high")
        if node & 1 or node == last:
            was, now = node_hash(each, was), node_hash(each, now)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            now = node_hash(now, each)
        node, last = node >> 1, last >> 1
    if last != 0 or was != old or now != new:
        raise ProofInvalid("the consistency proof does not lead from the earlier root to the later one")


def _split(size: int) -> int:
    """The largest power of two below ``size``: how many leaves stand on the left (RFC 6962, section 2.1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _range(start: int, end: int, whole: Whole) -> bytes:
    """The root over the leaves from ``start`` on and before ``end``, as they stand in a tree."""
    size = end - start
    if size & (size - 1) == 0:
        height = size.bit_length() - 1
        return whole(height, start >> height)
    middle = start + _split(size)
    return node_hash(_range(start, middle, whole), _range(middle, end, whole))
