"""Exporting records of the evidence log: their facts, never their messages, as an operator's act on record.

What is exported names officers, cases and persons' pseudonyms, so the act says why, what was asked for, and the digest
of what came of it.  The file appears under its name whole, after the act, or not at all.
"""

import csv
import errno
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import Engine

from esb.audit.entry import Entry
from esb.audit.past import Away
from esb.audit.query import Query
from esb.audit.search import Found, Searcher
from esb.kernel.faults import EsbError
from esb.registry.acts import acting
from esb.registry.checks import lawful_text

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH: Final = 5_000
_NUMBERS: Final = frozenset({"number", "grant", "duration_us", "provider_us", "unnamed"})
# Spreadsheets take a cell that begins so for a formula (OWASP, CSV injection), the wide forms of these signs too; a
# text with an apostrophe of its own gets one more, so that the first can always be taken away again.
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠'")

COLUMNS: Final = ("number", *(field.name for field in fields(Entry)), "leaf_hash")
"""An export's columns, one record a row: its number in the log, the leaf's facts, and the leaf hash in hex."""


class ExportImpossible(EsbError):
    """The export cannot be written; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported.

    Attributes:
        records: how many.
        sha256: of the file, hex.
        damaged: names of records that cannot be read and were left out.
        gone: how many records that may fit have left the log.
        away: what has left the log of the time asked for and is not in the file; the act says so too.
    """

    records: int
    sha256: str
    damaged: tuple[str, ...]
    gone: int
    away: tuple[Away, ...] = ()


def export_log(
    engine: Engine,
    searcher: Searcher,
    query: Query,
    path: Path,
    form: str,
    *,
    reason: str,
    author: str,
    now: float,
    told: Callable[[int, int], None] = lambda _done, _of: None,
) -> Exported:
    """Write every record that fits into a new file, the oldest first, and put the act on record.

    Args:
        searcher: of the log; whoever made it closes it.
        form: a name of :data:`FORMS`.
        reason: why, for the record of the act.
        now: Unix seconds.
        told: is told the number of the last record that was written, and of the log's newest.

    Raises:
        ExportImpossible: the file is there already or cannot be written, or what writes its form is not installed.
        Invalid: the reason is empty.
        StoreUnavailable, IndexUnfit: the log cannot be searched.
        RegistryUnavailable: the act cannot be put on record, and there is no file.
    """
    reason = lawful_text(reason, "reason")
    if path.exists():
        raise ExportImpossible(f"{path} exists and is not overwritten: choose another name")
    newest = searcher.reach().newest
    count = 0

    def found() -> Iterator[Found]:
        nonlocal count
        for each in searcher.every(query, oldest_first=True):
            count += 1
            if not count % _BATCH:
                told(each.number, newest)
            yield each

    with _appearing(path) as (file, appear):
        FORMS[form](file, found())
        told(newest, newest)
        digest = _digest(file)
        away = searcher.away(query)
        exported = Exported(count, digest, tuple(searcher.damaged), searcher.gone, away)
        with acting(engine, author, now) as act:
            detail: dict[str, Any] = {
                "reason": reason,
                "format": form,
                "records": count,
                "sha256": digest,
                "query": query.facts(),
            }
            if away:
                detail["not_in_it"] = [each.package for each in away]
            act.record("export", "evidence", "log", detail)
        appear()
    return exported


def row(found: Found) -> dict[str, Any]:
    """A record's facts under :data:`COLUMNS`, its time as one."""
    facts = {
        **asdict(found.entry),
        "kind": found.entry.kind.value,
        "at": _EPOCH + timedelta(microseconds=found.entry.at),
    }
    return {"number": found.number, **facts, "leaf_hash": found.leaf_hash.hex()}


def _written(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value


def _json_lines(file: BinaryIO, found: Iterable[Found]) -> None:
    """JSON Lines (jsonlines.org): an object a line, every column in it, UTF-8."""
    for each in found:
        values = {name: _written(value) for name, value in row(each).items()}
        file.write(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def _csv(file: BinaryIO, found: Iterable[Found]) -> None:
    """CSV of RFC 4180 with a header, UTF-8; no cell is a formula."""
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in found:
        values = row(each)
        writer.writerow([_harmless(_written(values[name])) for name in COLUMNS])
    text.detach()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _parquet(file: BinaryIO, found: Iterable[Found]) -> None:
    """Apache Parquet: times as UTC microseconds, numbers as 64-bit integers, all else as text."""
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise ExportImpossible(
            "Parquet is written by pyarrow, which is not installed: pip install 'shluz[parquet]', or take jsonl or csv"
        ) from None
    kinds = {name: arrow.int64() if name in _NUMBERS else arrow.string() for name in COLUMNS}
    kinds["at"] = arrow.timestamp("us", tz="UTC")
    schema = arrow.schema(list(kinds.items()))
    records = iter(found)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while rows := [row(each) for each in islice(records, _BATCH)]:
            writer.write_table(arrow.Table.from_pylist(rows, schema=schema))


FORMS: Final[dict[str, Callable[[BinaryIO, Iterable[Found]], None]]] = {
    "jsonl": _json_lines,
    "csv": _csv,
    "parquet": _parquet,
}
"""What writes records into a file, by the form's name."""


@contextmanager
def _appearing(path: Path) -> Iterator[tuple[BinaryIO, Callable[[], None]]]:
    """A file without a name, readable by its owner alone, and what gives it its name once it is whole.

    Without a name (O_TMPFILE of open(2)) it goes with this process, however that ends.
    """
    try:
        file, name = _nameless(path.parent)
    except OSError as error:
        raise ExportImpossible(f"{path} cannot be written: {error.strerror}") from error
    with file:

        def appear() -> None:
            file.flush()
            os.fsync(file.fileno())
            # A descriptor, which an absolute name has no use for, makes it linkat(2), which alone follows the name.
            os.link(name, path, src_dir_fd=file.fileno(), follow_symlinks=True)

        try:
            yield file, appear
        except OSError as error:
            raise ExportImpossible(f"{path} cannot be written: {error.strerror}") from error


def _nameless(folder: Path) -> tuple[Any, str]:
    """A new file, and by what it can be linked."""
    try:
        handle = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR):
            raise
        # As on a network's file system.  Closing it, which the caller does, takes the name away.
        file = tempfile.NamedTemporaryFile(dir=folder, prefix=".export-")  # noqa: SIM115
        return file, file.name
    return os.fdopen(handle, "w+b"), f"/proc/self/fd/{handle}"


def _digest(file: BinaryIO) -> str:
    file.flush()
    file.seek(0)
    digest = hashlib.sha256()
    while some := file.read(1 << 20):
        digest.update(some)
    return digest.hexdigest()
