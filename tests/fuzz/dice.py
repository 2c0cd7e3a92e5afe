"""Decisions drawn from octets, so that one input, however it was made, always means the same case.

A target reads its case off a :class:`Dice`: a coverage-guided engine can then steer the structure of a message by
changing octets, and a plain random generator by making them.
"""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Reads decisions off ``octets``; when they run out, every decision is the first one."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._octets)

    def below(self, count: int) -> int:
        """A number from 0 to ``count`` - 1."""
        size = 1 if count <= 256 else 2 if count <= 65_536 else 4
        drawn = int.from_bytes(self._octets[self._at : self._at + size], "big")
        self._at += size
        return drawn % count if count else 0

    def pick(self, choices: Sequence[T]) -> T:
        """One of ``choices``."""
        return choices[self.below(len(choices))]

    def octets(self, most: int) -> bytes:
        """At most so many octets."""
        size = self.below(most + 1)
        drawn = self._octets[self._at : self._at + size]
        self._at += size
        return drawn

    def rest(self) -> bytes:
        """Whatever is left."""
        drawn = self._octets[self._at :]
        self._at = len(self._octets)
        return drawn

    def cut(self, data: bytes, most: int = 8) -> list[bytes]:
        """``data`` in up to ``most`` + 1 pieces."""
        marks = sorted(self.below(len(data) + 1) for _ in range(self.below(most + 1)))
        return [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)]
