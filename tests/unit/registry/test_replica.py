"""A node that follows refuses what is forged, old, forked, cut or another's, and keeps to what it believed before."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from support.publication import EXPIRES, NOW, Publication, make_sealer

from esb.admin.snapshot import KeySealer
from esb.certs.dsse import public_pem
from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.registry.acts import acting
from esb.registry.contracts import put_contract
from esb.registry.database import open_database, writing
from esb.registry.errors import RegistryUnavailable
from esb.registry.members import add_member, add_system
from esb.registry.migrations import upgrade
from esb.registry.models import MemberKind
from esb.registry.publication import TIMESTAMP_TYPE
from esb.registry.publisher import Publisher, announce
from esb.registry.replica import SnapshotRefused
from esb.registry.services import Terms, add_service

GRACE = 60.0


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    engine = open_database(sqlite_database)
    yield engine
    engine.dispose()


@pytest.fixture
def publication(engine: Engine) -> Publication:
    publication = Publication(engine)
    grow(publication, "A")
    return publication


def grow(publication: Publication, code: str) -> None:
    """One more member, published."""
    publication.clock.advance(1)
    with acting(publication.engine, "officer", publication.clock.now()) as act:
        add_member(act, code, "Ad", "Name", MemberKind.STATE)
    publication.publisher.publish()


def known(node: Any) -> set[str]:
    return set(node.directory.members)


def test_it_goes_by_deltas_and_asks_for_no_more_than_it_needs(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    node = publication.node(tmp_path, plain_certificates)
    node.poll()
    publication.asked.clear()
    grow(publication, "B")
    assert node.poll() is not None
    assert known(node) == {"A", "B"}
    assert [name.partition("/")[0] for name in publication.asked] == ["timestamp.json", "documents"]
    publication.asked.clear()
    assert node.poll() is None
    assert publication.asked == ["timestamp.json"]


def test_a_renewed_timestamp_prolongs_and_changes_nothing(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    node = publication.node(tmp_path, plain_certificates)
    node.poll()
    assert node.believed_until == NOW + 1 + EXPIRES + GRACE
    publication.clock.advance(100)
    publication.publisher.publish()
    assert node.poll() is None
    assert node.believed_until == NOW + 101 + EXPIRES + GRACE


def test_gone_it_keeps_what_it_has_and_starts_from_its_own_copy(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    node = publication.node(tmp_path, plain_certificates)
    node.poll()
    until = node.believed_until
    publication.gone = True
    with pytest.raises(RegistryUnavailable):
        node.poll()
    again = publication.node(tmp_path, plain_certificates)
    assert again.poll() is not None
    assert (known(again), again.believed_until) == ({"A"}, until)
    with pytest.raises(RegistryUnavailable):
        again.poll()
    with pytest.raises(RegistryUnavailable):
        publication.node(tmp_path / "nothing", plain_certificates).poll()


def test_an_old_timestamp_shown_again_is_refused(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    old = publication.get("timestamp.json", 1 << 20)
    grow(publication, "B")
    node = publication.node(tmp_path, plain_certificates)
    node.poll()
    publication.spoil = lambda name, data: old if name == "timestamp.json" else data
    with pytest.raises(SnapshotRefused, match="older"):
        node.poll()
    assert known(node) == {"A", "B"}
    # Nor by a node that was started anew meanwhile: its own copy remembers.
    again = publication.node(tmp_path, plain_certificates)
    again.poll()
    assert known(again) == {"A", "B"}
    with pytest.raises(SnapshotRefused, match="older"):
        again.poll()


def test_a_fork_is_refused(
    publication: Publication, plain_certificates: Any, tmp_path: Path, sqlite_template: Path
) -> None:
    """The same key, the same numbers, another past: a database that was put back and went on otherwise."""
    node = publication.node(tmp_path / "copy", plain_certificates)
    node.poll()
    path = str(publication.engine.url.database)
    publication.engine.dispose()
    shutil.copyfile(path, tmp_path / "backup.db")
    grow(publication, "B")
    grow(publication, "C")
    node.poll()
    other = Publication(open_database(f"sqlite:///{tmp_path / 'backup.db'}"), publication.clock)
    other.sealer = publication.sealer
    grow(other, "X")
    grow(other, "Y")
    forked = other.node(tmp_path / "copy", plain_certificates, publication.pem)
    forked.poll()
    with pytest.raises(SnapshotRefused, match="another past"):
        forked.poll()
    grow(other, "Z")
    with pytest.raises(SnapshotRefused, match=r"another past|does not follow"):
        forked.poll()
    assert known(forked) == {"A", "B", "C"}
    other.engine.dispose()


def test_a_whole_snapshot_of_another_past_is_refused_too(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    node = publication.node(tmp_path / "copy", plain_certificates)
    node.poll()
    path = str(publication.engine.url.database)
    publication.engine.dispose()
    shutil.copyfile(path, tmp_path / "backup.db")
    grow(publication, "B")
    node.poll()
    other = Publication(open_database(f"sqlite:///{tmp_path / 'backup.db'}"), publication.clock)
    other.sealer = publication.sealer
    for number in range(110):  # so many that a whole snapshot lies beyond what the node knows
        grow(other, f"X{number}")
    forked = other.node(tmp_path / "copy", plain_certificates, publication.pem)
    forked.poll()
    with pytest.raises(SnapshotRefused, match=r"another past|does not follow"):
        forked.poll()
    assert known(forked) == {"A", "B"}
    other.engine.dispose()


def test_another_key_is_refused(publication: Publication, plain_certificates: Any, tmp_path: Path) -> None:
    stranger = public_pem(make_sealer().key)
    with pytest.raises(SnapshotRefused, match="trusted here"):
        publication.node(tmp_path, plain_certificates, stranger).poll()


def test_another_registry_is_refused(publication: Publication, plain_certificates: Any, tmp_path: Path) -> None:
    node = publication.node(tmp_path / "copy", plain_certificates)
    node.poll()
    engine = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    upgrade(engine)
    other = Publication(engine, publication.clock)
    other.sealer = publication.sealer
    grow(other, "X")
    grow(other, "Y")
    again = other.node(tmp_path / "copy", plain_certificates)
    again.poll()
    with pytest.raises(SnapshotRefused, match="another registry"):
        again.poll()
    assert known(again) == {"A"}
    engine.dispose()


def test_a_timestamp_from_the_future_is_refused(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    publication.clock.advance(1_000)
    publication.publisher.publish()
    publication.clock.step(-1_000)
    with pytest.raises(SnapshotRefused, match="future"):
        publication.node(tmp_path, plain_certificates).poll()


@pytest.mark.parametrize("spoil", [lambda data: data[:-9], lambda data: data + b" ", lambda _: b"{}", lambda _: b""])
def test_a_damaged_document_is_refused_and_taken_when_it_is_whole_again(
    publication: Publication, plain_certificates: Any, tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    node = publication.node(tmp_path, plain_certificates)
    node.poll()
    grow(publication, "B")
    publication.spoil = lambda name, data: spoil(data) if name.startswith("documents/") else data
    with pytest.raises((SnapshotRefused, RegistryUnavailable)):
        node.poll()
    assert known(node) == {"A"}
    publication.spoil = lambda _, data: data
    node.poll()
    assert known(node) == {"A", "B"}


def test_a_document_that_is_withheld_leaves_the_last_state(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    node = publication.node(tmp_path, plain_certificates)
    node.poll()
    grow(publication, "B")
    publication.spoil = lambda name, data: None if name.startswith("documents/") else data
    with pytest.raises(RegistryUnavailable, match="not in the registry's publication"):
        node.poll()
    assert known(node) == {"A"}


def test_far_behind_it_takes_a_whole_snapshot(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    node = publication.node(tmp_path, plain_certificates)
    node.poll()
    for number in range(160):
        grow(publication, f"M{number}")
    publication.asked.clear()
    node.poll()
    assert len(known(node)) == 161
    assert len(publication.asked) < 110
    again = publication.node(tmp_path, plain_certificates)
    publication.gone = True
    again.poll()
    assert known(again) == known(node)


class Rotation:
    """Replaces the key as the operator's act does."""

    def __init__(self, publication: Publication) -> None:
        self.publication = publication

    def __call__(self, by: KeySealer | None = None) -> None:
        publication, new = self.publication, make_sealer("p256")
        with writing(publication.engine) as session:
            announce(session, [public_pem(new.key)], by or publication.sealer, publication.clock.now())
        publication.sealer = new
        publication.clock.advance(1)
        publication.publisher.publish()


