"""Judging an element by a compiled schema: in place or as a stream, without a word of its content in the verdict."""

from collections import Counter
from itertools import islice
from threading import Lock
from typing import Final

from lxml import etree

from esb.kernel.message import Violation
from esb.kernel.xml import Element
from esb.schemas.explain import explain, not_declared
from esb.schemas.slowness import Slowness
from esb.schemas.stream import OutOfTime, TooLong, Unjudged, stream
from esb.schemas.vocabulary import Vocabulary

MOST_VIOLATIONS: Final = 20
_FEW_NODES: Final = 2_000
# In place, a valid content of this size takes a third of the time that it takes as a stream, and one of nothing but
# errors fifty times as long (220 ms): so after one that was invalid, so many are streamed.
_SOME_NODES: Final = 7_000
_CAUTIOUS_FOR: Final = 100
_OCTETS_OF_NODE: Final = 5  # at least, in canonical form: ' a=""'
_MOST_STEPS: Final = 500_000_000
# Of this thread's processor time, where values may take long: a verdict does not depend on what else the machine does.
_MOST_SECONDS: Final = 3.0
_SHORTER: Final = "a smaller content or shorter values: these take too long to be judged"
_WIDE: Final = "a smaller content: this one is too wide, beside the length of its texts, to be judged"
_count_nodes = etree.XPath("count(descendant-or-self::*) + count(descendant-or-self::*/@*)")
_attributes_named = etree.XPath("descendant-or-self::*/@*[local-name() = $name]", smart_strings=False)


class Judge:
    """A contract's compiled schemas.  One judge serves every thread; judgements by it take turns.

    Args:
        schema: compiled by :func:`esb.schemas.compile.compile_judge`.
        vocabulary: what the schema's documents declare.
        slowness: where its patterns can take long.
    """

    __slots__ = ("_cautious", "_lock", "_schema", "_slowness", "_vocabulary")

    def __init__(self, schema: etree.XMLSchema, vocabulary: Vocabulary, slowness: Slowness) -> None:
        self._schema = schema
        self._vocabulary = vocabulary
        self._slowness = slowness
        self._cautious = 0  # how many contents of middle size are streamed before the next is judged in place
        # An XMLSchema has one error log, which a second validation would clear under the first one's feet.
        self._lock = Lock()

    def judge(self, payload: Element, octets: int | None = None) -> tuple[Violation, ...]:
        """What in ``payload`` breaks the schema: empty when it is valid, else the first violations, at most 20.

        Nothing that the element names is fetched.  While this runs no other thread may read the same tree.  Small
        contents are judged where they stand (about 15 ms for each megabyte), large ones as a stream (about 45 ms), for
        which their octets are written out once more; those between where they stand, as long as they are valid.
        Neither verdicts nor lines depend on it, but for two things: in a stream a reference to a missing key is told at
        the element that holds the constraint, and repeated IDs are told only when nothing else is wrong.

        Args:
            octets: the length of its canonical form, or of a part that it stands in, where that is known: what is
                short has few nodes, which saves counting them.
        """
        if payload.tag not in self._vocabulary.globals:
            return (not_declared(payload),)
        long, heavy = self._slowness.measure(payload)
        if long is not None:
            return (_unjudged(long, _SHORTER),)
        if heavy:
            return self._streamed(payload, _MOST_SECONDS)
        if octets is not None and octets <= _FEW_NODES * _OCTETS_OF_NODE:
            return self._in_place(payload)
        nodes = _count_nodes(payload)
        if nodes <= _FEW_NODES:
            return self._in_place(payload)
        if nodes > _SOME_NODES or self._cautious:
            self._cautious = max(0, self._cautious - 1)
            return self._streamed(payload)
        violations = self._in_place(payload)
        if violations:
            self._cautious = _CAUTIOUS_FOR
        return violations

    def _in_place(self, payload: Element) -> tuple[Violation, ...]:
        with self._lock:
            try:
                if self._schema.validate(payload):
                    return ()
            except etree.XMLSchemaValidateError:
                # libxml2 gave up, as it does where a pattern takes it ten million attempts.
                return (_given_up(payload),)
            errors = (entry for entry in self._schema.error_log if entry.level >= etree.ErrorLevels.ERROR)
            found = tuple(explain(entry, None, payload, self._vocabulary) for entry in islice(errors, MOST_VIOLATIONS))
        return found or (_unjudged(payload, "what the schema declares here"),)

    def _streamed(self, payload: Element, seconds: float | None = None) -> tuple[Violation, ...]:
        try:
            findings = stream(self._schema, payload, MOST_VIOLATIONS, seconds)
        except OutOfTime:
            return (_unjudged(payload, _SHORTER),)
        except TooLong:
            # Each error's path counts the siblings before it.
            steps = int(_count_nodes(payload)) * _widest(payload)
            quick = seconds is None and steps <= _MOST_STEPS
            return self._in_place(payload) if quick else (_unjudged(payload, _WIDE),)
        except Unjudged:
            return (_given_up(payload),)
        if findings:
            return tuple(explain(one.entry, one.element, payload, self._vocabulary) for one in findings)
        repeated = _repeated(payload, self._vocabulary.identifiers)
        if not repeated:
            return ()
        # Some of these may be no identifiers where they stand; that is known in place, each error at its price.
        if repeated * _widest(payload) <= _MOST_STEPS:
            return self._in_place(payload)
        return (_unjudged(payload, "an ID that stands once in the message"),)

    def declares(self, clark: str) -> bool:
        """Whether the schemas declare a global element of this ``{namespace}local`` name."""
        return clark in self._vocabulary.globals

    def type_names(self, local: str) -> frozenset[str]:
        """The namespaces in which a global type of this local name exists, XML Schema's own types included.

        Where there are two, a prefix chooses between them (SIG-14).
        """
        return self._vocabulary.type_namespaces.get(local, frozenset())


def _unjudged(element: Element, expected: str) -> Violation:
    return Violation(element.sourceline or 0, 0, "/*", expected)


def _given_up(payload: Element) -> Violation:
    return _unjudged(payload, "values that the schema's patterns can be matched with")


def _widest(payload: Element) -> int:
    return max(len(element) for element in payload.iter(etree.Element))


def _repeated(payload: Element, names: frozenset[str]) -> int:
    """How many values of attributes of these local names stood there before."""
    values = Counter(str(value).strip() for name in sorted(names) for value in _attributes_named(payload, name=name))
    return values.total() - len(values)
