"""Packages of the evidence log: what leaves it for an archive, sealed with the log's key and chained to one another.

A package holds a range of whole tiles of leaves, in a folder (or under a prefix of an object store) of its own:

- ``rows-FIRST-END.db``: SQLite files with the rows of the log as they stand there, messages included, and ``span``,
  which says what number the record of an index has;
- ``tree.db``: the range's tiles and those above them, up to the root of the checkpoint;
- ``checkpoint``: the signed note that covers the range, with its witnesses' signatures; ``stamp-N.tst``: its
  time-stamps (RFC 3161), each over the note as the log alone has signed it;
- ``manifest.json``: size and SHA-256 of each of those, and the digest of the manifest of the package before;
- ``manifest.note``: a signed note (c2sp.org/signed-note) over the manifest's digest.  It is written last.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from esb.audit.log_key import LogSigner
from esb.audit.notes import Note, NoteInvalid, NoteKey, parse_note, sign_note, verified_by
from esb.audit.tiles import HEIGHT, WIDTH, Place, width_at
from esb.kernel.faults import EsbError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SEAL: Final = "manifest.note"
TREE: Final = "tree.db"
CHECKPOINT: Final = "checkpoint"

_NAME: Final = re.compile(r"(\d{4}-\d{2})-(\d{12})-(\d{12})")
_ROWS: Final = re.compile(r"rows-(\d{12})-(\d{12})\.db")
_STAMP: Final = re.compile(r"stamp-\d+\.tst")
_MEMBER: Final = re.compile(r"[a-z0-9-]+(\.[a-z]+)?")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SEAL: Final = re.compile(
    r"(?P<origin>[^\n]+)\nevidence package 1\nleaves (?P<first>\d{1,12}) (?P<end>\d{1,12})\n"
    r"manifest (?P<digest>[0-9a-f]{64})\nprevious (?P<previous>[0-9a-f]{64}|none)\n"
)


class PackageInvalid(EsbError):
    """What is said to be a package of the evidence log is not one, or nobody who counts has sealed it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a package: its name, its octets' number and their SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a package holds.

    Attributes:
        origin: the log's name.
        month: ``YYYY-MM`` (UTC) that its records are of; a few beside the month's borders may be of the next one.
        first, end: indices in the tree, of its first leaf and behind its last; multiples of 256.
        earliest, latest: when the first and the last of its records was made, microseconds since the Unix epoch.
        checkpoint: leaves of the tree whose checkpoint covers the range.
        previous: digest of the package before, whose end is this one's first; "" for a log's first package.
        members: every file but the manifest and its seal, in the order of their names.
    """

    origin: str
    month: str
    first: int
    end: int
    earliest: int
    latest: int
    checkpoint: int
    previous: str
    members: tuple[Member, ...]

    @property
    def name(self) -> str:
        """The package's name: that of its folder."""
        return package_name(self.month, self.first, self.end)

    def octets(self) -> bytes:
        """The manifest as it is written: JSON, keys in order, no blanks."""
        facts = {"format": FORMAT, **asdict(self)}
        return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest, hex: the package's identity, which the next one cites."""
        return hashlib.sha256(self.octets()).hexdigest()


@dataclass(frozen=True, slots=True)
class Seal:
    """What the log's key has signed about a package.

    Attributes:
        first, end: as in :class:`Manifest`.
        digest: of the manifest, hex.
        previous: as in :class:`Manifest`.
    """

    first: int
    end: int
    digest: str
    previous: str


def package_name(month: str, first: int, end: int) -> str:
    """The name of a package's folder; in the order of the names packages follow one another."""
    return f"{month}-{first:012d}-{end:012d}"


def read_package_name(name: str) -> tuple[str, int, int] | None:
    """Month, first leaf and end that a package's name tells; None for what is no such name."""
    found = _NAME.fullmatch(name)
    return None if found is None else (found[1], int(found[2]), int(found[3]))


def rows_name(first: int, end: int) -> str:
    """The name of the file with the rows of this range."""
    return f"rows-{first:012d}-{end:012d}.db"


def stamp_name(number: int) -> str:
    """The name of a checkpoint's time-stamp, counted from 0."""
    return f"stamp-{number}.tst"


