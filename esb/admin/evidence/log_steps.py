"""The first steps of a proof: the container, its signature, its contents, and that the log's tree holds its records."""

import hashlib
from typing import Final

from esb.admin.evidence import layout
from esb.admin.evidence.case import Broken, Case, Found, Held
from esb.admin.evidence.container import read_container
from esb.admin.evidence.facts import ChangeMalformed, read_change
from esb.admin.evidence.paths import fingerprint, moment, read_certificate
from esb.audit.entry import Kind, record_id
from esb.audit.leaf import LeafInvalid, leaf_hash, read_leaf
from esb.audit.merkle import ProofInvalid
from esb.audit.notes import COSIGNATURE, NoteInvalid, open_checkpoint, parse_note, verified_by
from esb.audit.proof import ProofMalformed, TlogProof, read_proof
from esb.certs.asic import FilesTampered, facts_of, verify_files

_SECOND: Final = 1.0  # to which a signing time is told
_DAY: Final = 86_400.0  # at most between putting a package together and sealing it
_PARTS: Final = ("consumer", "provider", "bus", "hosted")


def container(case: Case) -> Found:
    """The ZIP file is in its one form."""
    found = read_container(case.octets)
    case.files = found.files
    try:
        case.sealed = verify_files(found.signatures)
    except FilesTampered:
        case.sealed = None  # the next step says so
    if case.sealed is not None and found.media != {name: each.media for name, each in case.sealed.files.items()}:
        raise Broken("the container's manifest lists other files, or of other kinds, than its signature")
    return Found(f"{len(found.files)} files, {len(case.octets)} octets")


def seal(case: Case) -> Found:
    """The signature covers every file as it is."""
    sealed = case.sealed
    if sealed is None:
        raise Broken("its signature was altered, or is not by the key of its certificate")
    for name, facts in sealed.files.items():
        if facts_of(case.files[name], facts.media) != facts:
            raise Broken(f"{name} is not the file that was signed")
    who = sealed.certificate.subject.rfc4514_string()
    return Found(f"signed at {moment(sealed.signed_at)} by {who}, SHA-256 {fingerprint(sealed.certificate)}")


def contents(case: Case) -> Found:
    """``facts.json`` is of the known form, and there is nothing that has no place."""
    try:
        facts = case.facts = layout.read_facts(case.files.get(layout.FACTS, b""))
    except layout.FactsMalformed as error:
        raise Broken(str(error)) from None
    lawful = {layout.FACTS, layout.README, *(f"certificates/{part}.cer" for part in _PARTS)}
    lawful |= layout.lawful_messages(facts.records)
    needed = {layout.CHECKPOINT, *(each.file for each in facts.revocation)}
    for name in facts.records:
        needed |= {layout.leaf_file(name), layout.proof_file(name)}
    for exchange in layout.changes_in(case.files):
        needed |= {*layout.change_files(exchange)}
    absent = sorted(needed - case.files.keys())
    if absent:
        raise Broken(f"{absent[0]} is not in the package")
    odd = sorted(name for name in case.files.keys() - needed - lawful if not layout.is_free(name))
    if odd:
        raise Broken(f"{odd[0]} has no place in a package")
    if case.sealed is None or not -_SECOND <= case.sealed.signed_at - facts.made_at / 1_000_000 <= _DAY:
        raise Broken("facts.json says that it was put together at another time than it was sealed at")
    there = sorted(facts.missing.keys() & case.files.keys())
    if there:
        raise Broken(f"{there[0]} is said to be missing, and is there")
    _check_certificates(case, facts)
    about = "a change of the registry" if "change" in facts.records else "exchange"
    made = moment(facts.made_at / 1_000_000)
    return Found(f"{about} {facts.exchange}, put together at {made}; README.txt is for people and proves nothing")


def _check_certificates(case: Case, facts: layout.PackageFacts) -> None:
    """Certificates are some, and each list or answer about revocation is enclosed for one of those who signed."""
    for name in case.files:
        if name.startswith("certificates/"):
            read_certificate(case.files[name])
    parts = [der for part in _PARTS if (der := case.certificate(part)) is not None]
    known = {fingerprint(read_certificate(der)) for der in parts}
    told = {each.file for each in facts.revocation}
    odd = [each.file for each in facts.revocation if each.certificate not in known]
    odd += sorted(name for name in case.files if name.startswith("revocation/") and name not in told)
    if odd:
        raise Broken(f"{odd[0]} is enclosed for nobody who signed")


