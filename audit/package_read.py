"""Reading packages back: their chain, their members, and whether their leaves are those of the tree."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from esb.audit.depot import Depot, digest_of
from esb.audit.leaf import leaf_hash
from esb.audit.merkle import perfect_root
from esb.audit.notes import NoteInvalid, NoteKey, open_checkpoint
from esb.audit.package import (
    CHECKPOINT,
    MANIFEST,
    SEAL,
    TREE,
    Manifest,
    PackageInvalid,
    open_seal,
    parse_manifest,
    range_tiles,
    read_package_name,
    read_rows_name,
)
from esb.audit.tiles import HASH_BYTES, WIDTH, Place, TileMissing
from esb.audit.tree import tile_of_size, tree_root

_LARGEST_MANIFEST: Final = 64 * 1024 * 1024

Told = Callable[[int], None]
Tile = Callable[[Place, int], bytes | None]
"""A tile's hashes as they were in the tree of so many leaves."""


@dataclass(frozen=True, slots=True, order=True)
class Flaw:
    """Something that is wrong with an archive: what, in a few words, where, and more for a person."""

    what: str
    where: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """A package whose seal and manifest are the log's.

    Attributes:
        depot: where it is.
        manifest: what it holds.
        seal: the note that says so.
    """

    depot: Depot
    manifest: Manifest
    seal: bytes


def open_package(depot: Depot, name: str, key: NoteKey) -> Package:
    """Read a package's seal and manifest; its members are not looked at.

    Raises:
        PackageInvalid: it is not the log's, or is not complete.
        DepotUnavailable: the depot cannot be read now.
    """
    with TemporaryDirectory(prefix="esb-package-") as workshop:
        octets: list[bytes] = []
        for member in (SEAL, MANIFEST):
            path = depot.fetch(name, member, Path(workshop))
            if path is None:
                raise PackageInvalid(f"the package has no {member}: it was not finished, or that was taken away")
            if path.stat().st_size > _LARGEST_MANIFEST:
                raise PackageInvalid(f"the package's {member} is too long to be one")
            octets.append(path.read_bytes())
    sealed, manifest = open_seal(octets[0], key), parse_manifest(octets[1])
    if (sealed.first, sealed.end, sealed.digest, sealed.previous) != (
        manifest.first,
        manifest.end,
        manifest.digest,
        manifest.previous,
    ):
        raise PackageInvalid("the package's manifest is not the one that was sealed")
    if manifest.name != name or manifest.origin != key.name:
        raise PackageInvalid(f"the folder holds another package: {manifest.name}")
    return Package(depot, manifest, octets[0])


def find_packages(depots: Iterable[Depot], key: NoteKey) -> tuple[list[Package], list[Flaw]]:
    """Every package in some depots, in the order of their ranges, and what is wrong with the chain that they make.

    Raises:
        DepotUnavailable: a depot cannot be read now.
    """
    found: dict[int, Package] = {}
    flaws: list[Flaw] = []
    for depot in depots:
        for name in depot.packages():
            if read_package_name(name) is None:
                continue
            try:
                package = open_package(depot, name, key)
            except PackageInvalid as error:
                flaws.append(Flaw("a package of the archive cannot be believed", f"{depot.place}/{name}", str(error)))
                continue
            double = found.setdefault(package.manifest.first, package)
            if double.manifest.digest != package.manifest.digest:
                flaws.append(
                    Flaw(
                        "two packages of the archive are of one range",
                        f"{depot.place}/{name}",
                        f"{double.depot.place}/{double.manifest.name} is too",
                    )
                )
    packages = [found[first] for first in sorted(found)]
    flaws += _chain(packages)
    return packages, flaws


def _chain(packages: Sequence[Package]) -> Iterator[Flaw]:
    end, digest = 0, ""
    for package in packages:
        manifest = package.manifest
        if manifest.first > end:
            yield Flaw("a package of the archive is missing", f"leaves {end} to {manifest.first - 1}")
        elif manifest.first < end:
            yield Flaw("two packages of the archive overlap", manifest.name, f"at leaf {manifest.first}")
        elif manifest.previous != digest:
            yield Flaw(
                "the chain of packages is broken", manifest.name, "it follows upon another package than this one"
            )
        end, digest = manifest.end, manifest.digest


def verify_package(package: Package, key: NoteKey, tile: Tile | None = None, told: Told = lambda _: None) -> list[Flaw]:
    """Verify all of a package: each member's digest, each leaf against its tile, the tiles up to the signed root.

    Args:
        tile: reads the tiles of the log, where the log is at hand: they must be the same.
        told: is told up to which index its leaves were verified.

    Raises:
        DepotUnavailable: the depot cannot be read now.
    """
    manifest = package.manifest
    flaws: list[Flaw] = []
    with TemporaryDirectory(prefix="esb-package-") as name:
        workshop = Path(name)
        fetched: dict[str, Path] = {}
        for member in sorted(manifest.members, key=lambda one: read_rows_name(one.name) is not None):
            where = f"{manifest.name}/{member.name}"
            path = package.depot.fetch(manifest.name, member.name, workshop)
            if path is None:
                flaws.append(Flaw("a member of a package is missing", where))
                continue
            rows = read_rows_name(member.name)
            if path.stat().st_size != member.size or digest_of(path) != member.sha256:
                flaws.append(Flaw("a member of a package was altered", where))
            elif rows is None:
                fetched[member.name] = path
                continue
            elif TREE in fetched:
                flaws += _rows_flaws(path, where, fetched[TREE], *rows)
                told(rows[1])
            if path.parent == workshop:
                path.unlink()
        flaws += _tree_flaws(manifest, fetched, key, tile)
    return flaws


