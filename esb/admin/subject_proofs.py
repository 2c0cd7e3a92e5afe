"""A history's proofs in one file, which anybody checks offline: a zip of leaves and of C2SP tlog-proof files.

``NAME.leaf`` holds a record's octets, ``NAME.tlog-proof`` the proof that its hash is in the tree of a signed
checkpoint, ``log.key`` the log's public key.  Where the history does not tell of all of the time that was asked for,
``not-complete.json`` says so: that is said by who made the file, and proved by nobody.  Whoever checks takes the key
from elsewhere: no file vouches for itself.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from esb.admin.subject_history import Evidence
from esb.audit.entry import Entry
from esb.audit.leaf import LeafInvalid, leaf_hash, read_leaf
from esb.audit.merkle import ProofInvalid
from esb.audit.notes import NoteInvalid, NoteKey, open_checkpoint
from esb.audit.past import Away
from esb.audit.proof import ProofMalformed, read_proof
from esb.kernel.clock import utc_text
from esb.kernel.faults import EsbError

_LEAF: Final = ".leaf"
_PROOF: Final = ".tlog-proof"
_KEY: Final = "log.key"
_AWAY: Final = "not-complete.json"
_BEGINNING: Final = (1980, 1, 1, 0, 0, 0)  # of a zip's time: the same evidence is the same file
_MOST_FILES: Final = 10_000
_LONGEST: Final = 256 * 1024


class ProofsInvalid(EsbError):
    """A file of proofs does not prove what it says; the text says which record, and why."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A record that stands in the log.

    Attributes:
        entry: its facts.
        index: of its leaf.
        size: leaves in the tree of the checkpoint.
    """

    entry: Entry
    index: int
    size: int


@dataclass(frozen=True, slots=True)
class Untold:
    """A time of which the history that a file is of does not tell, as its maker says.

    Attributes:
        since, until: as RFC 3339 text, UTC.
        records: how many records of it have left the log.
        package: what holds them.
    """

    since: str
    until: str
    records: int
    package: str


def write_proofs(evidence: Iterable[Evidence], key: str, away: Sequence[Away] = ()) -> bytes:
    """The file; what no checkpoint covers yet is left out.

    Args:
        key: the log's public key as it is published.
        away: what the history could not look into.
    """
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as container:
        _put(container, _KEY, f"{key}\n".encode())
        if away:
            untold = [
                Untold(utc_text(each.since / 1e6), utc_text(each.until / 1e6), each.records, each.package)
                for each in away
            ]
            _put(container, _AWAY, json.dumps([asdict(each) for each in untold], indent=1).encode())
        for each in evidence:
            if each.proof is not None:
                _put(container, each.record + _LEAF, each.leaf)
                _put(container, each.record + _PROOF, each.proof.octets())
    return held.getvalue()


def check_proofs(octets: bytes, key: NoteKey) -> list[Proved]:
    """Check every record of a file: its hash leads to the root of a checkpoint that the log signed.

    Args:
        key: the log's, from elsewhere than this file.

    Raises:
        ProofsInvalid: says which record is not proved.
    """
    return list(_checked(octets, key))


def untold(octets: bytes) -> list[Untold]:
    """The times of which the history does not tell that a file is of; none where it was complete, as its maker says.

    Raises:
        ProofsInvalid: what the file says of them cannot be read.
    """
    with zipfile.ZipFile(io.BytesIO(octets)) as container:
        if _AWAY not in container.namelist():
            return []
        try:
            return [_read_untold(each) for each in json.loads(_get(container, _AWAY))]
        except (ValueError, TypeError, RecursionError) as error:
            raise ProofsInvalid(f"the file's {_AWAY} cannot be read") from error


def _read_untold(given: dict[str, Any]) -> Untold:
    found = Untold(**given)
    texts = (found.since, found.until, found.package)
    if type(found.records) is not int or not all(type(each) is str and each.isprintable() for each in texts):
        raise ValueError("not of these types")
    return found


def _checked(octets: bytes, key: NoteKey) -> Iterator[Proved]:
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as container:
            names = container.namelist()
            if len(names) > _MOST_FILES or len(set(names)) != len(names):
                raise ProofsInvalid("the file holds too many proofs, or one name twice")
            leaves = sorted(name for name in names if name.endswith(_LEAF))
            stray = (
                set(names) - {_KEY, _AWAY} - {part for name in leaves for part in (name, name[: -len(_LEAF)] + _PROOF)}
            )
            if stray:
                raise ProofsInvalid(f"the file holds what is no part of it: {sorted(stray)[0][:80]!r}")
            for name in leaves:
                record = name[: -len(_LEAF)]
                yield _proved(record, _get(container, name), _get(container, record + _PROOF), key)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise ProofsInvalid("this is no file of proofs: it is not a zip that can be read") from error


def _proved(record: str, leaf: bytes, proof: bytes, key: NoteKey) -> Proved:
    try:
        read = read_proof(proof)
        checkpoint, _ = open_checkpoint(read.checkpoint, key)
        read.check(leaf_hash(leaf))
        entry = read_leaf(leaf)
    except (ProofMalformed, NoteInvalid, ProofInvalid, LeafInvalid) as error:
        raise ProofsInvalid(f"record {record[:120]!r} is not proved: {error}") from error
    if entry.record != record:
        raise ProofsInvalid(f"the file calls record {entry.record!r} by another name, {record[:120]!r}")
    return Proved(entry, read.index, checkpoint.size)


def _put(container: zipfile.ZipFile, name: str, content: bytes) -> None:
    facts = zipfile.ZipInfo(name, _BEGINNING)
    facts.compress_type = zipfile.ZIP_DEFLATED
    container.writestr(facts, content)


def _get(container: zipfile.ZipFile, name: str) -> bytes:
    try:
        facts = container.getinfo(name)
    except KeyError:
        raise ProofsInvalid(f"the file has no {name[:120]!r}") from None
    if facts.file_size > _LONGEST:
        raise ProofsInvalid(f"{name[:120]!r} is too long to be a record or a proof")
    return container.read(facts)
