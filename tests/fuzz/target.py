"""What a fuzz target is, and what counts as a finding."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


class Found(AssertionError):
    """Something that must never be true was true; ``evidence`` is what was given to the program under test."""

    def __init__(self, what: str, evidence: bytes = b"") -> None:
        super().__init__(what)
        self.evidence = evidence


@dataclass(frozen=True)
class Target:
    """One border of the bus, and how to try it.

    Attributes:
        one: tries one input; raises :class:`Found`, or lets escape what the program should have caught.
        seeds: inputs to begin with.
        words: octets that mean something at this border: a mutator puts them in.
        longest: octets of its longest input.
    """

    name: str
    one: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]
    words: Sequence[bytes]
    longest: int = 4096
