"""Months of the log go to an archive and leave the log, on SQLite and PostgreSQL; what is false is found."""

import hashlib
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.archives import NOW, SIGNER, a_request, archived, dropped, fill
from support.sealed import MASTERS, OPEN

from esb.audit import partitions, tree_postgres
from esb.audit.archive import Archive
from esb.audit.archiving import ArchiveRefused
from esb.audit.depot import Folder
from esb.audit.package import PackageInvalid
from esb.audit.record import WRITTEN, Outcome
from esb.audit.store import open_store, open_tree
from esb.audit.tree_reader import TreeReader
from esb.audit.walk import Report, walk


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where a log is to be; of several partitions, where it has any."""
    for module in (partitions, tree_postgres):
        monkeypatch.setattr(module, "WIDTH", 128)
    if request.param == "postgresql":
        return str(request.getfixturevalue("fresh_postgres_dsn"))
    return f"sqlite:///{tmp_path / 'evidence.db'}"


@pytest.fixture
def url(empty: str) -> str:
    """A log with records of three months, a change of the registry among them, and its tree."""
    fill(empty)
    return empty


@pytest.fixture
def depot(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "archive")


def found(report: Report) -> set[str]:
    return {one.what for one in report.findings}


def test_a_package_a_month_of_whole_tiles_chained_and_complete(url: str, depot: Folder) -> None:
    packages = archived(url, depot)
    assert [(one.month, one.first, one.end) for one in packages] == [("2026-10", 0, 256), ("2026-11", 256, 512)]
    assert [one.previous for one in packages] == ["", packages[0].digest]
    for one in packages:
        assert depot.members(one.name).keys() == {each.name for each in one.members} | {
            "manifest.json",
            "manifest.note",
        }
        for each in one.members:
            octets = (depot.path / one.name / each.name).read_bytes()
            assert (len(octets), hashlib.sha256(octets).hexdigest()) == (each.size, each.sha256)
    assert archived(url, depot) == []


def test_what_has_left_the_log_is_verified_out_of_the_archive(url: str, depot: Folder) -> None:
    packages = archived(url, depot)
    assert dropped(url, depot) == 512 - 2  # changes of the registry stay
    without = walk(url, SIGNER.key)
    assert (without.findings, without.elsewhere, without.records) == ([], 510, without.size - 510)
    assert [(one.digest, one.dropped) for one in without.packages] == [(one.digest, int(NOW)) for one in packages]
    whole = walk(url, SIGNER.key, depots=[depot])
    assert (whole.findings, whole.elsewhere, whole.records) == ([], 0, whole.size)
    assert all(one.verified for one in whole.packages)
    shared = walk(url, SIGNER.key, depots=[depot], processes=2)
    assert (shared.findings, shared.records) == ([], whole.size)


def test_a_log_goes_on_and_the_next_month_follows_upon_the_last(url: str, depot: Folder) -> None:
    first = archived(url, depot, "2026-10")
    assert dropped(url, depot, "2026-10") == 255
    store, tree = open_store(url), open_tree(url)
    store.write([a_request(int(NOW * 1_000_000), "later")])
    tree.add()
    tree.publish(SIGNER.checkpoint)
    store.close()
    tree.close()
    second = archived(url, depot)
    assert [(one.first, one.previous) for one in second] == [(256, first[0].digest)]
    assert dropped(url, depot) == 255
    assert dropped(url, depot) == 0
    assert walk(url, SIGNER.key, depots=[depot]).findings == []


def test_messages_go_on_while_a_month_leaves(url: str, depot: Folder) -> None:
    archived(url, depot)
    store, ended, written = open_store(url), threading.Event(), list[Outcome]()

    def write() -> None:
        while not ended.is_set() or len(written) < 50:
            written.extend(store.write([a_request(int(NOW * 1_000_000), f"meanwhile {len(written)}")]))

    writer = threading.Thread(target=write)
    writer.start()
    assert dropped(url, depot) == 510
    ended.set()
    writer.join()
    store.close()
    assert set(written) == {WRITTEN}
    tree = open_tree(url)
    while tree.add():
        pass
    tree.publish(SIGNER.checkpoint)
    tree.close()
    report = walk(url, SIGNER.key, depots=[depot])
    assert (report.findings, report.size) == ([], 583 + len(written))


def test_an_archive_is_taken_up_where_it_was_left(url: str, depot: Folder) -> None:
    whole = archived(url, depot)
    _change(url, "DELETE FROM package")
    for one in whole:
        folder = depot.path / one.name
        for name in ("manifest.note", "manifest.json", "tree.db"):
            (folder / name).unlink()
        (folder / "rows-x.db.part").write_bytes(b"cut off")
    kept = {path: path.stat().st_ino for path in depot.path.glob("*/rows-*.db")}
    assert archived(url, depot) == whole
    assert {path: path.stat().st_ino for path in depot.path.glob("*/rows-*.db")} == kept


def test_only_what_a_verified_archive_holds_may_leave(url: str, depot: Folder) -> None:
    with pytest.raises(ArchiveRefused, match="is archived"):
        dropped(url, depot)
    archived(url, depot, "2026-10")
    with pytest.raises(ArchiveRefused, match="is archived"):
        dropped(url, depot)
    with pytest.raises(ArchiveRefused, match="not over"):
        dropped(url, depot, "2026-12")
    with pytest.raises(ArchiveRefused, match="not over"):
        archived(url, depot, "2026-12")
    path = next(depot.path.glob("2026-10*/rows-*.db"))
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(PackageInvalid, match="altered"):
        dropped(url, depot, "2026-10")
    path.unlink()
    with pytest.raises(PackageInvalid, match="missing"):
        dropped(url, depot, "2026-10")
    assert walk(url, SIGNER.key).elsewhere == 0


def test_what_is_false_about_an_archive_is_named(url: str, depot: Folder, tmp_path: Path) -> None:
    archived(url, depot)
    dropped(url, depot)
    first, second = sorted(depot.path.iterdir())
    for member in sorted(second.iterdir()):
        octets = member.read_bytes()
        member.write_bytes(octets[:-9] + bytes([octets[-9] ^ 1]) + octets[-8:])
        report = walk(url, SIGNER.key, depots=[depot])
        assert any(second.name in one.where for one in report.findings), member.name
        member.unlink()
        report = walk(url, SIGNER.key, depots=[depot])
        assert any(second.name in one.where for one in report.findings), member.name
        member.write_bytes(octets)
    assert walk(url, SIGNER.key, depots=[depot]).findings == []
    away = tmp_path / "away"
    first.rename(away)
    assert {"a package is missing in the archive", "a package of the archive is missing"} <= found(
        walk(url, SIGNER.key, depots=[depot])
    )
    second.rename(first)  # reordered: the second under the first one's name
    assert "a package of the archive cannot be believed" in found(walk(url, SIGNER.key, depots=[depot]))


def test_what_the_log_says_of_its_packages_must_be_sealed(url: str, depot: Folder) -> None:
    """Whoever deletes rows and writes that they were archived has no seal for it."""
    archived(url, depot)
    _change(url, "DELETE FROM body WHERE id = 5")
    _change(url, "DELETE FROM record WHERE id = 5")
    assert "a record is gone" in found(walk(url, SIGNER.key, depots=[depot]))
    _change(url, "UPDATE package SET dropped = 5, seal = ?", b"no seal")
    report = walk(url, SIGNER.key)
    assert {"a record is gone", "what the log says of a package cannot be believed"} <= found(report)
    _change(url, "UPDATE package SET manifest = ?", b"{}")
    assert {"a record is gone", "what the log says of its packages cannot be read"} <= found(walk(url, SIGNER.key))


def test_sealed_messages_stay_sealed_in_packages_and_are_opened_out_of_them(empty: str, depot: Folder) -> None:
    url = empty
    fill(url, masters=MASTERS)
    archived(url, depot)
    dropped(url, depot)
    for path in depot.path.glob("*/rows-*.db"):
        assert b"<m>2026" not in path.read_bytes()
    report = walk(url, SIGNER.key, depots=[depot], masters=OPEN)
    assert (report.findings, report.records) == ([], report.size)
    reader = TreeReader(url, Archive([depot]), OPEN)
    ((_, row),) = reader.rows(3, 4)
    assert row is not None
    assert reader.bodies.open(row.record, row.key, row.message, row.sent) == (b"<m>2026-10 3</m>", b"")
    reader.close()


def _change(url: str, statement: str, *values: object) -> None:
    """Do what a person with the database's password can do."""
    if url.startswith("sqlite"):
        import sqlite3

        path = url.removeprefix("sqlite:///")
        where: Any = path.replace(".db", "-tree.db") if "package" in statement else path
        with sqlite3.connect(where) as connection:
            connection.execute(statement, values)
        connection.close()
        return
    with psycopg.connect(url, options="-c search_path=evidence") as connection:
        connection.execute(statement.replace("?", "%s").encode(), values)
