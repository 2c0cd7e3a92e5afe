"""A history's proofs in one file, which anybody checks offline: a zip of leaves and of C2SP tlog-proof files.

``NAME.leaf`` holds a record's octets, ``NAME.tlog-proof`` the proof that its hash is in the tree of a signed
checkpoint, ``log.key`` the log's public key.  Whoever checks takes the key from elsewhere: no file vouches for itself.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from esb.admin.subject_history import Evidence
from esb.audit.entry import Entry
from esb.audit.leaf import LeafInvalid, leaf_hash, read_leaf
from esb.audit.merkle import ProofInvalid
from esb.audit.notes import NoteInvalid, NoteKey, open_checkpoint
from esb.audit.proof import ProofMalformed, read_proof
from esb.kernel.faults import EsbError

_LEAF: Final = ".leaf"
_PROOF: Final = ".tlog-proof"
_KEY: Final = "log.key"
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


def write_proofs(evidence: Iterable[Evidence], key: str) -> bytes:
    """The file; what no checkpoint covers yet is left out.

    Args:
        key: the log's public key as it is published.
    """
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as container:
        _put(container, _KEY, f"{key}\n".encode())
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


def _checked(octets: bytes, key: NoteKey) -> Iterator[Proved]:
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as container:
            names = container.namelist()
            if len(names) > _MOST_FILES or len(set(names)) != len(names):
                raise ProofsInvalid("the file holds too many proofs, or one name twice")
            leaves = sorted(name for name in names if name.endswith(_LEAF))
            stray = set(names) - {_KEY} - {part for name in leaves for part in (name, name[: -len(_LEAF)] + _PROOF)}
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
