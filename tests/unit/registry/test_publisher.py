"""What is published, when, and what is let go of."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select
from support.publication import NOW, Publication, make_sealer

from esb.registry import publisher
from esb.registry.acts import acting
from esb.registry.database import open_database, reading, writing
from esb.registry.members import add_member
from esb.registry.models import ChangeRow, MemberKind
from esb.registry.publication_models import PublicationKind, PublicationRow
from esb.registry.publisher import NotPublished, announce, published


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    engine = open_database(sqlite_database)
    yield engine
    engine.dispose()


@pytest.fixture
def publication(engine: Engine) -> Publication:
    return Publication(engine)


def grow(publication: Publication, code: str) -> None:
    with acting(publication.engine, "officer", publication.clock.now()) as act:
        add_member(act, code, "Ad", "Name", MemberKind.STATE)


def kept(publication: Publication) -> list[tuple[PublicationKind, bool]]:
    with reading(publication.engine) as session:
        rows = session.execute(
            select(PublicationRow.kind, PublicationRow.document).order_by(PublicationRow.version, PublicationRow.at)
        )
        return [(kind, document is not None) for kind, document in rows]


def test_a_tick_publishes_changes_at_once_and_renews_in_its_time(publication: Publication) -> None:
    publisher, clock = publication.publisher, publication.clock
    assert publisher.tick(10.0)
    assert not publisher.tick(10.0)
    clock.advance(9.0)
    assert not publisher.tick(10.0)
    grow(publication, "A")
    assert publisher.tick(10.0)
    clock.advance(10.0)
    assert publisher.tick(10.0)
    publication.sealer = make_sealer()
    assert publisher.tick(10.0)
    clock.step(-100.0)  # a clock that was set back must not silence it
    assert publisher.tick(10.0)


def test_publishing_is_no_change_of_the_registry(publication: Publication) -> None:
    publication.publisher.publish()
    with reading(publication.engine) as session:
        assert session.scalars(select(ChangeRow)).all() == []


def test_a_whole_snapshot_comes_first_then_deltas_then_another(
    publication: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "_KEPT_DELTAS", 60)  # a fifth, as the changes below are
    monkeypatch.setattr(publisher, "_FULL_AFTER", 20)
    for number in range(80):
        grow(publication, f"M{number}")
        publication.clock.advance(1)
        publication.publisher.publish()
    found = kept(publication)
    assert found[0][0] is PublicationKind.FULL
    fulls = [there for kind, there in found if kind is PublicationKind.FULL]
    deltas = [there for kind, there in found if kind is PublicationKind.DELTA]
    assert 3 < len(fulls) < 20
    assert fulls == [False] * (len(fulls) - 2) + [True, True]
    assert deltas == [False] * 19 + [True] * 60


def test_names_that_are_published_and_names_that_are_not(publication: Publication) -> None:
    grow(publication, "A")
    stamp = publication.publisher.publish()
    with writing(publication.engine) as session:
        assert announce(session, [publication.pem], publication.sealer, NOW) == 1
    with reading(publication.engine) as session:
        assert published(session, "timestamp.json")
        assert published(session, f"documents/{stamp.full.digest}.json")
        assert published(session, "keys/1.json")
        for name in (
            "",
            "keys/2.json",
            "keys/x.json",
            "keys/99999999999.json",
            "documents/x.json",
            "contracts/x",
            "../x",
        ):
            assert published(session, name) is None


def test_no_key_is_announced_before_anything_was_published(publication: Publication) -> None:
    with writing(publication.engine) as session, pytest.raises(NotPublished):
        announce(session, [publication.pem], publication.sealer, NOW)


def test_a_database_that_is_behind_what_it_published_publishes_nothing(publication: Publication) -> None:
    grow(publication, "A")
    publication.publisher.publish()
    with writing(publication.engine) as session:
        session.execute(ChangeRow.__table__.delete())
    with pytest.raises(NotPublished, match="backup"):
        publication.publisher.publish()
