"""Archiving the log month by month, and finding out whether a month may leave it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from esb.audit.archive import Archive
from esb.audit.depot import Depot
from esb.audit.log_key import LogSigner
from esb.audit.months import month_end, months_from
from esb.audit.notes import NoteKey
from esb.audit.package import Manifest, PackageInvalid, package_name
from esb.audit.package_read import Flaw, Package, open_package, verify_package
from esb.audit.package_write import write_package
from esb.audit.raw import TABLES, RawReader
from esb.audit.shelf import Shelf
from esb.audit.tiles import WIDTH
from esb.audit.tree_reader import Kept
from esb.kernel.faults import EsbError

_MICRO: Final = 1_000_000
_PAGE: Final = 32  # rows compared at a time: each may have messages of many megabytes
_REST: Final = 3 * 86_400
"""Seconds after its end that a month stays in the log: quotas of its last day, messages still on their way, and their
ids, which are remembered for two days."""

Told = Callable[[str, int, int, int], None]
"""Is told of which package which part is done: its name, first leaf, the leaf up to which it is done, and its end."""


class ArchiveRefused(EsbError):
    """A month cannot be archived or dropped now; the text says why and what to do."""


def archive_until(
    url: str,
    depot: Depot,
    signer: LogSigner,
    until: str,
    now: float,
    told: Told = lambda *_: None,
    made: Callable[[Manifest], None] = lambda _: None,
) -> Iterator[Manifest]:
    """Archive every month up to ``until`` that is not archived yet, a package each, read back and verified.

    A month's package ends with the last whole tile before the month's end: up to 255 records go with the next month's.
    What an earlier attempt left unfinished is taken up where it ended.

    Args:
        depot: where the packages go.
        until: the last month, ``YYYY-MM``; it must be over.
        now: Unix seconds.
        made: is told of each verified package before it is written down; once more if that is then not reached.

    Yields:
        Each package's manifest, once it is verified and written down in the log's place.

    Raises:
        MonthInvalid, ArchiveRefused: there is no such month, it is not over, or no checkpoint covers it yet.
        PackageInvalid: what was read back is not what was written.
        DepotUnavailable, StoreUnavailable, TreeDamaged: a place cannot be used, or the log is not whole.
    """
    if month_end(until) > now * _MICRO:
        raise ArchiveRefused(f"{until} is not over (UTC): archive up to an earlier month")
    reader = RawReader(url)
    try:
        kept = reader.packages()
        first, previous = (kept[-1].manifest.end, kept[-1].manifest.digest) if kept else (0, "")
        moment = reader.moment(first)
        for month in [] if moment is None else months_from(moment, until):
            end = reader.first_since(month_end(month), first) // WIDTH * WIDTH
            if end <= first:
                continue
            manifest, seal = _archive(reader, depot, signer, month, first, end, previous, told)
            made(manifest)
            Shelf(url).add(manifest, seal, depot.place, int(now))
            yield manifest
            first, previous = manifest.end, manifest.digest
    finally:
        reader.close()


def _archive(
    reader: RawReader,
    depot: Depot,
    signer: LogSigner,
    month: str,
    first: int,
    end: int,
    previous: str,
    told: Told,
) -> tuple[Manifest, bytes]:
    point = reader.covering(end)
    if point is None:
        raise ArchiveRefused(f"no checkpoint covers all of {month} yet: a serving bus signs one within seconds")
    name = package_name(month, first, end)
    with TemporaryDirectory(prefix="esb-package-") as workshop:
        manifest, seal = write_package(
            reader,
            depot,
            signer,
            month=month,
            first=first,
            end=end,
            previous=previous,
            point=point,
            workshop=Path(workshop),
            # Half of the way is reading back.
            told=lambda at: told(name, first, first + (at - first) // 2, end),
        )
    package = open_package(depot, name, signer.key)
    flaws = verify_package(package, signer.key, reader.tile, lambda at: told(name, first, (at + end) // 2, end))
    flaws += _unlike(reader, depot, first, end)
    if flaws or package.manifest != manifest:
        first_flaw = str(min(flaws).what) if flaws else "its manifest is another"
        raise PackageInvalid(
            f"package {name} in {depot.place} was read back and is not what was written ({first_flaw}): "
            "move its folder away and archive again; the log still holds everything"
        )
    return manifest, seal


def _unlike(reader: RawReader, depot: Depot, first: int, end: int) -> Iterator[Flaw]:
    """Hold every row of a package against the log's own, column by column."""
    archive = Archive([depot])
    try:
        for table in TABLES:
            select = reader.select(table)
            names = ", ".join(f'record."{name}"' for name, _ in reader.columns(table))
            there = f"SELECT {names} FROM {table} AS record"  # noqa: S608  # our own names
            for span in reader.numbers(first, end):
                for at in range(0, span.count, _PAGE):
                    count = min(_PAGE, span.count - at)
                    low = span.record + at
                    if reader.raw(select, low, low + count) != archive.rows(there, span.index + at, low, count):
                        yield Flaw("a row in a package is not that of the log", f"leaf {span.index + at}")
    finally:
        archive.close()


def droppable(reader: RawReader, until: str, now: float) -> list[Kept]:
    """The packages whose records may leave the log, oldest first; those that began to leave it are among them.

    Args:
        until: the last month, ``YYYY-MM``.
        now: Unix seconds.

    Raises:
        MonthInvalid, ArchiveRefused: there is no such month, it is over since less than three days, or not all of it is
            archived.
        PackageInvalid: an entry of the log about its packages cannot be read.
    """
    limit = month_end(until)
    if limit + _REST * _MICRO > now * _MICRO:
        raise ArchiveRefused(
            f"{until} is not over for three days yet (UTC), and the log needs it: drop up to an earlier month"
        )
    kept = [each for each in reader.packages() if each.manifest.month <= until]
    end = kept[-1].manifest.end if kept else 0
    if reader.first_since(limit, end) // WIDTH * WIDTH > end:
        raise ArchiveRefused(
            f"not all of the log up to {until} is archived; first: esb log archive --until {until} --to PLACE"
        )
    return kept


def verified(kept: Kept, depot: Depot, key: NoteKey, reader: RawReader, told: Told = lambda *_: None) -> Package:
    """Verify that a depot holds a package as the log knows it, all of it.

    Raises:
        PackageInvalid: it does not; nothing of its range may be dropped.
        DepotUnavailable: the depot cannot be read now.
    """
    manifest = kept.manifest
    package = open_package(depot, manifest.name, key)
    if package.manifest.digest != manifest.digest:
        raise PackageInvalid(f"{depot.place}/{manifest.name} is another package than the one that was archived")
    flaws = verify_package(package, key, reader.tile, lambda at: told(manifest.name, manifest.first, at, manifest.end))
    if flaws:
        first = min(flaws)
        raise PackageInvalid(f"{first.what}: {first.where}. Nothing of {manifest.name} was dropped")
    return package
