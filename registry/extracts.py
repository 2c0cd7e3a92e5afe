"""Extracts that were made of the registers: each is a row, and what it was stays explainable."""

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from esb.registry.acts import Act
from esb.registry.documents import get_document_facts
from esb.registry.errors import Invalid, NotFound
from esb.registry.members import get_member
from esb.registry.register_models import ExtractRow
from esb.registry.resource_entry import Entry, Name
from esb.registry.resources import ResourceVersion, get_resource

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ExtractFacts:
    """One extract.

    Attributes:
        id: 128 random bits in hex; whoever knows it may see the extract.
        version: the number of the version that was extracted.
        as_of: the past time that was asked for, None where the newest version was.
        issuer: the name in the signer's certificate.
        signer: SHA-256 of that certificate, in hex.
        xml, pdf: digests under which the signed files are archived.
    """

    id: str
    code: str
    version: int
    as_of: float | None
    issuer: str
    signer: str
    xml: str
    pdf: str
    made_at: float
    made_by: str


@dataclass(frozen=True, slots=True)
class ExtractView:
    """An extract beside what stands in the register now.

    Attributes:
        owner, operator: what they are called now; ``operator`` None where the owner runs it.
    """

    facts: ExtractFacts
    extracted: ResourceVersion
    newest: ResourceVersion
    owner: Name
    operator: Name | None

    @property
    def is_current(self) -> bool:
        """Whether what was extracted is still what stands in the register."""
        return self.extracted.number == self.newest.number


def add_extract(
    act: Act,
    id: str,
    version: ResourceVersion,
    *,
    as_of: float | None,
    issuer: str,
    signer: str,
    xml: str,
    pdf: str,
) -> ExtractFacts:
    """Note that an extract was made of ``version``; its files are archived before.

    Raises:
        Invalid: the id is not 128 bits in hex.
        NotFound: a file is not archived.
    """
    if not _ID.fullmatch(id):
        raise Invalid("an extract's id is 128 random bits in hex")
    for digest in (xml, pdf):
        get_document_facts(act.session, digest)
    row = ExtractRow(
        id=id,
        code=version.code,
        version=version.number,
        as_of=as_of,
        issuer=issuer,
        signer=signer,
        xml=xml,
        pdf=pdf,
        made_at=act.now,
        made_by=act.author,
    )
    act.session.add(row)
    # Not under its id, which is as good as a key to it: the list of changes is read by more people than the extract.
    facts = {"of": version.code, "version": version.number, "sha256": version.sha256, "as_of": as_of, "pdf": pdf}
    act.record("issue", "extract", xml, {**facts, "signer": signer})
    return _read(row)


def get_extract(session: Session, id: str) -> ExtractView:
    """Return an extract beside what stands in the register now.  Raises :class:`~esb.registry.errors.NotFound`."""
    row = session.get(ExtractRow, id) if _ID.fullmatch(id) else None
    if row is None:
        raise NotFound("there is no extract of this id; check that it was copied whole")
    extracted = get_resource(session, row.code, version=row.version)
    return ExtractView(_read(row), extracted, get_resource(session, row.code), *body_names(session, extracted.entry))


def body_names(session: Session, entry: Entry) -> tuple[Name, Name | None]:
    """Return what an entry's owner and operator are called now; None for the operator where the owner runs it."""
    owner = get_member(session, entry.owner)
    operator = None if entry.operator is None else entry.operator.name
    if entry.operator is not None and entry.operator.member is not None:
        runs = get_member(session, entry.operator.member)
        operator = Name(runs.name_az, runs.name_en)
    return Name(owner.name_az, owner.name_en), operator


def list_extracts(session: Session, code: str | None = None) -> list[ExtractFacts]:
    """Return the extracts of one entry or of all, newest first."""
    rows = select(ExtractRow).order_by(ExtractRow.made_at.desc(), ExtractRow.id)
    return [_read(row) for row in session.scalars(rows if code is None else rows.where(ExtractRow.code == code))]


def _read(row: ExtractRow) -> ExtractFacts:
    return ExtractFacts(
        id=row.id,
        code=row.code,
        version=row.version,
        as_of=row.as_of,
        issuer=row.issuer,
        signer=row.signer,
        xml=row.xml,
        pdf=row.pdf,
        made_at=row.made_at,
        made_by=row.made_by,
    )
