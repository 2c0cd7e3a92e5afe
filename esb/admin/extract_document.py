"""An extract as a value, and as the XML document of schemas/xsd/extract.xsd that is signed."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from esb.kernel.faults import EsbError
from esb.kernel.namespaces import EXTRACT
from esb.kernel.xml import Element, compile_schema
from esb.registry.resource_entry import (
    Attachment,
    Categories,
    DataElement,
    Entry,
    Exchange,
    FinUse,
    Hosting,
    Name,
    Operator,
    Register,
    ResourceStatus,
    canonical,
    document_of,
)


class ExtractMalformed(EsbError):
    """A document is no extract, or one that contradicts itself."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of an extract, without what is attached to them: octets, and SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Extract:
    """One version of one entry, as it goes out.

    Attributes:
        id: 128 random bits in hex.
        address: where the issuer tells whether it is still current.
        issuer: the name in the signer's certificate.
        issued_at, as_of, version_at: Unix seconds; ``as_of`` None where the newest version was asked for.
        version_sha256: the digest of the version's canonical JSON.
        owner: the owning member's names when it was issued.
        operator: the names of the body that runs it, None where the owner does.
    """

    id: str
    address: str
    issuer: str
    issued_at: float
    as_of: float | None
    version: int
    version_at: float
    version_sha256: str
    status: ResourceStatus
    entry: Entry
    owner: Name
    operator: Name | None

    @property
    def digest(self) -> str:
        """The digest that the version has by what is shown of it."""
        document = canonical({"entry": document_of(self.entry), "status": self.status.value})
        return hashlib.sha256(document.encode()).hexdigest()


def write_extract(extract: Extract, pages: Pages) -> bytes:
    """Return the document that is to be signed, in UTF-8."""
    entry = extract.entry
    lines = [
        f'<x:Extract xmlns:x="{EXTRACT}" Id="extract-{extract.id}">',
        _text("Identifier", extract.id),
        _text("Address", extract.address),
        _text("Issuer", extract.issuer),
        _text("IssuedAt", moment(extract.issued_at)),
    ]
    if extract.as_of is not None:
        lines.append(_text("AsOf", moment(extract.as_of)))
    lines += [
        _empty("Version", number=str(extract.version), at=moment(extract.version_at), sha256=extract.version_sha256),
        _text("Status", extract.status.value),
        "<x:Resource>",
        _text("Register", entry.register.value),
        _text("Code", entry.code),
        _name(entry.name),
        _body("Owner", entry.owner, extract.owner),
    ]
    if entry.operator is not None:
        lines.append(_body("Operator", entry.operator.member, entry.operator.name or extract.operator or _NOBODY))
    lines += [
        *_texts("LegalBasis", entry.legal_basis),
        _text("Purpose", entry.purpose),
        "<x:Categories>",
        *_texts("Ordinary", entry.categories.ordinary),
        *_texts("Personal", entry.categories.personal),
        *_texts("Special", entry.categories.special),
        "</x:Categories>",
        *map(_element, entry.elements),
    ]
    if entry.subjects is not None:
        lines.append(_text("Subjects", str(entry.subjects)))
    lines += [
        *_texts("Protection", entry.protection),
        _empty(
            "Fin", use=entry.fin_use.value, conforms=None if entry.fin_conforms is None else _flag(entry.fin_conforms)
        ),
        _empty("Hosting", kind=entry.hosting.value, place=entry.hosting_place),
        *_texts("Exchange", (one.value for one in entry.exchange)),
        *_texts("Service", entry.services),
        *(_empty("Document", sha256=one.sha256, name=one.name) for one in entry.documents),
        "</x:Resource>",
        _empty("Pages", mediaType="application/pdf", size=str(pages.size), sha256=pages.sha256),
        "</x:Extract>",
    ]
    return "\n".join(lines).encode()


