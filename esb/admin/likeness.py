"""How alike two registered things are, from 0 to 100, with the reasons: names, data elements, types.

Each thing is a profile; an index over profiles finds the likely duplicates of a new one.  Words and elements that many
things share count little, rare ones much (inverse document frequency).  The same profiles always give the same scores,
in the same order.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from math import log, sqrt
from typing import Final, TypeVar

from esb.admin.folding import stems, trigrams

K = TypeVar("K", bound=Hashable)

WORTH_SHOWING: Final = 50
"""The least score that a person is shown."""

# What full likeness in one respect says by itself; likeness in several adds up, but never to more than certain.
_NAMES, _ELEMENTS, _TYPES = 0.92, 0.75, 0.6
_FEW: Final = 2  # shared elements or types that may be chance


@dataclass(frozen=True, slots=True)
class Profile:
    """What is compared of a thing.

    Attributes:
        key: its name in the registry.
        names: in Azerbaijani, in English, or of its parts; each is compared with each of the other's.
        elements: names of its data elements, as written.
        types: fingerprints of its types.
    """

    key: str
    names: tuple[str, ...]
    elements: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Likeness:
    """One thing that a new one may be a duplicate of.

    Attributes:
        score: 0 to 100.
        reasons: sentences for people, the weightiest first.
    """

    key: str
    score: int
    reasons: tuple[str, ...]

    @property
    def plain(self) -> dict[str, object]:
        """As plain JSON."""
        return {"key": self.key, "score": self.score, "reasons": list(self.reasons)}


@dataclass(frozen=True, slots=True)
class _Ready:
    profile: Profile
    words: tuple[frozenset[str], ...]
    pieces: tuple[frozenset[str], ...]
    elements: Mapping[frozenset[str], str] = field(default_factory=dict)


class LikenessIndex:
    """Profiles to search among; made once, asked often."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self._ready = [_prepared(each) for each in sorted(profiles, key=lambda each: each.key)]
        self._words = Counter(word for each in self._ready for word in frozenset().union(*each.words))
        self._elements = Counter(element for each in self._ready for element in each.elements)
        self._types = Counter(kind for each in self._ready for kind in each.profile.types)

    def alike(self, profile: Profile, least: int = WORTH_SHOWING, most: int = 10) -> list[Likeness]:
        """The things that ``profile`` is likely a duplicate of, the likeliest first; itself by key left out."""
        wanted = _prepared(profile)
        found = [
            likeness
            for each in self._ready
            if each.profile.key != profile.key and (likeness := self._likeness(wanted, each)).score >= least
        ]
        return sorted(found, key=lambda each: (-each.score, each.key))[:most]

    def _likeness(self, one: _Ready, other: _Ready) -> Likeness:
        parts = [self._by_names(one, other), self._by_elements(one, other), self._by_types(one, other)]
        unlike = 1.0
        for weight, _ in parts:
            unlike *= 1 - weight
        reasons = [reason for weight, reason in sorted(parts, key=lambda part: -part[0]) if weight >= 0.15]
        return Likeness(other.profile.key, round(100 * (1 - unlike)), tuple(reasons))

    def _by_names(self, one: _Ready, other: _Ready) -> tuple[float, str]:
        best, told = 0.0, ""
        for name, words, pieces in zip(one.profile.names, one.words, one.pieces, strict=True):
            for theirs, others, their_pieces in zip(other.profile.names, other.words, other.pieces, strict=True):
                by_words = self._cosine(words, others, self._words)
                # Letters in a row forgive slips of the pen; they say less where words differ as a whole.
                by_letters = _dice(pieces, their_pieces)
                alike = max(by_words, by_letters if by_letters > 0.87 else 0.0, (by_words + by_letters) / 2)
                if alike > best:
                    best, told = alike, f"the names are alike: {_short(name)} and {_short(theirs)}"
        return _NAMES * best**1.5, told

    def _by_elements(self, one: _Ready, other: _Ready) -> tuple[float, str]:
        shared = one.elements.keys() & other.elements.keys()
        if not shared:
            return 0.0, ""
        alike = self._cosine(one.elements.keys(), other.elements.keys(), self._elements)
        alike *= min(1.0, len(shared) / (_FEW + 1))
        names = sorted(one.elements[each] for each in shared)
        listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        return _ELEMENTS * alike, f"both hold {listed}"

    def _by_types(self, one: _Ready, other: _Ready) -> tuple[float, str]:
        shared = one.profile.types & other.profile.types
        if not shared:
            return 0.0, ""
        alike = self._cosine(one.profile.types, other.profile.types, self._types) * min(1.0, len(shared) / _FEW)
        count = len(shared)
        return _TYPES * alike, f"{count} {'type of theirs is' if count == 1 else 'types of theirs are'} built alike"

    def _cosine(self, one: Collection[K], other: Collection[K], counts: Counter[K]) -> float:
        """Cosine of two sets, each member weighted by how rare it is."""
        shared = sum(self._weight(each, counts) ** 2 for each in set(one) & set(other))
        if not shared:
            return 0.0
        lengths = [sqrt(sum(self._weight(each, counts) ** 2 for each in side)) for side in (one, other)]
        return min(1.0, shared / (lengths[0] * lengths[1]))

    def _weight(self, each: K, counts: Counter[K]) -> float:
        return 1 + log((1 + len(self._ready)) / (1 + counts[each]))


def _prepared(profile: Profile) -> _Ready:
    elements: dict[frozenset[str], str] = {}
    for name in sorted(profile.elements):
        elements.setdefault(stems(name), name)
    return _Ready(profile, tuple(map(stems, profile.names)), tuple(map(trigrams, profile.names)), elements)


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    total = len(one) + len(other)
    return 2 * len(one & other) / total if total else 0.0


def _short(name: str) -> str:
    return f"“{name}”" if len(name) <= 80 else f"“{name[:79]}…”"
