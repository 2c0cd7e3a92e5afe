"""The archive of documents on SQLite and on PostgreSQL: what was archived, how long it is kept, what remains."""

import hashlib
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, update

from esb.registry.acts import acting, list_changes
from esb.registry.database import open_database, reading
from esb.registry.documents import (
    ContentGone,
    expire_documents,
    get_document,
    get_document_facts,
    list_documents,
    put_document,
)
from esb.registry.errors import Invalid
from esb.registry.register_models import DocumentRow

NOW = 1_764_000_000.25
DAY = 86_400.0
CONTENT = "Fərman\x00".encode() * 1000


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


def put(engine: Engine, content: bytes = CONTENT, keep_until: float | None = None, now: float = NOW) -> str:
    with acting(engine, "arxivçi", now) as act:
        return put_document(act, content, "fərman.pdf", "application/pdf", keep_until=keep_until)


def test_what_was_archived_reads_back_to_the_octet(engine: Engine) -> None:
    digest = put(engine, keep_until=NOW + DAY)
    assert digest == hashlib.sha256(CONTENT).hexdigest()
    with reading(engine) as session:
        document = get_document(session, digest)
        [change] = list_changes(session)
    assert document.content == CONTENT
    assert (document.facts.name, document.facts.size, document.facts.keep_until) == (
        "fərman.pdf",
        len(CONTENT),
        NOW + DAY,
    )
    assert (document.facts.added_at, document.facts.added_by, document.facts.expired_at) == (NOW, "arxivçi", None)
    assert (change.act, change.kind, change.key, change.detail["size"]) == ("add", "document", digest, len(CONTENT))


def test_the_same_document_again_is_no_change(engine: Engine) -> None:
    assert put(engine) == put(engine)
    with reading(engine) as session:
        assert len(list_changes(session)) == 1


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [(DAY, 2 * DAY, 2 * DAY), (2 * DAY, DAY, 2 * DAY), (DAY, None, None), (None, DAY, None)],
)
def test_the_longer_retention_holds(
    engine: Engine, first: float | None, second: float | None, kept: float | None
) -> None:
    until = {after: None if after is None else NOW + after for after in (first, second, kept)}
    put(engine, keep_until=until[first])
    digest = put(engine, keep_until=until[second])
    with reading(engine) as session:
        assert get_document_facts(session, digest).keep_until == until[kept]


def test_at_the_end_of_its_time_the_content_goes_and_the_facts_stay(engine: Engine) -> None:
    ends, stays = put(engine, keep_until=NOW + DAY), put(engine, b"other")
    with acting(engine, "arxivçi", NOW + DAY - 1e-6) as act:
        assert expire_documents(act) == []
    with acting(engine, "arxivçi", NOW + DAY) as act:
        assert [one.sha256 for one in expire_documents(act)] == [ends]
        assert expire_documents(act) == []
    with reading(engine) as session:
        with pytest.raises(ContentGone, match=r"fərman\.pdf"):
            get_document(session, ends)
        assert get_document_facts(session, ends).expired_at == NOW + DAY
        assert get_document(session, stays).content == b"other"
        assert [one.sha256 for one in list_documents(session)] == sorted([ends, stays])
        assert [one.sha256 for one in list_documents(session, gone=False)] == [stays]
        assert [(row.act, row.key) for row in list_changes(session)][2:] == [("expire", ends)]


def test_content_that_was_taken_out_comes_back_when_it_is_archived_again(engine: Engine) -> None:
    digest = put(engine, keep_until=NOW + DAY)
    with acting(engine, "arxivçi", NOW + 2 * DAY) as act:
        expire_documents(act)
    put(engine, keep_until=NOW + 9 * DAY, now=NOW + 3 * DAY)
    with reading(engine) as session:
        document = get_document(session, digest)
        assert (document.content, document.facts.expired_at, document.facts.keep_until) == (
            CONTENT,
            None,
            NOW + 9 * DAY,
        )
        assert list_changes(session)[-1].detail == {
            "expired_at": [NOW + 2 * DAY, None],
            "keep_until": [NOW + DAY, NOW + 9 * DAY],
        }


def test_a_document_that_was_altered_in_the_database_is_noticed(engine: Engine) -> None:
    digest = put(engine)
    with acting(engine, "arxivçi", NOW) as act:
        act.session.execute(update(DocumentRow).values(content=b"altered"))
    with reading(engine) as session, pytest.raises(Invalid, match="backup"):
        get_document(session, digest)
