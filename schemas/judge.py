"""Judging an element by a compiled schema: in place, in one tree, without a word of its content in the verdict."""

from itertools import islice
from threading import Lock
from typing import Final

from lxml import etree

from esb.kernel.message import Violation
from esb.kernel.xml import Element
from esb.schemas.explain import explain, not_declared
from esb.schemas.slowness import Slowness
from esb.schemas.vocabulary import Vocabulary

MOST_VIOLATIONS: Final = 20
_FEW_NODES: Final = 2_000
_MOST_STEPS: Final = 500_000_000
_count_nodes = etree.XPath("count(descendant-or-self::*) + count(descendant-or-self::*/@*)")


class Judge:
    """A contract's compiled schemas.  One judge serves every thread; judgements by it take turns.

    Args:
        schema: compiled by :func:`esb.schemas.compile.compile_judge`.
        vocabulary: what the schema's documents declare.
        slowness: where its patterns can take long.
    """

    __slots__ = ("_lock", "_schema", "_slowness", "_vocabulary")

    def __init__(self, schema: etree.XMLSchema, vocabulary: Vocabulary, slowness: Slowness) -> None:
        self._schema = schema
        self._vocabulary = vocabulary
        self._slowness = slowness
        # An XMLSchema has one error log, which a second validation would clear under the first one's feet.
        self._lock = Lock()

    def judge(self, payload: Element) -> tuple[Violation, ...]:
        """What in ``payload`` breaks the schema: empty when it is valid, else the first violations, at most 20.

        The element is judged where it stands; nothing is copied and nothing that it names is fetched.  While this
        runs no other thread may read the same tree.
        """
        if payload.tag not in self._vocabulary.globals:
            return (not_declared(payload),)
        nodes = int(_count_nodes(payload))
        if nodes > _FEW_NODES and _steps(payload, nodes) > _MOST_STEPS:
            return (_unjudged(payload, "a smaller content: this one has too many elements side by side to be judged"),)
        if (long := self._slowness.too_long(payload)) is not None:
            return (_unjudged(long, "shorter values: the schema's patterns take too long on these"),)
        with self._lock:
            try:
                if self._schema.validate(payload):
                    return ()
            except etree.XMLSchemaValidateError:
                # libxml2 gave up, as it does where a pattern takes it ten million attempts.
                return (_unjudged(payload, "values that the schema's patterns can be matched with"),)
            errors = (entry for entry in self._schema.error_log if entry.level >= etree.ErrorLevels.ERROR)
            found = tuple(explain(entry, payload, self._vocabulary) for entry in islice(errors, MOST_VIOLATIONS))
        return found or (_unjudged(payload, "what the schema declares here"),)

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


def _steps(payload: Element, nodes: int) -> int:
    """How many steps libxml2 may take at the worst: each error's path counts the siblings before it."""
    return nodes * max(len(element) for element in payload.iter(etree.Element))
