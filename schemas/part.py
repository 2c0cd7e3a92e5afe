"""One document of a contract, as the rearrangement knows it."""

from dataclasses import dataclass, field

from esb.kernel.xml import Element


@dataclass(slots=True, eq=False)
class Part:
    """One provider's document as it stands for one namespace (a chameleon stands for several).

    Attributes:
        origin: its name in the contract.
        namespace: the target namespace it has or takes on; "" for none.
        root: its xs:schema element, with references rewritten once :func:`esb.schemas.arrange.arrange` is done.
        name: its name in the arrangement.
        includes, redefines: parts it draws in for the same namespace.
    """

    origin: str
    namespace: str
    root: Element
    name: str
    includes: list[tuple[Element, "Part"]] = field(default_factory=list)
    redefines: list[tuple[Element, "Part"]] = field(default_factory=list)
