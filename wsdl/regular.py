"""Content models as regular languages over letters, and whether one lets through all that another does.

An element name, or *any other name of a namespace*, is a letter.  Inclusion is decided by derivatives (J. Brzozowski,
*Derivatives of Regular Expressions*, 1964): what may still come after a letter, in both models at once, until nothing
new turns up.  Counted repetitions can take many steps, so there is a bound, beyond which the answer is: unknown.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

_MOST_STEPS: Final = 4_000  # pairs of remaining models that are looked at for one answer
_MOST_LEVELS: Final = 200


@dataclass(frozen=True, slots=True)
class Atom:
    """One element, whichever of the letters it is; ``mark`` tells which particle it was written as."""

    letters: frozenset[str]
    mark: int = 0


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other; without items, nothing at all."""

    items: "tuple[Model, ...]"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    branches: "frozenset[Model]"


@dataclass(frozen=True, slots=True)
class Repeat:
    """From ``least`` to ``most`` times; None for without end."""

    inner: "Model"
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Shuffle:
    """xs:all: each once in any order; with each atom whether it must come."""

    items: frozenset[tuple[Atom, bool]]


Model: TypeAlias = Atom | Sequence | Choice | Repeat | Shuffle

EMPTY: Final = Sequence(())
NEVER: Final = Choice(frozenset())
"""Lets nothing through, not even an empty content."""


def atom(letters: Iterable[str], mark: int = 0) -> Model:
    """One element out of ``letters``; never, when there is none."""
    found = frozenset(letters)
    return Atom(found, mark) if found else NEVER


def sequence(items: Iterable[Model]) -> Model:
    """A sequence in its simplest form."""
    flat: list[Model] = []
    for item in items:
        if item == NEVER:
            return NEVER
        flat += item.items if isinstance(item, Sequence) else (item,)
    return flat[0] if len(flat) == 1 else Sequence(tuple(flat))


def choice(branches: Iterable[Model]) -> Model:
    """A choice in its simplest form."""
    flat: set[Model] = set()
    for branch in branches:
        flat |= branch.branches if isinstance(branch, Choice) else {branch}
    return next(iter(flat)) if len(flat) == 1 else Choice(frozenset(flat))


def repeat(inner: Model, least: int, most: int | None) -> Model:
    """A repetition in its simplest form."""
    if most == 0 or inner == EMPTY:
        return EMPTY
    if inner == NEVER:
        return EMPTY if least == 0 else NEVER
    if (least, most) == (1, 1):
        return inner
    return Repeat(inner, 0 if nullable(inner) else least, most)


def shuffle(items: Iterable[tuple[Model, bool]]) -> Model:
    """An xs:all group; what can never come is left out, or lets nothing through where it must."""
    kept = set()
    for item, required in items:
        if isinstance(item, Atom):
            kept.add((item, required))
        elif required and item == NEVER:
            return NEVER
    return Shuffle(frozenset(kept)) if kept else EMPTY


def nullable(model: Model) -> bool:
    """Whether nothing at all is let through."""
    if isinstance(model, Atom):
        return False
    if isinstance(model, Sequence):
        return all(map(nullable, model.items))
    if isinstance(model, Choice):
        return any(map(nullable, model.branches))
    if isinstance(model, Repeat):
        return model.least == 0 or nullable(model.inner)
    return not any(required for _, required in model.items)


@lru_cache(maxsize=20_000)
def derivative(model: Model, letter: str) -> Model:
    """What may come after ``letter``; :data:`NEVER` when it may not stand first."""
    if isinstance(model, Atom):
        return EMPTY if letter in model.letters else NEVER
    if isinstance(model, Sequence):
        ways = []
        for place, item in enumerate(model.items):
            ways.append(sequence((derivative(item, letter), *model.items[place + 1 :])))
            if not nullable(item):
                break
        return choice(way for way in ways if way != NEVER)
    if isinstance(model, Choice):
        return choice(way for branch in model.branches if (way := derivative(branch, letter)) != NEVER)
    if isinstance(model, Repeat):
        rest = repeat(model.inner, max(model.least - 1, 0), None if model.most is None else model.most - 1)
        return sequence((derivative(model.inner, letter), rest))
    return choice(shuffle(model.items - {item}) for item in model.items if letter in item[0].letters)


def times(model: Model, letter: str) -> tuple[int, int | None]:
    """How often ``letter`` comes at the least and at the most (None: without end)."""
    if isinstance(model, Atom):
        return (1 if model.letters == {letter} else 0), (1 if letter in model.letters else 0)
    if isinstance(model, Repeat):
        least, most = times(model.inner, letter)
        if most == 0:
            return 0, 0
        return least * model.least, None if most is None or model.most is None else most * model.most
    if isinstance(model, Shuffle):
        ranges = [
            (low if required else 0, high) for item, required in model.items for low, high in [times(item, letter)]
        ]
    elif isinstance(model, Sequence):
        ranges = [times(item, letter) for item in model.items]
    else:
        found = [times(branch, letter) for branch in model.branches]
        ends = [most for _, most in found]
        return min((least for least, _ in found), default=0), None if None in ends else max(
            filter(None, ends), default=0
        )
    tops = [most for _, most in ranges]
    return sum(least for least, _ in ranges), None if None in tops else sum(filter(None, tops))


