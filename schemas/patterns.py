"""How long a pattern can take to match: told from the pattern itself, before any value is seen.

libxml2 tries the ways in which a value can be read one after the other.  Where a pattern leaves it one way only, the
time grows with the value's length; where ways part and meet again in a loop, it doubles with each character.  The
pattern is turned into its position automaton (Glushkov) and the automaton is asked which it is (Weber and Seidl, On
the degree of ambiguity of finite automata, 1991): one way, polynomially many, or exponentially many.
"""

from dataclasses import dataclass
from typing import Final

from esb.kernel.namespaces import XSD
from esb.schemas.part import Part
from esb.schemas.regex import Atom, Choice, Node, PatternInvalid, Repeat, Sequence, parse_pattern

_PATTERN: Final = f"{{{XSD}}}pattern"
_EXPANDED: Final = 40  # positions up to which a counted repetition is written out
_LARGEST: Final = 600  # positions of a whole pattern
_LARGEST_LOOP: Final = 150  # positions of one loop whose pairs are searched
_MOST_WAYS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Effort:
    """A bound on the ways to read a value of n characters: ``ways * n ** degree``; degree 0 and ways 1 is one way."""

    degree: int
    ways: int

    def steps(self, length: int) -> int:
        """Steps that a matcher takes at the worst for a value of this many characters."""
        return int(self.ways * max(1, length) ** (self.degree + 1))


class Catastrophic(Exception):
    """A pattern whose matching takes exponential time, or may do so for all that can be told; the text says why."""


def effort(pattern: str) -> Effort:
    """How much trying again a pattern can cost.

    Raises:
        Catastrophic: the time can double with each character, or the pattern is too intricate to exclude it.
        PatternInvalid: it is not an XSD regular expression.
    """
    return effort_of(parse_pattern(pattern))


def effort_of(tree: Node, *, nested: bool = True) -> Effort:
    """The same of a tree, whatever its atoms stand for.

    ``nested`` is whether a repetition within a repetition, both without end, is read as the one that it comes to.

    Raises:
        Catastrophic: as :func:`effort` does.
    """
    automaton = _Automaton(nested=nested)
    automaton.read(tree)
    return _effort(automaton)


def pattern_problems(parts: tuple[Part, ...]) -> tuple[str, ...]:
    """What in a contract is no pattern, one sentence each, with document and line."""
    problems = []
    for part in parts:
        for element in part.root.iter(_PATTERN):
            try:
                parse_pattern(element.get("value") or "")
            except PatternInvalid as error:
                problems.append(f"{part.origin}, line {element.sourceline}: the pattern {error}")
    return tuple(problems)


@dataclass(frozen=True, slots=True)
class _Fragment:
    nullable: bool
    first: frozenset[int]
    last: frozenset[int]


_EMPTY: Final = _Fragment(True, frozenset(), frozenset())


class _Automaton:
    """Positions of a pattern and which may follow which; position 0 is the beginning."""

    def __init__(self, *, nested: bool) -> None:
        self._nested = nested
        self.masks: list[int] = [0]
        self.follow: list[set[int]] = [set()]
        self._counted: set[tuple[int, int]] = set()

    def read(self, root: Node) -> None:
        fragment = self._build(root)
        self.follow[0] = set(fragment.first)

    def _build(self, node: Node) -> _Fragment:
        match node:
            case Atom(mask):
                self.masks.append(mask)
                self.follow.append(set())
                if len(self.masks) > _LARGEST:
                    raise Catastrophic("is too long to be judged: split it into several types")
                here = frozenset({len(self.masks) - 1})
                return _Fragment(False, here, here)
            case Sequence(parts):
                whole = _EMPTY
                for part in parts:
                    whole = self._then(whole, self._build(part))
                return whole
            case Choice(branches):
                built = [self._build(branch) for branch in branches]
                return _Fragment(
                    any(one.nullable for one in built),
                    frozenset().union(*(one.first for one in built)),
                    frozenset().union(*(one.last for one in built)),
                )
            case Repeat(body, least, most):
                return self._repeat(body, least, most)

    def _then(self, before: _Fragment, after: _Fragment) -> _Fragment:
        for position in before.last:
            self.follow[position] |= after.first
        return _Fragment(
            before.nullable and after.nullable,
            before.first | after.first if before.nullable else before.first,
            before.last | after.last if after.nullable else after.last,
        )

    def _repeat(self, body: Node, least: int, most: int | None) -> _Fragment:
        if most == 0:
            return _EMPTY
        if most == 1:
            once = self._build(body)
            return _Fragment(once.nullable or least == 0, once.first, once.last)
        copies = max(least, 1) if most is None else most
        if copies > 1 and _size(body) * copies <= _EXPANDED:
            return self._written_out(body, least, most)
        # Counted repetitions beyond that become loops.  A count tells apart what positions alone do not: where the
        # body can already go on by itself from its end to its beginning, there are two ways to count.
        counted = most is not None or least > 1
        once = self._build(body)
        for position in once.last:
            again = self.follow[position] & once.first
            if again and (counted or not self._nested or any((position, target) in self._counted for target in again)):
                raise Catastrophic("repeats a repetition within a counted one, which has too many ways to match")
            if counted:
                self._counted.update((position, target) for target in once.first)
        looped = self._then(once, once)
        return _Fragment(once.nullable or least == 0, looped.first, looped.last)

    def _written_out(self, body: Node, least: int, most: int | None) -> _Fragment:
        whole = _EMPTY
        required = least if most is not None else max(least, 1) - 1
        for _ in range(required):
            whole = self._then(whole, self._build(body))
        if most is None:
            once = self._build(body)
            looped = self._then(once, once)
            return self._then(whole, _Fragment(looped.nullable or least == 0, looped.first, looped.last))
        # (X(X(X)?)?)? and not X?X?X?, which would be ambiguous of itself.
        optional = _EMPTY
        for _ in range(most - required):
            inner = self._then(self._build(body), optional)
            optional = _Fragment(True, inner.first, inner.last)
        return self._then(whole, optional)


