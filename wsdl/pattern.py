"""A string that matches an XML Schema pattern (XML Schema part 2, appendix F), for samples.

Understands branches, groups, classes with negation and subtraction, the escapes ``\\d \\w \\s \\i \\c`` and their
capitals, categories (``\\p{L}``, not blocks), and quantifiers.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from esb.kernel.faults import EsbError

_CANDIDATES: Final = "1aA0b2Bcdefghijklmnopqrstuvwxyz3456789CDEFGHIJKLMNOPQRSTUVWXYZ -_.:,/@#+*=()'!?&%$;~ə\t"
_ESCAPES: Final[dict[str, Callable[[str], bool]]] = {
    "d": str.isdecimal,
    "w": lambda character: character.isalnum(),
    "s": lambda character: character in " \t\n\r",
    "i": lambda character: character.isalpha() or character in "_:",
    "c": lambda character: character.isalnum() or character in "_:-.",
    "p": str.isalnum,  # its category is read apart
}
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t"}
_MOST: Final = 256  # characters of a sample, and levels of nesting


class NoSample(EsbError):
    """No sample can be made, or not within bounds."""


def match_for(pattern: str, at_least: int = 0, at_most: int = _MOST) -> str:
    """A short string that matches ``pattern`` and has a lawful length.

    Raises:
        NoSample: the pattern is beyond what is understood, or nothing of that length was found.
    """
    for extra in range(0, max(1, at_least) + 1):
        text = _Reader(pattern, extra).whole()
        if at_least <= len(text) <= at_most:
            return text
    raise NoSample("no string of the lengths allowed was found for a pattern")


@dataclass(slots=True)
class _Class:
    tests: list[Callable[[str], bool]]
    hints: str = ""
    negated: bool = False
    without: "_Class | None" = None

    def has(self, character: str) -> bool:
        found = any(test(character) for test in self.tests) != self.negated
        return found and not (self.without is not None and self.without.has(character))

    def pick(self) -> str:
        for character in _CANDIDATES + self.hints:
            if self.has(character):
                return character
        raise NoSample("a pattern's class has none of the usual characters")


class _Reader:
    """Reads the pattern once and writes the sample as it goes; ``extra`` more turns for each open quantifier."""

    def __init__(self, pattern: str, extra: int) -> None:
        self.text = pattern
        self.at = 0
        self.extra = extra
        self.depth = 0

    def whole(self) -> str:
        found = self.branches()
        if self.at != len(self.text):
            raise NoSample("a pattern has an unmatched parenthesis")
        return found

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        character = self.peek()
        if not character:
            raise NoSample("a pattern ends too early")
        self.at += 1
        return character

    def branches(self) -> str:
        self.depth += 1
        if self.depth > _MOST:
            raise NoSample("a pattern is nested too deep")
        first = self.branch()
        while self.peek() == "|":
            self.take()
            self.branch()
        self.depth -= 1
        return first

    def branch(self) -> str:
        parts: list[str] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.times(self.atom()))
            if sum(map(len, parts)) > _MOST:
                raise NoSample("a pattern asks for too long a string")
        return "".join(parts)

    def atom(self) -> str:
        character = self.take()
        if character == "(":
            inner = self.branches()
            if self.take() != ")":
                raise NoSample("a pattern has an unmatched parenthesis")
            return inner
        if character == "[":
            return self.group().pick()
        if character == ".":
            return "a"
        if character == "\\":
            return self.escape().pick()
        return character

    def times(self, one: str) -> str:
        least, most = 1, 1
        sign = self.peek()
        if sign in ("?", "*", "+"):
            self.take()
            least, most = {"?": (0, 1), "*": (0, _MOST), "+": (1, _MOST)}[sign]
        elif sign == "{":
            self.take()
            end = self.text.find("}", self.at)
            if end < 0:
                raise NoSample("a pattern's quantifier does not end")
            low, comma, high = self.text[self.at : end].partition(",")
            self.at = end + 1
            try:
                least = int(low)
                most = least if not comma else (int(high) if high else _MOST)
            except ValueError:
                raise NoSample("a pattern's quantifier is not a number") from None
        turns = max(least, min(most, least + self.extra))
        if turns * len(one) > _MOST:
            raise NoSample("a pattern asks for too long a string")
        return one * turns

    def escape(self) -> _Class:
        character = self.take()
        if character in _CONTROLS:
            wanted = _CONTROLS[character]
            return _Class([wanted.__eq__], wanted)
        test = _ESCAPES.get(character.lower())
        if test is None:
            return _Class([character.__eq__], character)
        if character in "pP":
            test = self.category()
        return _Class([test], negated=character.isupper())

    def category(self) -> Callable[[str], bool]:
        end = self.text.find("}", self.at)
        if self.take() != "{" or end < 0:
            raise NoSample("a pattern's category is not named")
        name = self.text[self.at : end]
        self.at = end + 1
        return lambda character: unicodedata.category(character).startswith(name)

    def group(self) -> _Class:
        found = _Class([])
        if self.peek() == "^":
            self.take()
            found.negated = True
        while (character := self.take()) != "]":
            if character == "-" and self.peek() == "[":
                self.take()
                found.without = self.group()
                continue
            if character == "\\":
                inner = self.escape()
                found.tests.append(inner.has)
                found.hints += inner.hints
                low = inner.hints
            else:
                found.tests.append(character.__eq__)
                found.hints += character
                low = character
            if low and self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", "["):
                self.take()
                high = self.take()
                if high == "\\":
                    high = self.take()
                found.tests.append(_between(low, high))
        return found


def _between(low: str, high: str) -> Callable[[str], bool]:
    return lambda character: low <= character <= high
