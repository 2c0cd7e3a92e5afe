"""Judging a large element as a stream: bounded in time however many errors there are, and without a second tree.

In place, libxml2 builds a path for each error by counting siblings: a hundred thousand bad rows would take it
minutes.  As a stream it says what is wrong but not where.  So the element's octets are fed piece by piece and what is
found is laid to the piece: first in large pieces, until enough is found or all is read, then once more, with the
pieces that hold an error cut up into single tags.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from esb.kernel.xml import Element, schema_parser

# Small, because one piece may hold hundreds of errors, of which each can quote a list of values 64,000 octets long.
_PIECE: Final = 4_096
_TIMED_PIECE: Final = 256  # under a limit of time, so that no piece can take much longer than it
_TAGS_AND_TEXTS: Final = re.compile(rb"[^<>]*[<>]|[^<>]+")
# libxml2 says what is wrong with a text again for each part of it, of which one is kept.
_REPETITIONS: Final = 10
_LONG_TEXT: Final = 65_536
_MOST_JOINED: Final = 50_000_000_000
# What is found at a child's or text's beginning but said of the element around it.
_OF_PARENT: Final = frozenset(
    {
        etree.ErrorTypes.SCHEMAV_CVC_ELT_3_2_1,
        etree.ErrorTypes.SCHEMAV_CVC_ELT_5_2_2_1,
        etree.ErrorTypes.SCHEMAV_CVC_TYPE_3_1_2,
        etree.ErrorTypes.SCHEMAV_CVC_COMPLEX_TYPE_2_1,
        etree.ErrorTypes.SCHEMAV_CVC_COMPLEX_TYPE_2_2,
        etree.ErrorTypes.SCHEMAV_CVC_COMPLEX_TYPE_2_3,
    }
)


class Unjudged(Exception):
    """libxml2 gave up before it had a verdict."""


class TooLong(Unjudged):
    """Texts are so long, and so full of what breaks them up, that the stream would take seconds."""


class OutOfTime(Unjudged):
    """The limit of time came first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An error and the element that it was found at.

    A reference to a key that is not there is found at the element that has the constraint, not at the reference.
    """

    entry: etree._LogEntry
    element: Element


def stream(schema: etree.XMLSchema, payload: Element, most: int, seconds: float | None = None) -> tuple[Finding, ...]:
    """The first errors of ``payload``, at most ``most``, in libxml2's order; empty when it is valid.

    Repeated values of attributes of type xs:ID are not found.  Any thread, any number at a time.  Takes room for the
    payload's octets, not for a second tree.

    Args:
        schema: compiled; it may judge others at the same time.
        payload: an element of a message: without comments and processing instructions.
        most: how many errors are enough.
        seconds: of this thread's processor time for the verdict; to find the places takes as much again at the most.

    Raises:
        OutOfTime: no verdict within ``seconds``.
        TooLong: nothing was judged.
        Unjudged: libxml2 gave up, which is no verdict.
    """
    # Every namespace that is in scope is declared on the element that is written out, so that a prefix that stands in
    # a value (xsi:type) means here what it means in the message.
    octets = etree.tostring(payload, encoding="utf-8", with_tail=False)
    if _too_much_to_join(octets):
        raise TooLong
    until = None if seconds is None else time.thread_time() + seconds
    size = _PIECE if seconds is None else _TIMED_PIECE
    bad = _bad_pieces(schema, _pieces(octets, size), most, until)
    return _findings(schema, payload, _pieces(octets, size), bad, most) if bad else ()


def _too_much_to_join(octets: bytes) -> bool:
    """Whether long texts would take libxml2 too long: it measures what it has of a text at each new part.

    A part ends at each character that is written as a reference; text beyond ASCII comes in parts of 300 characters.
    """
    steps = 0
    for piece in _pieces(octets, _PIECE):
        if len(piece) > _LONG_TEXT:
            parts = piece.count(b"&") + (0 if piece.isascii() else len(piece) // 300)
            steps += parts * len(piece)
    return steps > _MOST_JOINED


def _pieces(octets: bytes, size: int) -> Iterator[bytes]:
    """Each begins with a tag, so that no tag is in two of them."""
    at = 0
    while at < len(octets):
        end = octets.find(b"<", at + size)
        end = len(octets) if end < 0 else end
        yield octets[at:end]
        at = end


def _bad_pieces(schema: etree.XMLSchema, pieces: Iterator[bytes], most: int, until: float | None) -> frozenset[int]:
    parser = schema_parser(schema)
    bad = set()
    seen = 0
    for number, piece in enumerate(pieces):
        found = len(_feed(parser, piece))
        if found > seen:
            bad.add(number)
            seen = found
        if found >= most * _REPETITIONS:
            return frozenset(bad)
        if until is not None and time.thread_time() > until:
            raise OutOfTime
    _finish(parser)
    return frozenset(bad)


def _feed(parser: etree.XMLParser, piece: bytes) -> list[etree._LogEntry]:
    """All errors so far."""
    try:
        parser.feed(piece)
    except etree.XMLSyntaxError:
        raise Unjudged from None  # a limit of libxml2's: the octets themselves are well-formed
    log = list(parser.feed_error_log)
    errors = [
        entry for entry in log if entry.domain == etree.ErrorDomains.SCHEMASV and entry.level >= etree.ErrorLevels.ERROR
    ]
    if any(entry.type == etree.ErrorTypes.SCHEMAV_INTERNAL for entry in errors):
        raise Unjudged
    return errors


def _finish(parser: etree.XMLParser) -> None:
    try:
        parser.close()
    except etree.XMLSyntaxError:
        raise Unjudged from None


def _findings(
    schema: etree.XMLSchema, payload: Element, pieces: Iterator[bytes], bad: frozenset[int], most: int
) -> tuple[Finding, ...]:
    parser = schema_parser(schema)
    seen = 0
    events = 0  # beginnings and ends of elements so far
    placed: list[_Place] = []
    for number, piece in enumerate(pieces):
        if number not in bad:
            parser.feed(piece)
            events += piece.count(b"<") + piece.count(b"/>")
            continue
        for part in _TAGS_AND_TEXTS.findall(piece):
            errors = _feed(parser, part)
            is_tag = part.endswith(b">")
            event = events if is_tag else max(0, events - 1)
            begins = is_tag and not part.startswith(b"/")
            for entry in errors[seen:]:
                place = _Place(entry, event, is_tag, begins)
                # A text that comes in parts is one text all the same.
                if is_tag or not placed or not place.repeats(placed[-1]):
                    placed.append(place)
            seen = len(errors)
            if len(placed) >= most or seen >= most * _REPETITIONS:
                return _located(payload, placed[:most])
            if is_tag:
                events += 2 if part.endswith(b"/>") else 1
    return _located(payload, placed)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an error came up: at which beginning or end of an element, or in the text that follows it."""

    entry: etree._LogEntry
    event: int
    is_tag: bool
    begins: bool

    def repeats(self, other: "_Place") -> bool:
        """Whether it is the same error of the same text."""
        return (self.event, self.is_tag, self.entry.type) == (other.event, other.is_tag, other.entry.type)


def _located(payload: Element, places: list[_Place]) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    waiting = iter(places)
    place = next(waiting, None)
    for number, (event, element) in enumerate(etree.iterwalk(payload, events=("start", "end"))):
        while place is not None and place.event == number:
            outside = place.begins and place.entry.type in _OF_PARENT if place.is_tag else event == "end"
            around = element.getparent() if outside and element is not payload else None
            findings.append(Finding(place.entry, element if around is None else around))
            place = next(waiting, None)
        if place is None:
            break
    return tuple(findings)