def _size(node: Node) -> int:
    match node:
        case Atom():
            return 1
        case Sequence(parts) | Choice(parts):
            return sum(map(_size, parts))
        case Repeat(body, _, most):
            return _size(body) * (most or 1) if _size(body) * (most or 1) <= _EXPANDED else _size(body)


def _effort(automaton: _Automaton) -> Effort:
    """Bound the ways by going backwards over the loops (strongly connected components), last ones first."""
    component_of: dict[int, int] = {}
    efforts: dict[int, Effort] = {}
    for number, component in enumerate(_components(automaton.follow)):
        component_of.update(dict.fromkeys(component, number))
        members = frozenset(component)
        loops = len(component) > 1 or component[0] in automaton.follow[component[0]]
        if loops and _parts_and_meets(automaton, members):
            raise Catastrophic("has a loop that can match one text in several ways, which takes exponential time")
        worst = Effort(0, 1)
        for position in component:
            worst = _worse(worst, _from(automaton, position, members if loops else frozenset(), efforts))
        if worst.ways > _MOST_WAYS:
            raise Catastrophic("has too many ways to match one text")
        efforts.update(dict.fromkeys(component, worst))
    return efforts[0]


def _from(automaton: _Automaton, position: int, loop: frozenset[int], efforts: dict[int, Effort]) -> Effort:
    """The worst character to read after ``position``: what stays in the loop and what leaves it add up."""
    worst = Effort(0, 1)
    following = automaton.follow[position]
    outside = [target for target in following if target not in loop]
    inside = 0
    for target in following & loop:
        inside |= automaton.masks[target]
    for bit in _deciding_bits([automaton.masks[target] for target in outside]):
        ways: dict[int, int] = {}
        for target in outside:
            if automaton.masks[target] & bit:
                reached = efforts[target]
                # A loop that can be left at every character while one stays in it adds a factor of n.
                degree = reached.degree + bool(inside & bit)
                ways[degree] = ways.get(degree, 0) + reached.ways
        if ways:
            degree = max(ways)
            worst = _worse(worst, Effort(degree, ways[degree] + sum(ways.values()) - ways[degree]))
    return worst


def _deciding_bits(masks: list[int]) -> list[int]:
    """One representative for each set of atoms that match together; the others would only repeat its result."""
    bits: dict[int, int] = {}
    union = 0
    for mask in masks:
        union |= mask
    while union:
        bit = union & -union
        union ^= bit
        together = sum(1 << number for number, mask in enumerate(masks) if mask & bit)
        bits.setdefault(together, bit)
    return list(bits.values())


def _worse(one: Effort, other: Effort) -> Effort:
    return Effort(max(one.degree, other.degree), max(one.ways, other.ways))


def _parts_and_meets(automaton: _Automaton, loop: frozenset[int]) -> bool:
    """Whether two different ways lead through the loop with one text, from a position back to a common one (EDA)."""
    masks = automaton.masks
    follow = {position: automaton.follow[position] & loop for position in loop}
    if all(_disjoint([masks[target] for target in targets]) for targets in follow.values()):
        return False
    if len(loop) > _LARGEST_LOOP:
        raise Catastrophic("has a loop too intricate to be judged: simplify it")
    waiting = [(position, position) for position in loop]
    seen = set(waiting)
    while waiting:
        one, other = waiting.pop()
        for left in follow[one]:
            for right in follow[other]:
                if not masks[left] & masks[right]:
                    continue
                if left == right and one != other:
                    return True
                if (left, right) not in seen:
                    seen.add((left, right))
                    waiting.append((left, right))
    return False


def _disjoint(masks: list[int]) -> bool:
    union = 0
    for mask in masks:
        if union & mask:
            return False
        union |= mask
    return True


def _components(follow: list[set[int]]) -> list[list[int]]:
    """Strongly connected components, each after all that it leads to (Tarjan, without recursion)."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    components = []
    work = [(0, iter(sorted(follow[0])))]
    order[0] = low[0] = 0
    stack.append(0)
    on_stack.add(0)
    while work:
        position, targets = work[-1]
        for target in targets:
            if target not in order:
                order[target] = low[target] = len(order)
                stack.append(target)
                on_stack.add(target)
                work.append((target, iter(sorted(follow[target]))))
                break
            if target in on_stack:
                low[position] = min(low[position], order[target])
        else:
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[position])
            if low[position] == order[position]:
                component = []
                while True:
                    member = stack.pop()
                    on_stack.discard(member)
                    component.append(member)
                    if member == position:
                        break
                components.append(component)
    return components
