"""Why a contract is not taken: every reason at once, each with its place and what to do."""

from collections.abc import Iterable

from esb.kernel.faults import EsbError
from esb.kernel.xml import Element


class ContractRefused(EsbError):
    """A contract cannot be served.

    Attributes:
        problems: the reasons; each says document and line where there is one, what is wrong, and what to do.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(dict.fromkeys(problems))
        super().__init__("the contract is refused:\n" + "\n".join(f"  - {problem}" for problem in self.problems))


class NotFound(EsbError):
    """A reference leads to nothing in the source.  A namespace known otherwise may stand in for it."""


class Forbidden(EsbError):
    """A reference leads where a contract may not: outside its bundle, or to an address that is not allowed."""


def place(document: str, element: Element) -> str:
    """``service.wsdl, line 12``: where a person finds the element."""
    return f"{document}, line {element.sourceline}" if element.sourceline else document


def shown(text: str, most: int = 200) -> str:
    """Foreign text made fit for an error message: bounded, with control characters escaped."""
    return repr(text if len(text) <= most else text[: most - 1] + "…")