def checkpoint(case: Case) -> Found:
    """The log has signed the checkpoint."""
    case.checkpoint, _ = open_checkpoint(case.files[layout.CHECKPOINT], case.believed.log)
    return Found(f"{case.checkpoint.origin}, {case.checkpoint.size} leaves, root {case.checkpoint.root.hex()}")


def witnesses(case: Case) -> Found | None:
    """Each witness that the verifier named has cosigned."""
    named = case.believed.witnesses
    if not named:
        return None
    note = parse_note(case.files[layout.CHECKPOINT])
    seen: list[str] = []
    for key in named:
        at = verified_by(note, key) if key.kind == COSIGNATURE else None
        if at is None:
            raise Broken(f"{key.name} has not cosigned it with the key that you gave")
        seen.append(f"{key.name} at {moment(at)}")
    return Found("; ".join(seen))


def records(case: Case) -> Found:
    """The records' leaves are in their one form and bound to one another."""
    facts = case.facts
    if facts is None:
        raise Broken("the package does not say what it is about")
    for name in facts.records:
        leaf = case.files[layout.leaf_file(name)]
        try:
            entry = read_leaf(leaf)
            case.records[name] = Held(entry, leaf, read_proof(case.files[layout.proof_file(name)]))
        except (LeafInvalid, ProofMalformed) as error:
            raise Broken(f"{name}: {error}") from None
        if entry.kind is not layout.RECORDS[name] or entry.exchange != facts.exchange:
            raise Broken(f"the record that is named {name} is another")
    request = case.records.get("request")
    for name in ("answer", "refusal"):
        held = case.records.get(name)
        wanted = "" if request is None else leaf_hash(request.leaf).hex()
        if held is not None and held.entry.request_leaf != wanted:
            raise Broken(f"the record of the {name} is bound to another request's record")
    return Found("; ".join(f"{held.entry.record} at {moment(held.entry.at / 1e6)}" for held in case.records.values()))


def inclusion(case: Case) -> Found:
    """Every leaf, of records and of the registry's changes, is in the tree under the checkpoint."""
    for name, held in case.records.items():
        _check(case, name, held.leaf, held.proof)
    count = 0
    for exchange in layout.changes_in(case.files):
        message, leaf, proof = (case.files[name] for name in layout.change_files(exchange))
        try:
            change, entry = read_change(message), read_leaf(leaf)
            _check(case, exchange, leaf, read_proof(proof))
        except (ChangeMalformed, LeafInvalid, ProofMalformed) as error:
            raise Broken(f"{exchange}: {error}") from None
        same = change.record == entry.record == record_id(exchange, Kind.CHANGE)
        if not same or entry.message_sha256 != hashlib.sha256(message).hexdigest():
            raise Broken(f"{exchange} is not the change that its record is of")
        case.changes.append(change)
        count += 1
    places = [f"{name}: leaf {held.proof.index}" for name, held in case.records.items()]
    more = f"; {count} changes of the registry" if count else ""
    size = 0 if case.checkpoint is None else case.checkpoint.size
    return Found(f"{'; '.join(places)}{more}; of {size}")


def _check(case: Case, name: str, leaf: bytes, proof: TlogProof) -> None:
    if proof.checkpoint != case.files[layout.CHECKPOINT]:
        raise Broken(f"{name}: its proof is under another checkpoint")
    try:
        proof.check(leaf_hash(leaf))
    except (ProofInvalid, NoteInvalid) as error:
        raise Broken(f"{name}: {error}") from None


def change(case: Case) -> Found | None:
    """The message of the change that the package is about is the one of its record."""
    held = case.records.get("change")
    if held is None:
        return None
    message = case.files.get(layout.received_file("change"))
    if message is None:
        return Found(case.why_missing(layout.received_file("change")), proven=False)
    found = read_change(message)
    if found.record != held.entry.record or hashlib.sha256(message).hexdigest() != held.entry.message_sha256:
        raise Broken("its SHA-256 is not the one that the record states")
    about = ":".join(found.thing)
    return Found(f"{found.author}: {found.act} {about} at {moment(found.at / 1e6)}")
