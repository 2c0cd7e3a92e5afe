"""Judging an element by a compiled schema: in place, in one tree, without a word of its content in the verdict."""

from itertools import islice
from threading import Lock
from typing import Final

from lxml import etree

from esb.kernel.message import Violation
from esb.kernel.xml import Element
from esb.schemas.explain import explain, not_declared
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
    """

    __slots__ = ("_lock", "_schema", "_vocabulary")

    def __init__(self, schema: etree.XMLSchema, vocabulary: Vocabulary) -> None:
        self._schema = schema
        self._vocabulary = vocabulary
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
            return (
                Violation(payload.sourceline or 0, 0, "/*", "a smaller content: this one is too wide to be judged"),
            )
        with self._lock:
            try:
                if self._schema.validate(payload):
                    return ()
            except etree.XMLSchemaValidateError:
                return (Violation(payload.sourceline or 0, 0, "/*", "a content that can be judged"),)
            errors = (entry for entry in self._schema.error_log if entry.level >= etree.ErrorLevels.ERROR)
            found = tuple(explain(entry, payload, self._vocabulary) for entry in islice(errors, MOST_VIOLATIONS))
        return found or (Violation(payload.sourceline or 0, 0, "/*", "what the schema declares here"),)

    def declares(self, clark: str) -> bool:
        """Whether the schemas declare a global element of this ``{namespace}local`` name."""
        return clark in self._vocabulary.globals

    def type_names(self, local: str) -> frozenset[str]:
        """The namespaces in which a global type of this local name exists, XML Schema's own types included.

        Where there are two, a prefix chooses between them (SIG-14).
        """
        return self._vocabulary.type_namespaces.get(local, frozenset())


def _steps(payload: Element, nodes: int) -> int:
    """How many steps libxml2 may take at the worst: each error's path counts the siblings before it."""
    return nodes * max(len(element) for element in payload.iter(etree.Element))