def read_extract(root: Element) -> tuple[Extract, Pages]:
    """Return what an extract says.

    Args:
        root: the element that its signature's verification returned, and no other.

    Raises:
        ExtractMalformed: it is not of the schema; or the version's digest is not that of what is shown of it.
    """
    schema = _schema()
    if not schema.validate(root):
        raise ExtractMalformed("this is not an extract as schemas/xsd/extract.xsd describes it")
    resource = _child(root, "Resource")
    version, pages = _child(root, "Version"), _child(root, "Pages")
    operator = resource.find(f"{_X}Operator")
    extract = Extract(
        id=_content(root, "Identifier"),
        address=_content(root, "Address"),
        issuer=_content(root, "Issuer"),
        issued_at=_seconds(_content(root, "IssuedAt")),
        as_of=None if root.find(f"{_X}AsOf") is None else _seconds(_content(root, "AsOf")),
        version=int(version.get("number", "")),
        version_at=_seconds(version.get("at", "")),
        version_sha256=version.get("sha256", ""),
        status=ResourceStatus(_content(root, "Status")),
        entry=_read_entry(resource),
        owner=_read_name(_child(resource, "Owner")),
        operator=None if operator is None else _read_name(operator),
    )
    if root.get("Id") != f"extract-{extract.id}":
        raise ExtractMalformed("the extract has another identifier than its document")
    if extract.digest != extract.version_sha256:
        raise ExtractMalformed("the version's digest is not that of what the extract shows of it")
    return extract, Pages(int(pages.get("size", "")), pages.get("sha256", ""))


def moment(seconds: float) -> str:
    """A time to the microsecond in UTC, as extracts write it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


_X = f"{{{EXTRACT}}}"
_NOBODY = Name("-", "-")


@lru_cache(maxsize=1)
def _schema() -> Any:
    octets = resources.files("esb.schemas").joinpath("xsd/extract.xsd").read_bytes()
    return compile_schema(octets, "extract.xsd", lambda _: None)


def _read_entry(resource: Element) -> Entry:
    operator = resource.find(f"{_X}Operator")
    categories, fin, hosting = (_child(resource, name) for name in ("Categories", "Fin", "Hosting"))
    member = None if operator is None else operator.get("member")
    conforms = fin.get("conforms")
    subjects = resource.find(f"{_X}Subjects")
    return Entry(
        register=Register(_content(resource, "Register")),
        code=_content(resource, "Code"),
        name=_read_name(resource),
        owner=_child(resource, "Owner").get("member", ""),
        operator=None
        if operator is None
        else Operator(member=member, name=_read_name(operator) if member is None else None),
        legal_basis=_contents(resource, "LegalBasis"),
        purpose=_content(resource, "Purpose"),
        categories=Categories(*(_contents(categories, kind) for kind in ("Ordinary", "Personal", "Special"))),
        elements=tuple(
            DataElement(
                _read_name(one), one.get("type"), one.get("classifier"), _is(one.get("personal")), _is(one.get("key"))
            )
            for one in resource.iterfind(f"{_X}Element")
        ),
        subjects=None if subjects is None else int(_content(resource, "Subjects")),
        protection=_contents(resource, "Protection"),
        fin_use=FinUse(fin.get("use")),
        fin_conforms=None if conforms is None else _is(conforms),
        hosting=Hosting(hosting.get("kind")),
        hosting_place=hosting.get("place"),
        exchange=tuple(map(Exchange, _contents(resource, "Exchange"))),
        services=_contents(resource, "Service"),
        documents=tuple(
            Attachment(one.get("sha256", ""), one.get("name", "")) for one in resource.iterfind(f"{_X}Document")
        ),
    )


def _child(parent: Element, name: str) -> Element:
    found = parent.find(f"{_X}{name}")
    if found is None:
        raise ExtractMalformed(f"the extract has no {name}")
    return found


def _content(parent: Element, name: str) -> str:
    return _child(parent, name).text or ""


def _contents(parent: Element, name: str) -> tuple[str, ...]:
    return tuple(one.text or "" for one in parent.iterfind(f"{_X}{name}"))


def _read_name(parent: Element) -> Name:
    name = _child(parent, "Name")
    return Name(name.get("az", ""), name.get("en", ""))


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _is(text: str | None) -> bool:
    return text in ("true", "1")


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _text(name: str, text: str) -> str:
    return f"<x:{name}>{escape(text)}</x:{name}>"


def _texts(name: str, texts: Iterable[str]) -> Iterator[str]:
    return (_text(name, text) for text in texts)


def _empty(tag: str, /, **attributes: str | None) -> str:
    written = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items() if value is not None)
    return f"<x:{tag}{written}/>"


def _name(name: Name) -> str:
    return _empty("Name", az=name.az, en=name.en)


def _body(tag: str, member: str | None, name: Name) -> str:
    opened = f"<x:{tag}>" if member is None else f"<x:{tag} member={quoteattr(member)}>"
    return f"{opened}{_name(name)}</x:{tag}>"


def _element(element: DataElement) -> str:
    written = _empty(
        "Element",
        type=element.type,
        classifier=element.classifier,
        personal=_flag(element.personal),
        key=_flag(element.key),
    )
    return f"{written.removesuffix('/>')}>{_name(element.name)}</x:Element>"
