"""WS-I Basic Profile 1.1 (and 1.2, which kept these numbers): what makes a description work with every toolkit.

Of the profile's statements about a DESCRIPTION those are judged that can be told from the documents themselves.  Each
breach cites its statement, says where it is, and what to do.  Statements about messages are kept by the bus itself.
Sources: http://www.ws-i.org/Profiles/BasicProfile-1.1.html, section 4; BasicProfile-1.2, the same section.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from esb.kernel.contract import Contract
from esb.kernel.xml import Element
from esb.wsdl.definitions import Definitions, gather
from esb.wsdl.documents import DEFINITIONS
from esb.wsdl.read import open_documents
from esb.wsdl.refuse import place

_MUST: Final = {
    "R2001": "wsdl:import imports WSDL descriptions only.",
    "R2005": "An imported description has the target namespace that its wsdl:import names.",
    "R2007": "wsdl:import has a location that is not empty.",
    "R2022": "wsdl:import comes before every other WSDL element but documentation.",
    "R2023": "wsdl:types comes before every other WSDL element but documentation and imports.",
    "R2101": "A reference to a WSDL component is to a namespace that is defined or imported in that document.",
    "R2102": "A reference to a schema component is to the schema's own target namespace or to one that it imports.",
    "R2105": "Each schema in wsdl:types has a target namespace, unless it holds imports and annotations alone.",
    "R2110": "No type is made from soapenc:Array by extension or restriction.",
    "R2111": "No type uses wsdl:arrayType.",
    "R2201": "A document-literal soap:body lists at most one part.",
    "R2204": "A document-literal soap:body refers only to parts that are declared by element.",
    "R2205": "soap:header, soap:headerfault and soap:fault refer only to parts that are declared by element.",
    "R2206": "A part's element is a global element declaration.",
    "R2210": "Without a parts attribute, a document-literal soap:body stands for a message of at most one part.",
    "R2303": "No operation is solicit-response or notification.",
    "R2304": "The operations of a port type have distinct names.",
    "R2306": "A part has type or element, not both.",
    "R2401": "A binding is a SOAP binding.",
    "R2701": "soap:binding states its transport.",
    "R2702": "The transport is SOAP over HTTP.",
    "R2705": "A binding is rpc-literal or document-literal throughout.",
    "R2706": "Every use is literal.",
    "R2710": "Each operation of a binding has a wire signature of its own.",
    "R2716": "A document-literal binding has no namespace on soap:body, soap:header, soap:headerfault or soap:fault.",
    "R2718": "A binding binds exactly the operations of its port type.",
    "R2720": "soap:header and soap:headerfault name their part by the part attribute.",
    "R2721": "soap:fault has a name.",
    "R2749": "soap:header and soap:headerfault have no parts attribute.",
    "R2754": "The name of soap:fault is that of its wsdl:fault.",
    "R2803": "The namespace of wsdl:import is not a relative URI.",
}
_SHOULD: Final = {
    "R2026": "No extension that is required stands in the description.",
    "R2112": "No element is named by the convention ArrayOf….",
    "R2209": "A binding binds every part of its messages.",
    "R2711": "No two ports have the same address.",
    "R2740": "A binding describes each known fault by soap:fault.",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the profile: its id, what it says in our words, and whether it is a MUST."""

    id: str
    text: str
    must: bool


STATEMENTS: Final[Mapping[str, Statement]] = MappingProxyType(
    {
        **{name: Statement(name, text, True) for name, text in _MUST.items()},
        **{name: Statement(name, text, False) for name, text in _SHOULD.items()},
    }
)
"""Every statement that is judged, by its id."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One place where a description breaks a statement.

    Attributes:
        where: document and line.
        found: what is wrong there.
        mend: what to do.
    """

    statement: Statement
    where: str
    found: str
    mend: str


@dataclass(frozen=True, slots=True)
class Description:
    """A closed set of documents, parsed: by name, all together, and their WSDLs."""

    roots: Mapping[str, Element]
    definitions: Definitions

    def wsdls(self) -> Iterator[tuple[str, Element]]:
        """The WSDL documents by name."""
        for name, root in self.roots.items():
            if root.tag == DEFINITIONS:
                yield name, root


def breach(statement: str, document: str, element: Element, found: str, mend: str) -> Breach:
    """A breach of a statement at an element."""
    return Breach(STATEMENTS[statement], place(document, element), found, mend)


def describe(contract: Contract) -> Description:
    """Open a contract, or a closed set without operations, for judging.

    Raises:
        ContractRefused: a document cannot be parsed.
    """
    roots = open_documents(contract)
    return Description(MappingProxyType(roots), gather(roots, contract.schemas))
