"""The archive of documents: decrees, agreements, conclusions, each kept under the SHA-256 of its content.

Whoever refers to a document keeps the digest, so what is referred to can never be exchanged for something else.  A
document may have an end of retention: after it the content is taken out, while the digest, the name and the dates stay,
because what was decided on its ground must stay explainable.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, Row, Select, select
from sqlalchemy.orm import Session

from esb.registry.acts import Act, acting
from esb.registry.checks import lawful_moment, lawful_text
from esb.registry.database import reading
from esb.registry.errors import Invalid, NotFound
from esb.registry.register_models import DocumentRow

LARGEST: Final = 20 * 1024 * 1024
"""Octets of the largest document that is archived."""

_LONGEST_NAME: Final = 255
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class ContentGone(NotFound):
    """A document was archived, but its time has passed and its content was taken out."""


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What is known of an archived document.

    Attributes:
        sha256: the digest of its content, in hex.
        size: octets.
        keep_until: Unix seconds until which the content is kept; None where it is kept for good.
        expired_at: when the content was taken out, None while it is there.
        added_by: the author of the act that archived it.
    """

    sha256: str
    name: str
    media_type: str
    size: int
    keep_until: float | None
    expired_at: float | None
    added_at: float
    added_by: str


@dataclass(frozen=True, slots=True)
class Document:
    """An archived document with its content."""

    facts: DocumentFacts
    content: bytes


def put_document(act: Act, content: bytes, name: str, media_type: str, *, keep_until: float | None = None) -> str:
    """Archive a document and return its digest, SHA-256 in hex.

    The same content again is no change, but that the longer retention holds, and that content which was taken out
    comes back.  The first name stays.

    Args:
        name: a file's name, for people; no folder.
        media_type: as in RFC 6838, ``application/pdf``.
        keep_until: Unix seconds; None keeps it for good.

    Raises:
        Invalid: it is empty or above :data:`LARGEST`, or one of its particulars is not lawful.
    """
    if not content:
        raise Invalid("the document is empty; choose the right file")
    if len(content) > LARGEST:
        raise Invalid(f"the document has {len(content)} octets; {LARGEST} are the most that is archived")
    facts = {"name": lawful_file_name(name), "media_type": _lawful_media_type(media_type), "size": len(content)}
    if keep_until is not None and lawful_moment(keep_until, "end of retention") <= act.now:
        raise Invalid("the document's retention has ended already; give a later time, or none to keep it for good")
    digest = hashlib.sha256(content).hexdigest()
    row = act.session.get(DocumentRow, digest)
    if row is None:
        row = DocumentRow(sha256=digest, content=content, keep_until=keep_until, added_at=act.now, **facts)
        row.added_by = act.author
        act.session.add(row)
        act.record("add", "document", digest, {**facts, "keep_until": keep_until})
        return digest
    detail: dict[str, list[float | None]] = {}
    longest = _longer(row.keep_until, keep_until)
    if longest != row.keep_until:
        detail["keep_until"] = [row.keep_until, longest]
        row.keep_until = longest
    if row.expired_at is not None:
        detail["expired_at"] = [row.expired_at, None]
        row.content, row.expired_at = content, None
    if detail:
        act.record("update", "document", digest, detail)
    return digest


def get_document(session: Session, sha256: str) -> Document:
    """Return a document with its content.

    Raises:
        NotFound: nothing is archived under this digest; :class:`ContentGone` when its retention has ended.
        Invalid: what is stored is no longer what was archived.
    """
    facts = get_document_facts(session, sha256)
    if facts.expired_at is not None:
        raise ContentGone(
            f"document {sha256} ({facts.name}) was kept until its retention ended, and its content was taken out; "
            "ask whoever it came from for it: its digest proves it"
        )
    content = session.scalar(select(DocumentRow.content).where(DocumentRow.sha256 == sha256))
    if content is None or hashlib.sha256(content).hexdigest() != sha256:
        raise Invalid(f"document {sha256} does not match its digest: the database was damaged; restore a backup")
    return Document(facts, content)


def get_document_facts(session: Session, sha256: str) -> DocumentFacts:
    """Return what is known of a document, whether or not its content is still there.  Raises :class:`NotFound`."""
    row = session.execute(_facts().where(DocumentRow.sha256 == lawful_digest(sha256))).one_or_none()
    if row is None:
        raise NotFound(f"document {sha256} is not archived; add it first: esb document add FILE")
    return _read(row)


def list_documents(session: Session, *, gone: bool = True) -> list[DocumentFacts]:
    """Return all documents by the time of their archiving; ``gone`` False leaves out those without content."""
    rows = _facts().order_by(DocumentRow.added_at, DocumentRow.sha256)
    if not gone:
        rows = rows.where(DocumentRow.expired_at.is_(None))
    return [_read(row) for row in session.execute(rows)]


def expire(engine: Engine, author: str, now: float) -> list[DocumentFacts]:
    """As :func:`expire_documents`, in an act of its own where there is anything to take out.

    Raises :class:`~esb.registry.errors.RegistryUnavailable`.
    """
    due = select(DocumentRow.sha256).where(DocumentRow.keep_until <= now, DocumentRow.expired_at.is_(None))
    with reading(engine) as session:
        if session.scalar(due.limit(1)) is None:
            return []
    with acting(engine, author, now) as act:
        return expire_documents(act)


def expire_documents(act: Act) -> list[DocumentFacts]:
    """Take out the content of every document whose retention has ended; return what is left of each."""
    due = select(DocumentRow).where(DocumentRow.keep_until <= act.now, DocumentRow.expired_at.is_(None))
    expired = []
    for row in act.session.scalars(due.order_by(DocumentRow.keep_until, DocumentRow.sha256)).all():
        row.content, row.expired_at = None, act.now
        act.record("expire", "document", row.sha256, {"expired_at": [None, act.now]})
        expired.append(get_document_facts(act.session, row.sha256))
    return expired


def lawful_digest(sha256: str) -> str:
    """Return a digest as documents are named by.  Raises :class:`Invalid`."""
    if not _DIGEST.fullmatch(sha256):
        raise Invalid(f"{sha256[:80]!r} is not a document's SHA-256: 64 lower-case hexadecimal digits")
    return sha256


def lawful_file_name(name: str) -> str:
    """Return a file's name without folders.  Raises :class:`Invalid`."""
    name = lawful_text(name, "name of the document")
    # Unseen letters could turn the reading order round, and make gpj.exe look like exe.jpg.
    if len(name) > _LONGEST_NAME or {"/", "\\"} & set(name) or any(unicodedata.category(one) == "Cf" for one in name):
        raise Invalid(
            f"the document's name is not a file's: at most {_LONGEST_NAME} characters, no slash, nothing invisible"
        )
    return name


def _lawful_media_type(media_type: str) -> str:
    media_type = media_type.lower()
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise Invalid(f"{media_type[:80]!r} is not a media type like application/pdf")
    return media_type


def _longer(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)


def _facts() -> Select[str, str, str, int, float | None, float | None, float, str]:
    return select(
        DocumentRow.sha256,
        DocumentRow.name,
        DocumentRow.media_type,
        DocumentRow.size,
        DocumentRow.keep_until,
        DocumentRow.expired_at,
        DocumentRow.added_at,
        DocumentRow.added_by,
    )


def _read(row: Row[str, str, str, int, float | None, float | None, float, str]) -> DocumentFacts:
    return DocumentFacts(*row)