def is_stamp_name(name: str) -> bool:
    """Whether a member is a time-stamp of the checkpoint."""
    return _STAMP.fullmatch(name) is not None


def read_rows_name(name: str) -> tuple[int, int] | None:
    """The range that the name of a file of rows tells; None for what is no such name."""
    found = _ROWS.fullmatch(name)
    return None if found is None else (int(found[1]), int(found[2]))


def range_tiles(first: int, end: int, size: int) -> Iterator[Place]:
    """The tiles that hold the leaves of a range, and those above them, in a tree of ``size`` leaves."""
    level = 0
    while True:
        shift = HEIGHT * (level + 1)
        places = [Place(level, number) for number in range(first >> shift, ((end - 1) >> shift) + 1)]
        if not width_at(size, places[0]):
            return
        yield from (place for place in places if width_at(size, place))
        level += 1


def parse_manifest(octets: bytes) -> Manifest:
    """Read a manifest, in the one form that :meth:`Manifest.octets` writes.

    Raises:
        PackageInvalid: it is none, is of a format that this program does not know, or contradicts itself.
    """
    try:
        facts = json.loads(octets)
        if facts.pop("format") != FORMAT:
            raise PackageInvalid("the package is of a format that this program does not know: use a newer one")
        facts["members"] = tuple(Member(**each) for each in facts["members"])
        manifest = Manifest(**facts)
        if manifest.octets() != octets:
            raise PackageInvalid("the package's manifest is not in the form in which manifests are written")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise PackageInvalid("the package's manifest cannot be read as one") from None
    _insist(manifest)
    return manifest


def _insist(manifest: Manifest) -> None:
    numbers: tuple[Any, ...] = (manifest.first, manifest.end, manifest.earliest, manifest.latest, manifest.checkpoint)
    texts: tuple[Any, ...] = (manifest.origin, manifest.month, manifest.previous)
    if any(type(one) is not int for one in numbers) or any(type(one) is not str for one in texts):
        raise PackageInvalid("the package's manifest cannot be read as one")
    whole = 0 <= manifest.first < manifest.end <= manifest.checkpoint and not (manifest.first | manifest.end) % WIDTH
    if not whole or read_package_name(manifest.name) is None:
        raise PackageInvalid("the package's manifest tells no range of whole tiles that its checkpoint covers")
    if (manifest.previous and not _DIGEST.fullmatch(manifest.previous)) or bool(manifest.first) != bool(
        manifest.previous
    ):
        raise PackageInvalid("the package's manifest does not say which package comes before it")
    for one in manifest.members:
        if type(one.size) is not int or not _DIGEST.fullmatch(str(one.sha256)) or not _MEMBER.fullmatch(str(one.name)):
            raise PackageInvalid("the package's manifest names a member that cannot be one")
    names = [one.name for one in manifest.members]
    ranges = [found for name in names if (found := read_rows_name(name)) is not None]
    borders = [manifest.first, *(end for _, end in ranges)]
    if names != sorted(set(names)) or [first for first, _ in ranges] != borders[:-1] or borders[-1] != manifest.end:
        raise PackageInvalid("the members that the package's manifest names do not make up its range")


def seal(manifest: Manifest, signer: LogSigner) -> bytes:
    """Sign a manifest with the log's key.  The text can be read as no checkpoint."""
    text = (
        f"{manifest.origin}\nevidence package {FORMAT}\nleaves {manifest.first} {manifest.end}\n"
        f"manifest {manifest.digest}\nprevious {manifest.previous or 'none'}\n"
    )
    return Note(text, (sign_note(text, signer.key, signer.sign),)).octets()


def open_seal(octets: bytes, key: NoteKey) -> Seal:
    """Read a seal and verify it.

    Raises:
        PackageInvalid: it is none, is of another log, or is not signed with the log's key.
    """
    try:
        note = parse_note(octets)
        signed = verified_by(note, key) is not None
    except NoteInvalid as error:
        raise PackageInvalid(f"the package's seal cannot be believed: {error}") from None
    found = _SEAL.fullmatch(note.text)
    if not signed or found is None or found["origin"] != key.name:
        raise PackageInvalid(f"the package is not sealed with the key of {key.name}")
    previous = "" if found["previous"] == "none" else found["previous"]
    return Seal(int(found["first"]), int(found["end"]), found["digest"], previous)
