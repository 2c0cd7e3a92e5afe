"""The tables of publications hold one head, and documents under their digest."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from esb.registry.database import open_database, writing
from esb.registry.errors import Conflict
from esb.registry.publication_models import PublicationHeadRow, PublicationKind, PublicationRow


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    engine = open_database(sqlite_database)
    yield engine
    engine.dispose()


def test_there_is_one_head(engine: Engine) -> None:
    with pytest.raises(Conflict), writing(engine) as session:
        session.add(PublicationHeadRow(id=2, identity="x", document=b"", issued=1.0))


def test_a_document_is_named_by_a_whole_digest(engine: Engine) -> None:
    row = {"kind": PublicationKind.FULL, "previous": 0, "version": 0, "chain": "", "payload_digest": "", "signer": ""}
    with pytest.raises(Conflict), writing(engine) as session:
        session.add(PublicationRow(digest="short", size=1, at=1.0, **row))
