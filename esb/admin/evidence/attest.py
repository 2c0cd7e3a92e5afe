"""Which checkpoint a package is put under: the first over its records that others have vouched for, with their word."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from esb.audit.tree_reader import Published, TreeReader

_LOOKED_AT: Final = 500  # stamps and cosignatures after the records, of which the first is mostly the one


@dataclass(frozen=True, slots=True)
class Attested:
    """A checkpoint with what others say of it.

    Attributes:
        size: leaves under it.
        note: signed by the log, with the witnesses' lines behind.
        tokens: time-stamps of it (RFC 3161), the earliest first.
    """

    size: int
    note: bytes
    tokens: tuple[bytes, ...]


def attested_checkpoint(tree: TreeReader, needed: int) -> Attested | None:
    """The first checkpoint of at least ``needed`` leaves that is both stamped and cosigned; else the first stamped one,
    else the first cosigned one, else the first; None where there is none yet.

    Raises:
        StoreUnavailable: the tree cannot be read.
    """
    stamped = _sizes(stamp.size for stamp in islice(tree.all_stamps(needed), _LOOKED_AT))
    cosigned = _sizes(size for size, _, _ in islice(tree.all_cosignatures(needed), _LOOKED_AT))
    both = [size for size in stamped if size in cosigned]
    for size in [*both[:1], *stamped[:1], *cosigned[:1]]:
        point = tree.checkpoint(size)
        if point is not None:
            return _attested(tree, point)
    first = tree.at_least(needed)
    return None if first is None else _attested(tree, first)


def _sizes(sizes: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(sizes))


def _attested(tree: TreeReader, point: Published) -> Attested:
    lines = "".join(tree.cosignatures(point.size).values())
    return Attested(point.size, point.note + lines.encode(), tuple(stamp.token for stamp in tree.stamps(point.size)))
