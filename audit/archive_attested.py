"""What a package of the archive encloses of others' words about its checkpoint: time-stamps, and cosignatures."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from esb.audit.attested import CLOCKS, Attested, StampJudge, is_witnessed
from esb.audit.examine import Finding
from esb.audit.notes import Note, NoteInvalid, NoteKey, parse_note
from esb.audit.package import CHECKPOINT, Member, is_stamp_name
from esb.audit.package_read import Package
from esb.kernel.faults import EsbError


@dataclass(frozen=True, slots=True)
class Vouchers:
    """Whose words about checkpoints are verified.

    Attributes:
        judge: verifies time-stamps; None to leave them.
        witnesses: keys of those whose cosignatures are verified.
    """

    judge: StampJudge | None = None
    witnesses: tuple[NoteKey, ...] = field(default=())


def package_attested(
    package: Package, log: NoteKey, vouchers: Vouchers, made: int | None, count: Attested
) -> Iterator[Finding]:
    """Verify the time-stamps and cosignatures in a package whose members are those of its manifest.

    Args:
        log: the log's public key.
        made: when the package's last record was made, microseconds since the Unix epoch; None where that is not known.
        count: is told how many were verified.

    Raises:
        DepotUnavailable: the depot cannot be read now.
    """
    manifest = package.manifest
    wanted = [each for each in manifest.members if each.name == CHECKPOINT or is_stamp_name(each.name)]
    octets = dict(_fetched(package, wanted))
    try:
        note = parse_note(octets.pop(CHECKPOINT, b""))
    except NoteInvalid:
        return  # whoever verifies the package says so
    own = Note(note.text, tuple(each for each in note.signatures if (each.name, each.key_id) == (log.name, log.id)))
    if vouchers.judge is not None:
        for name, token in octets.items():
            count.stamps += 1
            yield from _stamp(f"{manifest.name}/{name}", token, own.octets(), made or 0, vouchers.judge)
    keys = {(key.name, key.id): key for key in vouchers.witnesses}
    for signature in note.signatures:
        if signature in own.signatures:
            continue
        try:
            count.cosignatures += is_witnessed(note.text, signature, keys)
        except NoteInvalid as error:
            where = f"{signature.name} on {manifest.name}/{CHECKPOINT}"
            yield Finding("a cosignature in a package cannot be believed", where, str(error))


def _fetched(package: Package, members: Iterable[Member]) -> Iterator[tuple[str, bytes]]:
    with TemporaryDirectory(prefix="esb-package-") as workshop:
        for member in members:
            path = package.depot.fetch(package.manifest.name, member.name, Path(workshop))
            if path is not None:
                yield member.name, path.read_bytes()


def _stamp(where: str, token: bytes, note: bytes, made: int, judge: StampJudge) -> Iterator[Finding]:
    try:
        at, accuracy = judge(token, note)
    except EsbError as error:
        yield Finding("a time-stamp in a package cannot be believed", where, str(error))
        return
    if made > at + accuracy + CLOCKS:
        yield Finding("a record in a package says that it was made after it was time-stamped", where)
