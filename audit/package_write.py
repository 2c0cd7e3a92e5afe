"""Writing a package: rows and tiles of a range into a depot, in bounded memory, and taken up again after a kill."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from esb.audit import sqlite
from esb.audit.depot import Depot, digest_of
from esb.audit.log_key import LogSigner
from esb.audit.package import (
    CHECKPOINT,
    MANIFEST,
    SEAL,
    TREE,
    Manifest,
    Member,
    package_name,
    range_tiles,
    read_rows_name,
    rows_name,
    seal,
    stamp_name,
)
from esb.audit.raw import TABLES, RawReader
from esb.audit.tiles import WIDTH, Place, last_tiles
from esb.audit.tree import TreeDamaged, tree_root
from esb.audit.tree_reader import Published

_LEAVES: Final = 16 * WIDTH  # in one file of rows: as many as a walk over the log takes at a time
_BYTES: Final = 64 * 1024 * 1024  # after so many a file of rows ends with the next whole tile
_PAGE: Final = 32  # rows in memory at a time: each may have messages of many megabytes
_EXTRA: Final = ("CREATE TABLE span (first INTEGER PRIMARY KEY, record INTEGER NOT NULL, count INTEGER NOT NULL)",)
_TILES: Final = (
    "CREATE TABLE tile (level INTEGER NOT NULL, number INTEGER NOT NULL, hashes BLOB NOT NULL, "
    "PRIMARY KEY (level, number)) WITHOUT ROWID",
)

Told = Callable[[int], None]
"""Is told up to which index the range is in the package."""


def write_package(
    reader: RawReader,
    depot: Depot,
    signer: LogSigner,
    *,
    month: str,
    first: int,
    end: int,
    previous: str,
    point: Published,
    workshop: Path,
    told: Told = lambda _: None,
) -> tuple[Manifest, bytes]:
    """Write a package; what an earlier attempt has finished of it is taken as it is.

    Whoever goes on to rely on it verifies it first (:func:`esb.audit.package_read.verify_package`).

    Args:
        point: the checkpoint that covers the range.
        previous: digest of the package before; "" for the first.
        workshop: a folder for files on their way.

    Returns:
        The manifest, and its seal.

    Raises:
        TreeDamaged: a record of the range is gone from the log.
        DepotUnavailable, StoreUnavailable: the depot or the log cannot be used now.
    """
    package = package_name(month, first, end)
    there = {found: name for name in depot.members(package) if (found := read_rows_name(name)) is not None}
    ends = {start: stop for start, stop in there if stop <= end}
    members: list[Member] = []
    at = first
    while at < end:
        stop = ends.get(at)
        if stop is None:
            path = workshop / "rows.db"
            stop = _write_rows(reader, at, end, path)
            members.append(_put(depot, package, rows_name(at, stop), path))
        else:
            members.append(_present(depot, package, rows_name(at, stop), workshop))
        at = stop
        told(at)
    path = workshop / TREE
    _write_tree(reader, first, end, point, path)
    members.append(_put(depot, package, TREE, path))
    members += _put_notes(reader, depot, package, point, workshop)
    manifest = Manifest(
        signer.origin,
        month,
        first,
        end,
        reader.moment(first) or 0,
        reader.moment(end - 1) or 0,
        point.size,
        previous,
        tuple(sorted(members, key=lambda one: one.name)),
    )
    note = seal(manifest, signer)
    for name, octets in ((MANIFEST, manifest.octets()), (SEAL, note)):
        path = workshop / name
        path.write_bytes(octets)
        _put(depot, package, name, path)
    return manifest, note


def _put(depot: Depot, package: str, name: str, path: Path) -> Member:
    member = Member(name, path.stat().st_size, digest_of(path))
    depot.put(package, name, path)
    path.unlink()
    return member


def _present(depot: Depot, package: str, name: str, workshop: Path) -> Member:
    path = depot.fetch(package, name, workshop)
    if path is None:
        raise TreeDamaged(f"{name} of package {package} vanished while it was written: archive again")
    member = Member(name, path.stat().st_size, digest_of(path))
    if path.parent == workshop:
        path.unlink()
    return member


def _put_notes(reader: RawReader, depot: Depot, package: str, point: Published, workshop: Path) -> Iterable[Member]:
    lines = "".join(reader.cosignatures(point.size).values())
    tokens = {stamp_name(number): stamp.token for number, stamp in enumerate(reader.stamps(point.size))}
    for name, octets in {CHECKPOINT: point.note + lines.encode(), **tokens}.items():
        path = workshop / name
        path.write_bytes(octets)
        yield _put(depot, package, name, path)


def _write_rows(reader: RawReader, start: int, end: int, path: Path) -> int:
    """Write a file of rows from index ``start`` on; returns the index where it ends, at the end of a tile."""
    selects = {table: reader.select(table) for table in TABLES}
    columns = {table: reader.columns(table) for table in TABLES}
    with closing(_new_file(path, [*(_table(table, columns[table]) for table in TABLES), *_EXTRA])) as file:
        size = 0
        for at in range(start, min(end, start + _LEAVES), WIDTH):
            for span in reader.numbers(at, at + WIDTH):
                file.execute("INSERT INTO span VALUES (?, ?, ?)", (span.index, span.record, span.count))
                for low in range(span.record, span.record + span.count, _PAGE):
                    high = min(low + _PAGE, span.record + span.count)
                    for table in TABLES:
                        rows = reader.raw(selects[table], low, high)
                        if table == "record" and len(rows) != high - low:
                            raise TreeDamaged(
                                f"a record between leaf {at} and leaf {at + WIDTH} is gone from the log: "
                                "run esb log verify"
                            )
                        marks = ", ".join("?" * len(columns[table]))
                        file.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608  # our own names
                        size += sum(len(value) for row in rows for value in row if isinstance(value, bytes))
            start = at + WIDTH
            if size >= _BYTES:
                break
        # By name, for whoever looks for one record in an archive.
        file.execute("CREATE UNIQUE INDEX record_name ON record (record)")
        file.execute("COMMIT")
    return start


def _write_tree(reader: RawReader, first: int, end: int, point: Published, path: Path) -> None:
    """Write the tiles of a range and those above them, up to the root of the checkpoint's tree."""
    with closing(_new_file(path, _TILES)) as file:

        def keep(place: Place) -> bytes | None:
            tile = reader.tile(place, point.size)
            if tile is not None:
                file.execute("INSERT OR IGNORE INTO tile VALUES (?, ?, ?)", (place.level, place.number, tile))
            return tile

        for place in range_tiles(first, end, point.size):
            keep(place)
        for place in last_tiles(point.size):
            keep(place)
        if tree_root(point.size, keep) != point.root:
            raise TreeDamaged(f"the root of checkpoint {point.size} is not that of the tree: run esb log verify")
        file.execute("COMMIT")


def _table(table: str, columns: list[tuple[str, str]]) -> str:
    texts = [f'"{name}" {kind}' + (" PRIMARY KEY" if name == "id" else "") for name, kind in columns]
    return f"CREATE TABLE {table} ({', '.join(texts)})"


def _new_file(path: Path, statements: Iterable[str]) -> sqlite3.Connection:
    """A file that is written once and then only read; the depot makes it durable."""
    path.unlink(missing_ok=True)
    sqlite.make_closed(path)
    file: sqlite3.Connection = sqlite3.connect(path, isolation_level=None)
    settings: tuple[Any, ...] = ("page_size = 16384", "journal_mode = OFF", "synchronous = OFF")
    # By the log's own version whoever reads this later knows what its tables mean.
    settings += (f"user_version = {sqlite.SCHEMA_VERSION}",)
    for setting in settings:
        file.execute(f"PRAGMA {setting}")
    file.execute("BEGIN")
    for statement in statements:
        file.execute(statement)
    return file