def without(model: Model, letters: Collection[str]) -> Model:
    """The model with ``letters`` struck out of everything it lets through."""
    if isinstance(model, Atom):
        left = model.letters.difference(letters)
        kept: Model = Atom(left, model.mark) if left else EMPTY
        return kept if len(left) in (0, len(model.letters)) else choice((kept, EMPTY))
    if isinstance(model, Sequence):
        return sequence(without(item, letters) for item in model.items)
    if isinstance(model, Choice):
        return choice(without(branch, letters) for branch in model.branches)
    if isinstance(model, Repeat):
        return repeat(without(model.inner, letters), model.least, model.most)
    return shuffle(
        (Atom(left, item.mark), required and len(left) == len(item.letters))
        for item, required in model.items
        if (left := item.letters.difference(letters))
    )


def first(model: Model, letter: str) -> frozenset[int]:
    """The marks of the particles that ``letter`` can be, standing first."""
    if isinstance(model, Atom):
        return frozenset({model.mark}) if letter in model.letters else frozenset()
    if isinstance(model, Repeat):
        return first(model.inner, letter)
    found: set[int] = set()
    if isinstance(model, Sequence):
        for item in model.items:
            found |= first(item, letter)
            if not nullable(item):
                break
    elif isinstance(model, Choice):
        for branch in model.branches:
            found |= first(branch, letter)
    else:
        for item, _ in model.items:
            found |= first(item, letter)
    return frozenset(found)


def meetings(one: Model, other: Model, letters: Collection[str]) -> set[tuple[str, int, int]] | None:
    """Which particles of two models are the same element of some content that begins alike in both.

    Returns:
        Letter, mark in ``one``, mark in ``other``; None when it takes too long to tell.
    """
    found: set[tuple[str, int, int]] = set()
    seen = {(one, other)}
    waiting = [(one, other)]
    try:
        while waiting:
            was, becomes = waiting.pop()
            for letter in letters:
                pair = derivative(was, letter), derivative(becomes, letter)
                if NEVER in pair:
                    continue
                found |= {(letter, a, b) for a in first(was, letter) for b in first(becomes, letter)}
                if pair not in seen:
                    if len(seen) >= _MOST_STEPS:
                        return None
                    seen.add(pair)
                    waiting.append(pair)
    except RecursionError:
        return None
    return found


def includes(wide: Model, narrow: Model, letters: Collection[str]) -> bool | None:
    """Whether ``wide`` lets through all that ``narrow`` does; None when it takes too long to tell.

    Args:
        letters: every letter of both.
    """
    if _plainly_within(narrow, wide):
        return True
    if isinstance(wide, Shuffle):
        return _any_order(wide, narrow, letters)
    try:
        return _walked(wide, narrow, sorted(letters))
    except RecursionError:
        return None


def _walked(wide: Model, narrow: Model, letters: list[str]) -> bool | None:
    seen = {(narrow, wide)}
    waiting = [(narrow, wide)]
    while waiting:
        inner, outer = waiting.pop()
        if nullable(inner) and not nullable(outer):
            return False
        for letter in letters:
            after = derivative(inner, letter)
            if after == NEVER:
                continue
            beside = derivative(outer, letter)
            if beside == NEVER:
                return False
            if (after, beside) not in seen and after != beside:
                if len(seen) >= _MOST_STEPS:
                    return None
                seen.add((after, beside))
                waiting.append((after, beside))
    return True


def _any_order(wide: Shuffle, narrow: Model, letters: Collection[str]) -> bool | None:
    """xs:all minds numbers alone, as long as each of its atoms is one letter."""
    if any(len(item.letters) > 1 for item, _ in wide.items):
        return _walked(wide, narrow, sorted(letters))
    return all(_inside(times(narrow, letter), times(wide, letter)) for letter in letters)


def _plainly_within(narrow: Model, wide: Model, level: int = 0) -> bool:
    """Whether the one is written like the other, with no bound tighter; no says nothing."""
    if narrow == wide:
        return True
    if level > _MOST_LEVELS:
        return False
    if isinstance(wide, Repeat) and wide.least <= 1 and not isinstance(narrow, Repeat):
        return _plainly_within(narrow, wide.inner, level + 1)
    if isinstance(narrow, Repeat) and isinstance(wide, Repeat):
        bounds = _inside((narrow.least, narrow.most), (wide.least, wide.most))
        return bounds and _plainly_within(narrow.inner, wide.inner, level + 1)
    if isinstance(narrow, Atom) and isinstance(wide, Atom):
        return narrow.letters <= wide.letters
    if isinstance(narrow, Sequence) and isinstance(wide, Sequence) and len(narrow.items) == len(wide.items):
        pairs = zip(narrow.items, wide.items, strict=True)
        return all(_plainly_within(one, other, level + 1) for one, other in pairs)
    if isinstance(narrow, Choice) and isinstance(wide, Choice) and len(narrow.branches) * len(wide.branches) <= 10_000:
        return all(any(_plainly_within(one, other, level + 1) for other in wide.branches) for one in narrow.branches)
    return False


def _inside(inner: tuple[int, int | None], outer: tuple[int, int | None]) -> bool:
    return inner[0] >= outer[0] and (outer[1] is None or (inner[1] is not None and inner[1] <= outer[1]))
