"""XSD regular expressions (XML Schema 1.0 Part 2, appendix F) as trees, over a small alphabet that stands for all.

Whether two atoms of a pattern can match one character decides how often a matcher must try again.  It is decided on
representatives: the pattern's own characters, their neighbours, and one of each common kind.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_KINDS: Final = (
    "aAzZmM09_ -.,:;/@#%&*'\"\\+=<>()[]{}|?!~^$\t\n\r\u00a0·éƏşıжЖ中אع۵²½€«»\u0301\u2028\u200b\ue000\U0001f600"
)
_SINGLE: Final = {"n": "\n", "r": "\r", "t": "\t"}
_MOST: Final = 100_000
_LONGEST: Final = 4_000

Test = Callable[[str], bool]


class PatternInvalid(ValueError):
    """Not an XSD regular expression."""


@dataclass(frozen=True, slots=True)
class Atom:
    """One character; ``mask`` has a bit for each representative that it matches."""

    mask: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    branches: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """``least`` to ``most`` times; None for without end."""

    body: "Node"
    least: int
    most: int | None


Node = Atom | Sequence | Choice | Repeat


def parse_pattern(pattern: str) -> Node:
    """Parse the value of an xs:pattern.

    Raises:
        PatternInvalid: it is not one, or it is longer or nests deeper than anyone writes.
    """
    if len(pattern) > _LONGEST:
        raise PatternInvalid(f"is longer than {_LONGEST} characters: split it into several types")
    try:
        return _Parser(pattern).parse()
    except RecursionError:
        raise PatternInvalid("is nested too deep") from None


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        near = {chr(ord(c) + step) for c in pattern for step in (-1, 0, 1) if 0 < ord(c) + step < 0xD800}
        self._alphabet = tuple(sorted(near | set(pattern) | set(_KINDS)))

    def parse(self) -> Node:
        node = self._choice()
        if self._at < len(self._text):
            raise PatternInvalid("has a ')' too many")
        return node

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _take(self) -> str:
        character = self._peek()
        if not character:
            raise PatternInvalid("ends in the middle")
        self._at += 1
        return character

    def _choice(self) -> Node:
        branches = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _sequence(self) -> Node:
        parts = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._quantified(self._atom()))
        return Sequence(tuple(parts))

    def _quantified(self, node: Node) -> Node:
        sign = self._peek()
        if sign and sign in "?*+":
            self._at += 1
            return Repeat(node, int(sign == "+"), 1 if sign == "?" else None)
        if sign != "{":
            return node
        end = self._text.find("}", self._at)
        first, comma, second = self._text[self._at + 1 : end].partition(",")
        if end < 0 or not first.isdecimal() or (second and not second.isdecimal()):
            raise PatternInvalid("has a quantifier that is none")
        self._at = end + 1
        least = min(int(first), _MOST)
        most = (min(int(second), _MOST) if second else None) if comma else least
        return Repeat(node, least, most)

    def _atom(self) -> Node:
        character = self._take()
        if character == "(":
            node = self._choice()
            if self._take() != ")":
                raise PatternInvalid("has a '(' too many")
            return node
        if character == "[":
            return self._matching(self._class())
        if character == "\\":
            return self._matching(self._escape())
        if character == ".":
            return self._matching(lambda c: c not in "\n\r")
        if character in "?*+{":
            raise PatternInvalid("has a quantifier with nothing before it")
        return self._matching(lambda c: c == character)

    def _matching(self, test: Test) -> Atom:
        return Atom(sum(1 << bit for bit, character in enumerate(self._alphabet) if test(character)))

    def _class(self) -> Test:
        negative = self._peek() == "^"
        self._at += negative
        tests: list[Test] = []
        without: Test | None = None
        while (character := self._take()) != "]":
            if character == "-" and self._peek() == "[":
                self._at += 1
                without = self._class()
                if self._take() != "]":
                    raise PatternInvalid("has something after a subtracted class")
                break
            tests.append(self._member(character))
        positive = tuple(tests)
        subtracted = without
        return lambda c: (any(test(c) for test in positive) != negative) and not (subtracted and subtracted(c))

    def _member(self, character: str) -> Test:
        if character == "\\":
            single = self._peek() not in "pPdDsSwWiIcC"
            test = self._escape()
            if not single:
                return test
            character = self._escaped
        following = self._text[self._at : self._at + 2]
        if len(following) == 2 and following[0] == "-" and following[1] not in "[]":
            self._at += 1
            last = self._take()
            if last == "\\":
                self._escape()
                last = self._escaped
            low, high = character, last
            return lambda c: low <= c <= high
        only = character
        return lambda c: c == only

    _escaped = ""  # the character that the last single-character escape stood for

    def _escape(self) -> Test:
        character = self._take()
        if character in "pP":
            if self._take() != "{":
                raise PatternInvalid("has a \\p without its category")
            end = self._text.find("}", self._at)
            category = self._text[self._at : end]
            if end < 0:
                raise PatternInvalid("has a \\p without its category")
            self._at = end + 1
            if category.startswith("Is"):
                # Blocks are not told apart: each is taken to overlap with everything, which errs to the safe side.
                return lambda _: True
            return _negated(lambda c: unicodedata.category(c).startswith(category), negative=character == "P")
        if (kind := _ESCAPES.get(character.lower())) is not None and character.isalpha() and character not in _SINGLE:
            return _negated(kind, negative=character.isupper())
        self._escaped = single = _SINGLE.get(character, character)
        return lambda c: c == single


def _negated(test: Test, *, negative: bool) -> Test:
    return (lambda c: not test(c)) if negative else test


def _initial(character: str) -> bool:
    return character.isalpha() or character in "_:"


_ESCAPES: Final[dict[str, Test]] = {
    "d": lambda c: unicodedata.category(c) == "Nd",
    "s": lambda c: c in " \t\n\r",
    "w": lambda c: unicodedata.category(c)[0] not in "PZC",
    "i": _initial,
    "c": lambda c: _initial(c) or c in "-.·" or unicodedata.category(c) in ("Nd", "Mn", "Mc", "Lm"),
}
