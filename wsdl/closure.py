"""Collecting every document that a contract needs, until nothing is missing."""

from collections import deque
from dataclasses import dataclass, field

from esb.kernel.xml import Element
from esb.wsdl.documents import DEFINITIONS, SCHEMA, Reference, Way, open_document, references, schemas_of
from esb.wsdl.known import BUILT_IN, KNOWN, OWN
from esb.wsdl.limits import ReadLimits
from esb.wsdl.refuse import ContractRefused, Forbidden, NotFound, place, shown
from esb.wsdl.sources import Source


@dataclass(slots=True)
class Found:
    """One collected document, and where each of its references leads (None: to nothing, and that is well)."""

    key: str
    label: str
    root: Element
    links: list[tuple[Reference, str | None]] = field(default_factory=list)


def collect(source: Source, limits: ReadLimits) -> dict[str, Found]:
    """Read the main document and all that it leads to, breadth first.

    Returns:
        Documents by key, the main one first; every reference is linked to another or lawfully to none.

    Raises:
        ContractRefused: anything is missing, forbidden, over a limit, or not what the reference says.
    """
    collector = _Collector(source, limits)
    collector.run()
    if collector.problems:
        raise ContractRefused(collector.problems)
    return collector.found


class _Collector:
    def __init__(self, source: Source, limits: ReadLimits) -> None:
        self.source = source
        self.limits = limits
        self.found: dict[str, Found] = {}
        self.problems: list[str] = []
        self._bytes = 0
        self._namespaces: set[str] = set()
        self._missing: list[tuple[Found, Reference, str]] = []

    def run(self) -> None:
        try:
            main = self._open(self.source.main)
        except (NotFound, Forbidden) as error:
            raise ContractRefused([str(error)]) from None
        if main.root.tag != DEFINITIONS:
            raise ContractRefused([f"{main.label}: is a schema, not a WSDL: give the WSDL that uses it"])
        queue = deque([(main, 0)])
        while queue:
            document, depth = queue.popleft()
            for reference in references(document.root):
                reached = self._follow(document, reference, depth)
                if reached is not None:
                    queue.append((reached, depth + 1))
        self._namespaces = {
            schema.get("targetNamespace", "")
            for document in self.found.values()
            for schema in schemas_of(document.root)
        }
        for document, reference, reason in self._missing:
            self._substitute(document, reference, reason)
        for document in list(self.found.values()):
            for reference, target in document.links:
                if target is not None:
                    self._agree(document, reference, self.found[target])

    def _open(self, key: str) -> Found:
        if len(self.found) >= self.limits.documents:
            raise ContractRefused([*self.problems, f"the contract has more than {self.limits.documents} documents"])
        data = self.source.read(key)
        self._bytes += len(data)
        if self._bytes > self.limits.total_bytes:
            raise ContractRefused([*self.problems, f"the documents are larger than {self.limits.total_bytes} bytes"])
        found = Found(key, key, open_document(data, key))
        self.found[key] = found
        return found

    def _follow(self, document: Found, reference: Reference, depth: int) -> Found | None:
        """Link one reference; returns the document when it is new."""
        where = place(document.label, reference.element)
        if reference.way is Way.IMPORT and reference.namespace in OWN:
            self._link_known(document, reference)
            return None
        if not reference.location:
            if reference.way in (Way.INCLUDE, Way.REDEFINE):
                self.problems.append(f"{where}: the {_name(reference)} has no schemaLocation: name the document")
            else:
                self._missing.append((document, reference, "it has no location"))
            return None
        if reference.way is Way.IMPORT and reference.namespace in BUILT_IN:
            document.links.append((reference, None))
            return None
        try:
            key = self.source.resolve(document.key, reference.location)
            if key in self.found:
                document.links.append((reference, key))
                return None
            if depth >= self.limits.depth:
                self.problems.append(f"{where}: the chain of imports is longer than {self.limits.depth}")
                return None
            reached = self._open(key)
        except NotFound as error:
            self._missing.append((document, reference, str(error)))
            return None
        except Forbidden as error:
            self.problems.append(f"{where}: {error}")
            return None
        except ContractRefused as error:
            self.problems += [f"{where}: {problem}" for problem in error.problems]
            if len(self.found) >= self.limits.documents or self._bytes > self.limits.total_bytes:
                raise ContractRefused(self.problems) from None
            return None
        document.links.append((reference, key))
        return reached

    def _substitute(self, document: Found, reference: Reference, reason: str) -> None:
        """An import whose location leads nowhere is well when the set, or every processor, knows the namespace."""
        namespace = reference.namespace
        where = place(document.label, reference.element)
        if reference.way is Way.IMPORT:
            if namespace in BUILT_IN or namespace in self._namespaces:
                document.links.append((reference, None))
                return
            if namespace in KNOWN:
                self._link_known(document, reference)
                return
        if reference.way is Way.WSDL_IMPORT and any(
            other.root.tag == DEFINITIONS
            and other is not document
            and other.root.get("targetNamespace", "") == namespace
            for other in self.found.values()
        ):
            document.links.append((reference, None))
            return
        self.problems.append(f"{where}: the {_name(reference)}{_of(reference)} cannot be resolved: {reason}")

    def _link_known(self, document: Found, reference: Reference) -> None:
        name, data = KNOWN[reference.namespace]
        key = f"known:{name}"
        if key not in self.found:
            # Holds for every later import of the namespace too, but each is linked to it by name.
            self.found[key] = Found(key, name, open_document(data, name))
        document.links.append((reference, key))

    def _agree(self, document: Found, reference: Reference, target: Found) -> None:
        """Whether the document found is what the reference says it is (XML Schema part 1, 4.2.1 to 4.2.3)."""
        where = place(document.label, reference.element)
        if reference.way is Way.WSDL_IMPORT:
            return
        if target.root.tag != SCHEMA:
            self.problems.append(f"{where}: {target.label} is a WSDL, not a schema")
            return
        own = reference.owner.get("targetNamespace", "")
        theirs = target.root.get("targetNamespace", "")
        if reference.way is Way.IMPORT:
            if theirs != reference.namespace:
                self.problems.append(
                    f"{where}: imports namespace {shown(reference.namespace)}, "
                    f"but {target.label} has {shown(theirs)}: correct one of them"
                )
            elif theirs == own:
                self.problems.append(f"{where}: imports its own namespace {shown(own)}: include the document instead")
        elif theirs not in ("", own):
            self.problems.append(
                f"{where}: includes {target.label}, which has another namespace ({shown(theirs)}): import it instead"
            )


def _name(reference: Reference) -> str:
    return {
        Way.WSDL_IMPORT: "wsdl:import",
        Way.IMPORT: "xs:import",
        Way.INCLUDE: "xs:include",
        Way.REDEFINE: "xs:redefine",
    }[reference.way]


def _of(reference: Reference) -> str:
    if reference.way in (Way.IMPORT, Way.WSDL_IMPORT):
        return f" of namespace {shown(reference.namespace)}"
    return ""
