"""A document's particulars are checked before it is archived."""

import pytest

from esb.registry.acts import Act
from esb.registry.documents import LARGEST, get_document, lawful_digest, lawful_file_name, put_document
from esb.registry.errors import Invalid, NotFound


@pytest.mark.parametrize(
    ("content", "name", "media_type", "keep_until", "told"),
    [
        (b"", "fərman.pdf", "application/pdf", None, "empty"),
        (b"x" * (LARGEST + 1), "fərman.pdf", "application/pdf", None, "the most"),
        (b"x", "", "application/pdf", None, "empty"),
        (b"x", "../fərman.pdf", "application/pdf", None, "slash"),
        (b"x", "a\\b.pdf", "application/pdf", None, "slash"),
        (b"x", "fdp\u202eexe.", "application/pdf", None, "invisible"),
        (b"x", "a" * 256, "application/pdf", None, "255"),
        (b"x", "fərman\n.pdf", "application/pdf", None, "control"),
        (b"x", "fərman.pdf", "pdf", None, "media type"),
        (b"x", "fərman.pdf", "application/pdf; a=b", None, "media type"),
        (b"x", "fərman.pdf", "application/pdf\n", None, "media type"),
        (b"x", "fərman.pdf", "application/pdf", 1_000.0, "ended already"),
        (b"x", "fərman.pdf", "application/pdf", float("nan"), "not a time"),
    ],
)
def test_what_cannot_be_archived(
    act: Act, content: bytes, name: str, media_type: str, keep_until: float | None, told: str
) -> None:
    with pytest.raises(Invalid, match=told):
        put_document(act, content, name, media_type, keep_until=keep_until)


def test_the_largest_document_is_archived(act: Act) -> None:
    digest = put_document(act, b"x" * LARGEST, "fərman.pdf", "Application/PDF")
    assert get_document(act.session, digest).facts.media_type == "application/pdf"


def test_a_name_is_kept_composed() -> None:
    assert lawful_file_name("gu\u0308zgu\u0308.pdf") == "güzgü.pdf"


@pytest.mark.parametrize("digest", ["", "0" * 63, "G" * 64, "A" * 64, "0" * 64 + "\n"])
def test_what_is_no_digest(act: Act, digest: str) -> None:
    with pytest.raises(Invalid, match="64 lower-case"):
        lawful_digest(digest)


def test_an_unknown_document_is_not_found(act: Act) -> None:
    with pytest.raises(NotFound, match="esb document add"):
        get_document(act.session, "0" * 64)
