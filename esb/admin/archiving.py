"""Archiving the evidence log and letting archived months go: both are acts on record, with the packages' digests."""

from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Engine

from esb.admin.recording import Recorder
from esb.audit.archiving import Told, archive_until, droppable, verified
from esb.audit.depot import Depot, Folder
from esb.audit.depot_s3 import SCHEME, S3Access, S3Depot, split_place
from esb.audit.dropping import drop_rows
from esb.audit.log_key import LogSigner
from esb.audit.notes import NoteKey
from esb.audit.package import Manifest
from esb.audit.raw import RawReader
from esb.audit.shelf import Shelf
from esb.audit.tree_reader import Kept
from esb.kernel.faults import EsbError
from esb.registry.acts import acting

Clock = Callable[[], float]


class PlaceUnknown(EsbError):
    """A text names no place for packages, or what it takes to reach it is not set."""


def depot_at(place: str, access: Callable[[], S3Access]) -> Depot:
    """The place for packages that a person names: a folder, or ``s3://BUCKET/PREFIX``.

    Args:
        access: how the object store is reached; asked only for one.

    Raises:
        PlaceUnknown: it is none.
    """
    if not place:
        raise PlaceUnknown("Say where the archive is: with the command, or as archive.place in the settings.")
    if not place.startswith(SCHEME):
        if "://" in place:
            raise PlaceUnknown(f"An archive is a folder or {SCHEME}BUCKET/PREFIX.")
        return Folder(Path(place).absolute())
    bucket, prefix = split_place(place)
    if not bucket:
        raise PlaceUnknown(f"An archive in an object store is {SCHEME}BUCKET/PREFIX.")
    return S3Depot(access(), bucket, prefix)


def archive(
    engine: Engine,
    url: str,
    depot: Depot,
    signer: LogSigner,
    until: str,
    *,
    author: str,
    clock: Clock,
    told: Told = lambda *_: None,
) -> Iterator[Manifest]:
    """Archive every month up to ``until`` that is not archived yet; see :func:`~esb.audit.archiving.archive_until`.

    Each package becomes an act on record, ``archive`` of ``evidence``, once it is verified where it lies.

    Args:
        url: of the log.
        clock: tells Unix seconds.
    """

    def record(manifest: Manifest) -> None:
        with acting(engine, author, clock()) as act:
            act.record("archive", "evidence", manifest.name, {**_facts(manifest), "place": depot.place})

    yield from archive_until(url, depot, signer, until, clock(), told, record)


def droppable_until(url: str, until: str, now: float) -> list[Kept]:
    """The packages whose records may leave the log; see :func:`~esb.audit.archiving.droppable`."""
    reader = RawReader(url)
    try:
        return droppable(reader, until, now)
    finally:
        reader.close()


def drop(
    engine: Engine,
    url: str,
    depot: Depot,
    key: NoteKey,
    kept: Kept,
    *,
    author: str,
    clock: Clock,
    told: Told = lambda *_: None,
) -> int:
    """Delete a package's records from the log, after all of the package was verified where it lies.

    The act, ``drop`` of ``evidence``, is on record before the first record is gone.  Called again after a kill, it
    goes on.

    Args:
        key: the log's public key.
        kept: the package, by :func:`droppable_until`.

    Returns:
        How many records were deleted now.

    Raises:
        PackageInvalid: the depot does not hold it whole; nothing was deleted.
        DepotUnavailable, StoreUnavailable: a place cannot be used now.
    """
    manifest = kept.manifest
    reader = RawReader(url)
    try:
        verified(kept, depot, key, reader, told)
        if kept.dropped is None:
            with acting(engine, author, clock()) as act:
                act.record("drop", "evidence", manifest.name, {**_facts(manifest), "place": depot.place})
            recorder = Recorder(engine, url)
            try:
                recorder.catch_up()
            finally:
                recorder.close()
            Shelf(url).dropping(manifest.first, int(clock()))
        spans = reader.numbers(manifest.first, manifest.end)
        return drop_rows(url, spans, lambda at: told(manifest.name, manifest.first, at, manifest.end))
    finally:
        reader.close()


def _facts(manifest: Manifest) -> dict[str, object]:
    return {
        "month": manifest.month,
        "first": manifest.first,
        "end": manifest.end,
        "digest": manifest.digest,
        "checkpoint": manifest.checkpoint,
    }
