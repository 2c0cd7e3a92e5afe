"""Counting exchanges by name, so that three who counted apart can be compared to the last request.

Beside the count stands a sum of SHA-256 digests of the exchanges' ids, modulo 2^256.  It does not depend on the order,
and two that agree in it counted the same exchanges, not only as many.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

_MODULUS: Final = 1 << 256


@dataclass(frozen=True, slots=True)
class Count:
    """How many exchanges, and the sum of the digests of their ids."""

    number: int
    digest: int

    def __add__(self, other: "Count") -> "Count":
        return Count(self.number + other.number, (self.digest + other.digest) % _MODULUS)


NOTHING: Final = Count(0, 0)


class Tally:
    """Counts by name, one exchange at a time."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = {}

    def add(self, name: str, exchange: bytes) -> None:
        """Count one exchange under a name."""
        count = self._counts.get(name)
        if count is None:
            count = self._counts[name] = [0, 0]
        count[0] += 1
        count[1] += int.from_bytes(hashlib.sha256(exchange).digest())

    def counts(self) -> dict[str, Count]:
        """All counts by name."""
        return {name: Count(number, digest % _MODULUS) for name, (number, digest) in self._counts.items()}


def as_json(counts: Mapping[str, Count]) -> dict[str, list[int | str]]:
    """Counts as plain JSON: ``{name: [number, digest in hex]}``."""
    return {name: [count.number, f"{count.digest:064x}"] for name, count in counts.items()}


def from_json(data: object) -> dict[str, Count]:
    """Counts back from :func:`as_json`.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(data, dict):
        raise ValueError("a tally is an object of counts by name")
    counts = {}
    for name, pair in data.items():
        try:
            number, digest = pair
            counts[str(name)] = Count(int(number), int(digest, 16))
        except (TypeError, ValueError):
            raise ValueError(f"the count of {str(name)[:80]!r} cannot be read") from None
    return counts


def total(counts: Iterable[Count]) -> Count:
    """All of them together."""
    return sum(counts, start=NOTHING)