def _rows_flaws(path: Path, where: str, tree: Path, first: int, end: int) -> Iterator[Flaw]:
    with closing(open_member(path)) as rows, closing(open_member(tree)) as tiles:
        try:
            expected, hashes = first, None
            for span in rows.execute("SELECT first, record, count FROM span ORDER BY first").fetchall():
                index, number, count = map(int, span)
                if index != expected:
                    break
                expected += count
                leaves = dict(
                    rows.execute("SELECT id, leaf FROM record WHERE id >= ? AND id < ?", (number, number + count))
                )
                for at in range(count):
                    if hashes is None or (index + at) % WIDTH == 0:
                        hashes = _tile_hashes(tiles, (index + at) // WIDTH)
                    leaf = leaves.get(number + at)
                    start = (index + at) % WIDTH * HASH_BYTES
                    if leaf is None:
                        yield Flaw("a record is missing in a package", where, f"leaf {index + at}")
                    elif leaf_hash(leaf) != hashes[start : start + HASH_BYTES]:
                        yield Flaw(
                            "a record in a package is not the one that was sequenced", where, f"leaf {index + at}"
                        )
            if expected != end:
                yield Flaw("a member of a package does not hold its range", where)
        except (sqlite3.Error, ValueError, TypeError) as error:
            yield Flaw("a member of a package cannot be read", where, str(error))


def _tile_hashes(tiles: sqlite3.Connection, number: int) -> bytes:
    row = tiles.execute("SELECT hashes FROM tile WHERE level = 0 AND number = ?", (number,)).fetchone()
    return b"" if row is None else bytes(row[0])


def _tree_flaws(manifest: Manifest, fetched: dict[str, Path], key: NoteKey, tile: Tile | None) -> Iterator[Flaw]:
    where = f"{manifest.name}/{TREE}"
    if TREE not in fetched or CHECKPOINT not in fetched:
        if all(one.name not in (TREE, CHECKPOINT) for one in manifest.members):
            yield Flaw("a package has no tree or no checkpoint", manifest.name)
        return
    try:
        point, _ = open_checkpoint(fetched[CHECKPOINT].read_bytes(), key)
    except NoteInvalid as error:
        yield Flaw("a package's checkpoint cannot be believed", f"{manifest.name}/{CHECKPOINT}", str(error))
        return
    if point.size != manifest.checkpoint:
        yield Flaw("a package's checkpoint is not the one that its manifest names", manifest.name)
        return
    with closing(open_member(fetched[TREE])) as file:

        def read(place: Place) -> bytes | None:
            row = file.execute(
                "SELECT hashes FROM tile WHERE level = ? AND number = ?", (place.level, place.number)
            ).fetchone()
            return None if row is None else tile_of_size(point.size, place, bytes(row[0]))

        try:
            if tree_root(point.size, read) != point.root:
                yield Flaw("a package's tiles do not lead to the root of its checkpoint", where)
            yield from _tile_flaws(manifest, point.size, read, tile, where)
        except (sqlite3.Error, TileMissing, TypeError) as error:
            yield Flaw("a package's tiles cannot be read", where, str(error))


def _tile_flaws(
    manifest: Manifest, size: int, read: Callable[[Place], bytes | None], tile: Tile | None, where: str
) -> Iterator[Flaw]:
    for place in range_tiles(manifest.first, manifest.end, size):
        found = read(place)
        if found is None:
            yield Flaw("a package's tile is missing", where, f"{place.level}/{place.number}")
            continue
        if len(found) == WIDTH * HASH_BYTES:
            above = read(Place(place.level + 1, place.number // WIDTH))
            at = place.number % WIDTH * HASH_BYTES
            hashes = [found[start : start + HASH_BYTES] for start in range(0, len(found), HASH_BYTES)]
            if above is None or above[at : at + HASH_BYTES] != perfect_root(hashes):
                yield Flaw("a package's tile is not that of the one above it", where, f"{place.level}/{place.number}")
        if tile is not None and tile(place, size) != found:
            yield Flaw("a package's tile is not that of the log", where, f"{place.level}/{place.number}")


def open_member(path: Path) -> sqlite3.Connection:
    """Open a member that is an SQLite file, as something that nobody changes and that may be hostile."""
    file = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    with suppress(sqlite3.Error):
        file.execute("PRAGMA trusted_schema = OFF")
        file.execute("PRAGMA cell_size_check = ON")
    return file
