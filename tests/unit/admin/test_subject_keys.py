"""The keys of pseudonyms: made once, opened when they are needed, and none is forgotten when there is another."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from support.rig import Rig

from esb.admin.subject_keys import SubjectKeys, epochs, make_first_key, open_every_key, rotate_key
from esb.certs.keys import KeyUnusable, WrongPassphrase, generate_key, store_key
from esb.kernel.directory import Directory
from esb.kernel.subjects import SubjectPath, SubjectPaths
from esb.registry.acts import list_changes
from esb.registry.database import open_database, reading

PASSPHRASE = b"correct horse"
FIN = "5ABC123"


def naming(directory: Directory) -> Directory:
    """The directory with a service whose messages name persons."""
    path, service = next(iter(directory.services.items()))
    element, operation = next(iter(service.operations.items()))
    named = replace(operation, subjects=SubjectPaths((SubjectPath((element, "fin")),)))
    told = replace(service, operations=MappingProxyType({**service.operations, element: named}))
    return replace(directory, services=MappingProxyType({path: told}))


def test_opened_where_a_service_names_persons_and_changed_with_the_epoch(tmp_path: Path, sqlite_database: str) -> None:
    folder = tmp_path / "keys" / "subjects"
    directory = Rig().directory()
    serving = SubjectKeys(folder, PASSPHRASE)
    serving.ready(directory)
    assert (serving.pseudonyms, epochs(folder)) == (None, [])
    serving.ready(naming(directory))
    assert serving.pseudonyms is not None
    assert (epochs(folder), folder.stat().st_mode & 0o777) == ([1], 0o700)
    first = serving.pseudonyms.of(FIN)
    engine = open_database(sqlite_database)
    assert rotate_key(engine, folder, PASSPHRASE, author="a", now=1.0) == 2
    with reading(engine) as session:
        assert [(row.act, row.kind, row.key) for row in list_changes(session)] == [("make", "key", "subjects-2")]
    engine.dispose()
    serving.ready(naming(directory))
    second = serving.pseudonyms.of(FIN)
    assert second != first
    assert open_every_key(folder, PASSPHRASE).every(FIN) == (second, first)


def test_the_first_key_is_made_once(tmp_path: Path) -> None:
    make_first_key(tmp_path, PASSPHRASE)
    made = (tmp_path / "1.key").read_bytes()
    make_first_key(tmp_path, PASSPHRASE)
    assert (epochs(tmp_path), (tmp_path / "1.key").read_bytes()) == ([1], made)


def test_what_is_no_key_of_pseudonyms(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="named persons"):
        open_every_key(tmp_path, PASSPHRASE)
    store_key(generate_key("p256"), tmp_path / "1.key", PASSPHRASE)
    (tmp_path / "notes.txt").write_text("not one of them")
    with pytest.raises(KeyUnusable, match="no Ed25519 key"):
        open_every_key(tmp_path, PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        SubjectKeys(tmp_path, b"wrong").ready(naming(Rig().directory()))
