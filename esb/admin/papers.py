"""Papers that an act stands on: archived along with it, in the same transaction."""

from dataclasses import dataclass

from esb.registry.acts import Act
from esb.registry.documents import get_document_facts, put_document


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that somebody hands in: ``content`` as it is, or None for one that is archived under ``name``.

    Attributes:
        name: a file's name, or the SHA-256 (hex) of an archived document.
    """

    name: str
    content: bytes | None = None
    media_type: str = "application/octet-stream"


def filed(act: Act, paper: Paper | None) -> str | None:
    """Return the digest under which a paper is in the archive, where it is put first if need be; None for none.

    Raises:
        NotFound: nothing is archived under the digest that was given.
        Invalid: it cannot be archived, or the digest is none.
    """
    if paper is None:
        return None
    if paper.content is None:
        return get_document_facts(act.session, paper.name).sha256
    return put_document(act, paper.content, paper.name, paper.media_type)
