"""What stands in the registers: an entry as frozen values, and the one form in which it is kept and digested.

There are two registers: that of state information resources, and the state register of personal-data information
systems.  Both hold entries of the same shape; the second demands more of it (:mod:`esb.registry.resource_reading`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Register(Enum):
    """Which of the two registers an entry stands in."""

    INFORMATION = "information-resources"
    PERSONAL = "personal-data-systems"


class ResourceStatus(Enum):
    """Where an entry stands in the connection procedure, which alone changes it."""

    DRAFT = "draft"
    REGISTERED = "registered"
    SUSPENDED = "suspended"
    RETIRED = "retired"
    ARCHIVED = "archived"


class FinUse(Enum):
    """What a resource does with the personal identification number (FIN)."""

    NONE = "none"
    STORED = "stored"
    KEY = "key"  # persons are found and told apart by it


class Hosting(Enum):
    """Where a resource runs."""

    OWN = "own"
    GOVERNMENT_CLOUD = "government-cloud"
    OTHER = "other"


class Exchange(Enum):
    """How others get at what a resource holds."""

    SOAP_BUS = "soap-bus"
    WEB_SERVICE = "web-service"  # past the bus
    FILE = "file"
    DATABASE = "database"
    PORTAL = "portal"
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class Name:
    """A name in Azerbaijani and in English."""

    az: str
    en: str


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs a resource for its owner: a member of the bus by its code, or another body by its name."""

    member: str | None = None
    name: Name | None = None


@dataclass(frozen=True, slots=True)
class Categories:
    """Kinds of data that a resource holds, in words.

    Attributes:
        ordinary: what is no personal data.
        personal: personal data but the special categories.
        special: special categories of personal data.
    """

    ordinary: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    special: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataElement:
    """One data element: of a type (``xs:date``) or out of a classifier, exactly one of the two.

    Attributes:
        personal: it is personal data.
        key: entries are found by it.
    """

    name: Name
    type: str | None = None
    classifier: str | None = None
    personal: bool = False
    key: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """An archived document that belongs to an entry, by its digest (:mod:`esb.registry.documents`)."""

    sha256: str
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What a register says of one resource or system.

    Attributes:
        code: ``MEMBER/CODE``; it stays when the owner changes.
        owner: the code of the member that it belongs to.
        operator: who runs it, None where the owner does.
        legal_basis: each ground by itself.
        subjects: number of people whose data it holds; None where none was told.
        protection: measures by which personal data are protected.
        fin_conforms: whether its FINs keep to the pattern; None where nobody looked.
        hosting_place: which data centre, which cloud.
        services: ``MEMBER/SYSTEM/SERVICE/vN`` or ``MEMBER/SYSTEM`` through which it is asked on the bus.
    """

    register: Register
    code: str
    name: Name
    owner: str
    purpose: str
    operator: Operator | None = None
    legal_basis: tuple[str, ...] = ()
    categories: Categories = Categories()
    elements: tuple[DataElement, ...] = ()
    subjects: int | None = None
    protection: tuple[str, ...] = ()
    fin_use: FinUse = FinUse.NONE
    fin_conforms: bool | None = None
    hosting: Hosting = Hosting.OWN
    hosting_place: str | None = None
    exchange: tuple[Exchange, ...] = ()
    services: tuple[str, ...] = ()
    documents: tuple[Attachment, ...] = ()


def document_of(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain JSON with every field, so that equal entries are equal documents."""
    operator = entry.operator
    return {
        "register": entry.register.value,
        "code": entry.code,
        "name": _name(entry.name),
        "owner": entry.owner,
        "operator": None
        if operator is None
        else {"member": operator.member, "name": None if operator.name is None else _name(operator.name)},
        "legal_basis": list(entry.legal_basis),
        "purpose": entry.purpose,
        "categories": {
            "ordinary": list(entry.categories.ordinary),
            "personal": list(entry.categories.personal),
            "special": list(entry.categories.special),
        },
        "elements": [
            {
                "name": _name(one.name),
                "type": one.type,
                "classifier": one.classifier,
                "personal": one.personal,
                "key": one.key,
            }
            for one in entry.elements
        ],
        "subjects": entry.subjects,
        "protection": list(entry.protection),
        "fin": {"use": entry.fin_use.value, "conforms": entry.fin_conforms},
        "hosting": {"kind": entry.hosting.value, "place": entry.hosting_place},
        "exchange": [one.value for one in entry.exchange],
        "services": list(entry.services),
        "documents": [{"sha256": one.sha256, "name": one.name} for one in entry.documents],
    }


def entry_of(document: Mapping[str, Any]) -> Entry:
    """Return the entry of a document that :func:`document_of` made.

    Nothing is checked: what was lawful when it was written stays readable when the rules have grown stricter.
    """
    operator = document["operator"]
    return Entry(
        register=Register(document["register"]),
        code=document["code"],
        name=Name(**document["name"]),
        owner=document["owner"],
        operator=None
        if operator is None
        else Operator(operator["member"], None if operator["name"] is None else Name(**operator["name"])),
        legal_basis=tuple(document["legal_basis"]),
        purpose=document["purpose"],
        categories=Categories(**{kind: tuple(texts) for kind, texts in document["categories"].items()}),
        elements=tuple(DataElement(**{**one, "name": Name(**one["name"])}) for one in document["elements"]),
        subjects=document["subjects"],
        protection=tuple(document["protection"]),
        fin_use=FinUse(document["fin"]["use"]),
        fin_conforms=document["fin"]["conforms"],
        hosting=Hosting(document["hosting"]["kind"]),
        hosting_place=document["hosting"]["place"],
        exchange=tuple(map(Exchange, document["exchange"])),
        services=tuple(document["services"]),
        documents=tuple(Attachment(**one) for one in document["documents"]),
    )


def canonical(document: Mapping[str, Any]) -> str:
    """Return JSON in its one form (RFC 8785; these documents hold no fractions), whose UTF-8 octets are digested."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _name(name: Name) -> dict[str, str]:
    return {"az": name.az, "en": name.en}