def test_a_new_key_is_followed_when_the_old_one_announced_it(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    first = publication.pem
    node = publication.node(tmp_path / "one", plain_certificates)
    node.poll()
    late = publication.node(tmp_path / "two", plain_certificates)
    rotate = Rotation(publication)
    rotate()
    grow(publication, "B")
    node.poll()
    assert known(node) == {"A", "B"}
    rotate()
    rotate()
    grow(publication, "C")
    node.poll()
    late.poll()  # trusts the first key alone, and walks over all three announcements
    newcomer = publication.node(tmp_path / "three", plain_certificates)  # trusts the last
    newcomer.poll()
    assert known(node) == known(late) == known(newcomer) == {"A", "B", "C"}
    # Each starts again from its own copy, and goes on.
    rotate()
    grow(publication, "D")
    for folder in ("one", "two"):
        again = publication.node(tmp_path / folder, plain_certificates, first)
        again.poll()
        again.poll()
        assert known(again) == {"A", "B", "C", "D"}
    newcomer.poll()
    assert known(newcomer) == {"A", "B", "C", "D"}


def test_the_old_key_is_believed_no_more(publication: Publication, plain_certificates: Any, tmp_path: Path) -> None:
    node = publication.node(tmp_path, plain_certificates)
    old = publication.sealer
    Rotation(publication)()
    node.poll()
    publication.sealer = old
    grow(publication, "X")
    with pytest.raises(SnapshotRefused, match="trusted here"):
        node.poll()
    assert known(node) == {"A"}


def test_a_key_announced_by_a_stranger_is_not_believed(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    node = publication.node(tmp_path, plain_certificates)
    node.poll()
    Rotation(publication)(by=make_sealer())
    with pytest.raises(SnapshotRefused, match="trusted here"):
        node.poll()


@pytest.mark.parametrize("name", ["copy.json", "documents"])
def test_an_own_copy_that_was_changed_is_not_believed(
    publication: Publication, plain_certificates: Any, tmp_path: Path, name: str
) -> None:
    publication.node(tmp_path, plain_certificates).poll()
    file = tmp_path / name if name == "copy.json" else next((tmp_path / name).iterdir())
    file.write_bytes(file.read_bytes().replace(b"payload", b"paiload", 1))
    with pytest.raises(SnapshotRefused, match="own copy"):
        publication.node(tmp_path, plain_certificates).poll()


def test_an_index_that_is_no_index_is_not_believed(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    for text in ("", "[]", '{"path":[]}', '{"keys":{},"path":[],"timestamp":""}', '{"keys":[],"path":1,"timestamp":2}'):
        (tmp_path / "copy.json").write_text(text)
        with pytest.raises(SnapshotRefused, match="own copy"):
            publication.node(tmp_path, plain_certificates).poll()


def test_one_of_several_processes_alone_writes_the_copy(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    publication.node(tmp_path / "copy", plain_certificates, keeps=False).poll()
    assert not (tmp_path / "copy").exists()


def test_contracts_are_fetched_ahead_and_held_to_their_digest(
    publication: Publication, plain_certificates: Any, tmp_path: Path, make_contract: Callable[..., Contract]
) -> None:
    with acting(publication.engine, "officer", NOW) as act:
        add_system(act, "A", "S", "Ad", "Name")
        digest = put_contract(act, b"packed", make_contract())
        add_service(act, ServiceId.parse("A/S/P/v1"), digest, Terms("http://p/"))
    publication.clock.advance(1)
    publication.publisher.publish()
    node = publication.node(tmp_path, plain_certificates)
    node.poll()
    publication.spoil = lambda name, data: b"other" if name.startswith("contracts/") else data
    with pytest.raises(SnapshotRefused, match="altered"):
        node.contract(digest)
    publication.spoil = lambda _, data: data
    assert node.poll() is None  # has time to fetch ahead now
    publication.gone = True
    assert node.contract(digest) == b"packed"
    (tmp_path / "contracts" / digest).write_bytes(b"other")
    with pytest.raises(RegistryUnavailable):
        node.contract(digest)
    with pytest.raises(RegistryUnavailable):
        node.contract("0" * 64)


def test_a_document_of_a_newer_format_is_refused_with_a_reason(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    newer = publication.sealer.seal(json.dumps({"format": 2}).encode(), TIMESTAMP_TYPE)
    publication.spoil = lambda name, data: newer if name == "timestamp.json" else data
    with pytest.raises(SnapshotRefused, match="up to date"):
        publication.node(tmp_path, plain_certificates).poll()


def test_two_publishers_of_one_registry_do_not_fork_it(
    publication: Publication, plain_certificates: Any, tmp_path: Path
) -> None:
    other = Publisher(publication.engine, lambda: publication.sealer, publication.clock, EXPIRES, lambda n: b"x" * n)
    node = publication.node(tmp_path, plain_certificates)
    node.poll()
    for number in range(6):
        grow(publication, f"M{number}")
        (other if number % 2 else publication.publisher).publish()
        publication.clock.advance(1)
        other.publish()
    node.poll()
    assert len(known(node)) == 7
