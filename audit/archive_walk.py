"""The walk over a log's archive: is each package sealed, whole, chained to the one before, and known to the log?"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from esb.audit.archive_attested import Vouchers, package_attested
from esb.audit.attested import Attested
from esb.audit.depot import Depot
from esb.audit.examine import Finding
from esb.audit.notes import NoteKey
from esb.audit.package import Manifest, PackageInvalid, open_seal
from esb.audit.package_read import Flaw, Package, find_packages, verify_package
from esb.audit.tree import TreeDamaged
from esb.audit.tree_reader import Kept, TreeReader

_NOBODY: Final = Vouchers()


@dataclass(frozen=True, slots=True)
class Archived:
    """A package of the log, for a report.

    Attributes:
        name: of its folder.
        first, end: indices of its first leaf and behind its last.
        digest: of its manifest, hex.
        place: where it is, or was put.
        dropped: since when its records have left the log, Unix seconds; None while they are in it.
        verified: whether it was verified here, all of it.
        stamps, cosignatures: how many of those that it encloses were verified.
    """

    name: str
    first: int
    end: int
    digest: str
    place: str
    dropped: int | None
    verified: bool
    stamps: int = 0
    cosignatures: int = 0


def walk_archive(
    reader: TreeReader, key: NoteKey, depots: Sequence[Depot], vouchers: Vouchers = _NOBODY
) -> tuple[tuple[Archived, ...], list[Finding]]:
    """Verify every package that some depots hold, and hold them against what the log knows of its packages.

    Without a depot only the latter is looked at: that the log's key has sealed it, and that it is one chain.

    Args:
        key: the log's public key.
        vouchers: whose time-stamps and cosignatures in packages are verified.

    Returns:
        The packages that can be believed, in their order, and what is wrong.

    Raises:
        DepotUnavailable, StoreUnavailable: a place cannot be read.
    """
    found: dict[int, Archived] = {}
    findings: list[Finding] = []
    try:
        kept = reader.packages()
    except PackageInvalid as error:
        return (), [Finding("what the log says of its packages cannot be read", "its table package", str(error))]
    for each in kept:
        if problem := seal_problem(each, key):
            findings.append(Finding("what the log says of a package cannot be believed", each.manifest.name, problem))
        else:
            found[each.manifest.first] = _archived(each.manifest, each.place, each.dropped, False)
    findings += _gaps([each.manifest for each in kept])
    if not depots:
        return tuple(found[first] for first in sorted(found)), findings
    packages, flaws = find_packages(depots, key)
    findings += [Finding(one.what, one.where, one.detail) for one in flaws]
    for package in packages:
        findings += _package(reader, key, package, found, vouchers)
    for one in found.values():
        if all(package.manifest.first != one.first for package in packages):
            findings.append(Finding("a package is missing in the archive", one.name, f"the log put it to {one.place}"))
    return tuple(found[first] for first in sorted(found)), findings


def _package(
    reader: TreeReader, key: NoteKey, package: Package, found: dict[int, Archived], vouchers: Vouchers
) -> Iterator[Finding]:
    manifest = package.manifest
    known = found.get(manifest.first)
    if known is not None and known.digest != manifest.digest:
        yield Finding(
            "a package of the archive is not the one that the log made", f"{package.depot.place}/{manifest.name}"
        )
    flaws = verify_package(package, key, reader.tile)
    yield from (Finding(one.what, one.where, one.detail) for one in flaws)
    count = Attested()
    if not flaws:  # else it may hold somebody else's words, and is named already
        made = None
        with suppress(TreeDamaged):  # which the walk over the log tells
            made = reader.made_at(manifest.end - 1)
        false = list(package_attested(package, key, vouchers, made, count))
        yield from false
        flaws += [Flaw(one.what, one.where, one.detail) for one in false]
    if known is None or known.digest == manifest.digest:
        dropped = None if known is None else known.dropped
        archived = _archived(manifest, package.depot.place, dropped, not flaws)
        found[manifest.first] = replace(archived, stamps=count.stamps, cosignatures=count.cosignatures)


def _archived(manifest: Manifest, place: str, dropped: int | None, verified: bool) -> Archived:
    return Archived(manifest.name, manifest.first, manifest.end, manifest.digest, place, dropped, verified)


def seal_problem(kept: Kept, key: NoteKey) -> str:
    """Why what the log says of a package cannot be believed; "" where the log's key has sealed it."""
    try:
        sealed = open_seal(kept.seal, key)
    except PackageInvalid as error:
        return str(error)
    manifest = kept.manifest
    signed = (sealed.first, sealed.end, sealed.digest, sealed.previous)
    if signed != (manifest.first, manifest.end, manifest.digest, manifest.previous):
        return "its manifest is not the one that was sealed"
    return ""


def _gaps(manifests: Sequence[Manifest]) -> Iterator[Finding]:
    end, digest = 0, ""
    for manifest in manifests:
        if manifest.first != end or manifest.previous != digest:
            yield Finding("the log's own list of packages is no chain", manifest.name)
        end, digest = manifest.end, manifest.digest
