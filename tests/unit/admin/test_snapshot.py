"""The registry's key is made, opened, replaced; and the publication stands in a folder as the door serves it."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from esb.admin.snapshot import ExportFailed, FileSealer, export, make_key, open_sealer, public_path, rotate_key
from esb.certs.dsse import open_sealed
from esb.certs.keys import KeyUnusable
from esb.kernel.clock import ManualClock
from esb.registry.acts import acting, list_changes
from esb.registry.database import open_database, reading
from esb.registry.members import add_member
from esb.registry.models import MemberKind
from esb.registry.publisher import NotPublished, Publisher
from esb.registry.replica import Replica
from esb.registry.replica_source import Folder

NOW = 1_790_000_000.0
SECRET = b"correct horse"


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    engine = open_database(sqlite_database)
    with acting(engine, "officer", NOW) as act:
        add_member(act, "A", "Ad", "Name", MemberKind.STATE)
    yield engine
    engine.dispose()


@pytest.fixture
def path(engine: Engine, tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "registry.key"
    make_key(engine, path, SECRET, "p256", author="officer", now=NOW)
    return path


def publisher(engine: Engine, path: Path) -> Publisher:
    return Publisher(engine, FileSealer(path, lambda: SECRET), ManualClock(NOW), 600.0, secrets.token_bytes)


def follow(folder: Path, pem: str, copy: Path, certificates: Any) -> Replica:
    return Replica(
        Folder(folder),
        Folder(copy),
        open_sealed,
        (pem,),
        certificates.known,
        certificates.index,
        ManualClock(NOW),
        grace=0.0,
    )


def test_a_key_is_made_once_and_is_on_record(engine: Engine, path: Path) -> None:
    sealer = open_sealer(path, SECRET)
    assert path.stat().st_mode & 0o077 == 0
    assert open_sealed(sealer.seal(b"{}", "x/y"), "x/y", [public_path(path).read_text()]) == b"{}"
    with pytest.raises(KeyUnusable, match="not overwritten"):
        make_key(engine, path, SECRET, "ed25519", author="officer", now=NOW)
    with reading(engine) as session:
        row = list_changes(session)[-1]
    assert (row.act, row.kind, row.key) == ("add", "snapshot-key", sealer.key_id)


def test_a_sealer_opens_the_key_anew_when_it_is_another(engine: Engine, path: Path) -> None:
    sealer = FileSealer(path, lambda: SECRET)
    first = sealer()
    assert sealer() is first
    publisher(engine, path).publish()
    new, aside = rotate_key(engine, path, SECRET, "ed25519", author="officer", now=NOW)
    assert sealer().key_id == new != first.key_id
    assert open_sealer(aside, SECRET).key_id == first.key_id
    path.unlink()
    with pytest.raises(KeyUnusable, match="esb snapshot key"):
        sealer()


def test_a_key_that_nobody_trusts_yet_needs_no_successor(engine: Engine, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(NotPublished):
        rotate_key(engine, path, SECRET, "ed25519", author="officer", now=NOW)
    assert (path.read_bytes(), sorted(file.name for file in path.parent.iterdir())) == (
        before,
        ["registry.key", "registry.pub"],
    )


def test_a_folder_is_a_publication(engine: Engine, path: Path, tmp_path: Path, plain_certificates: Any) -> None:
    first = public_path(path).read_text()
    folder = tmp_path / "publication"
    assert export(engine, publisher(engine, path).publish(), folder) == 0
    node = follow(folder, first, tmp_path / "copy", plain_certificates)
    node.poll()
    rotate_key(engine, path, SECRET, "p384", author="officer", now=NOW)
    with acting(engine, "officer", NOW) as act:
        add_member(act, "B", "Ad", "Name", MemberKind.STATE)
    export(engine, publisher(engine, path).publish(), folder)
    directory = node.poll()
    assert directory is not None
    assert set(directory.members) == {"A", "B"}


def test_what_went_meanwhile_is_told(engine: Engine, path: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    stamp = publisher(engine, path).publish()
    with pytest.raises(ExportFailed, match="again"):
        export(engine, replace(stamp, full=replace(stamp.full, digest="0" * 64)), tmp_path / "publication")
