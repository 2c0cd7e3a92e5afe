"""Gathering what proves an exchange, a refusal or a change: out of the evidence log, its tree, and the registry.

Nothing is judged here but what is needed to find the rest: who signed.  What cannot be had is named in the package,
with the reason, so that whoever verifies it sees what is not shown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from esb.admin.bus_certificates import bus_certificates
from esb.admin.evidence import layout
from esb.admin.evidence.attest import Attested, attested_checkpoint
from esb.admin.evidence.facts import ChangeFacts, Thing, read_change, registry_facts, service_of, things_of
from esb.admin.evidence.lists import revocation_files
from esb.admin.evidence.messages import MessageUnproven, has_owners_word, is_silent, verify_message
from esb.admin.evidence.paths import fingerprint
from esb.admin.recording import change_name, change_of
from esb.audit.change import change_message
from esb.audit.entry import Entry, Kind, record_id
from esb.audit.leaf import leaf_bytes
from esb.audit.log import EvidenceReader
from esb.audit.proof import TlogProof
from esb.audit.seal import MasterKeys
from esb.audit.tree_reader import TreeReader
from esb.audit.vault import Vault
from esb.audit.whole import WholeReader
from esb.certs.chain import explain_chain
from esb.kernel.faults import EsbError
from esb.kernel.namespaces import OWNER_ACTOR
from esb.kernel.soap import Envelope
from esb.registry.acts import find_changes
from esb.registry.certificates import get_certificate, list_certificates
from esb.registry.database import reading
from esb.registry.errors import NotFound

_MOST_CHANGES: Final = 500  # of one thing; beyond it the package would be about the thing's history
_PATIENCE: Final = 12.0  # seconds: a record is in a published tree within ten (EVD-05)
_PAUSE: Final = 0.25
_MICRO: Final = 1_000_000
_NAMES: Final = {kind: name for name, kind in layout.RECORDS.items()}


class NothingToExport(EsbError):
    """There is no such exchange or change on record, or it is not in the published tree yet."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where everything is.

    Attributes:
        engine: the registry's.
        log: URL of the evidence log.
        keys: the folder with the bus's certificates.
        anchors: the authorities that the home believes.
        lists: the folder of revocation lists.
        masters: opens the master keys that messages are sealed under; None where they are not.
        vault: finds what the log has let go of; None to look in the log alone.
    """

    engine: Engine
    log: str
    keys: Path
    anchors: tuple[x509.Certificate, ...]
    lists: Path
    masters: Callable[[], MasterKeys] | None = None
    vault: Vault | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a package holds, but for its README.

    Attributes:
        entries: the facts of its records, by ``request``, ``answer``, ``refusal``, ``change``.
        files: contents by name.
        size: leaves under the checkpoint.
    """

    entries: Mapping[str, Entry]
    files: Mapping[str, bytes]
    facts: layout.PackageFacts
    size: int


@dataclass(slots=True)
class _Basket:
    files: dict[str, bytes] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    certificates: dict[str, x509.Certificate] = field(default_factory=dict)  # by the part that they play
    moments: dict[str, float] = field(default_factory=dict)
    # Of each leaf the record's name and number in the log, and its proof's file.
    leaves: list[tuple[str, int, str]] = field(default_factory=list)


Messages = Callable[[str], Mapping[str, tuple[bytes, bytes, str]]]
"""Gives the messages of an exchange by their records: as received, as sent, and why they are not whole ("" if so)."""


def gather(
    sources: Sources,
    ident: str,
    messages: Messages,
    sealer: x509.Certificate,
    now: float,
    wait: Callable[[float], None],
) -> Gathered:
    """Gather everything about an exchange or change.

    Args:
        ident: the exchange's id, the change's name, or the name of one of their records.
        messages: is asked once, for the exchange that was found.
        sealer: whose key will seal the package: the log says that it is the bus.
        now: Unix seconds.
        wait: sleeps so many seconds; a record that was just made is in the published tree a moment later.

    Raises:
        NothingToExport: see the class.
        StoreUnavailable, LogDamaged: the log cannot be read.
        ArchivedAway, PackageInvalid: it has left the log, and its package is not at hand or was altered.
        RegistryUnavailable: the registry cannot be read.
    """
    basket = _Basket()
    with closing(WholeReader(sources.log, sources.vault)) as log:
        entries = _records(log, ident, messages, basket)
        exchange = next(iter(entries.values())).exchange
        _signers(sources, entries, basket)
        things = things_of(entries.values(), map(fingerprint, [*basket.certificates.values(), sealer]))
        changes = _changes(sources, log, things, _until(entries), basket)
    with closing(TreeReader(sources.log)) as tree:
        point = _prove(tree, basket, wait)
    revocation = _paths(sources, basket)
    decided = entries.get("request") or entries.get("refusal")
    facts = layout.PackageFacts(
        exchange=exchange,
        records=tuple(entries),
        registry={} if decided is None else registry_facts(decided, changes),
        revocation=tuple(revocation),
        missing={name: why for name, why in basket.missing.items() if name not in basket.files},
        made_at=int(now * _MICRO),
    )
    basket.files[layout.FACTS] = layout.write_facts(facts)
    return Gathered(entries, basket.files, facts, point.size)


def _records(log: EvidenceReader, ident: str, messages: Messages, basket: _Basket) -> dict[str, Entry]:
    """The records' facts in their order, and their leaves and messages into the basket."""
    found = log.show(ident) or log.show(_exchange_of(ident))
    if not found:
        raise NothingToExport(
            f"the log holds nothing of {ident[:80]!r}, nor do packages of its archive: esb log search shows what there "
            "is"
        )
    entries: dict[str, Entry] = {}
    kept = messages(found[0].entry.exchange)
    for each in found:
        entry = each.entry
        name = _NAMES[entry.kind]
        entries[name] = entry
        basket.files[layout.leaf_file(name)] = leaf_bytes(entry)
        basket.leaves.append((entry.record, each.id, layout.proof_file(name)))
        received, sent, note = kept.get(entry.record, (b"", b"", ""))
        if note:  # what is kept without its Body is not what was signed, and proves nothing
            received = sent = b""
        _keep(basket, layout.received_file(name), received, note or _why_not(entry))
        if layout.sent_file(name) and not is_silent(entry):
            _keep(basket, layout.sent_file(name), sent, note or "it was not kept: only its digest is on record")
    return entries


def _exchange_of(ident: str) -> str:
    return next((ident.removesuffix(kind.suffix) for kind in Kind if ident.endswith(kind.suffix)), ident)


def _keep(basket: _Basket, name: str, content: bytes, why_not: str) -> None:
    if content:
        basket.files[name] = content
    elif why_not:
        basket.missing[name] = why_not


def _why_not(entry: Entry) -> str:
    if entry.kind is Kind.ANSWER:
        return "the provider signs nothing, so its answer was not kept as it came: its digest is on record"
    if entry.kind is Kind.REFUSAL and entry.request_leaf:
        return ""  # the request has a record of its own
    return "it was not kept, or is not kept any more: only its digest is on record"


def _until(entries: Mapping[str, Entry]) -> int:
    return max(entry.at for entry in entries.values())


def _signers(sources: Sources, entries: Mapping[str, Entry], basket: _Basket) -> None:
    """Who signed: the consumer by its record, bus and provider by whose signature holds."""
    asked = entries.get("request") or entries.get("refusal")
    with reading(sources.engine) as session:
        if asked is not None and asked.certificate:
            try:
                der = get_certificate(session, asked.certificate).der
            except NotFound:
                basket.missing["certificates/consumer.cer"] = "the registry does not hold it any more"
            else:
                _signer(basket, "consumer", der, asked.at)
        service = None if "answer" not in entries else service_of(entries["answer"])
        owned = [] if service is None else [row.der for row in list_certificates(session, service.member)]
    bus = bus_certificates(sources.keys, sources.engine)
    for name, part, among in (("answer", "bus", bus), ("refusal", "bus", bus), ("answer", "provider", owned)):
        if name not in entries:
            continue
        file = layout.received_file(name) if part == "provider" else layout.sent_file(name)
        envelope = _signed_by(basket, file, part, among, None, entries[name].at)
        if part == "bus" and envelope is not None and has_owners_word(envelope):
            _signed_by(basket, file, "hosted", owned, OWNER_ACTOR, entries[name].at)


def _signed_by(
    basket: _Basket, file: str, part: str, among: Iterable[bytes], actor: str | None, at: int
) -> Envelope | None:
    """Find whose signature holds on a message, where it is there."""
    if file not in basket.files:
        return None
    try:
        envelope, signature = verify_message(basket.files[file], among, actor)
    except MessageUnproven as error:
        basket.missing[f"certificates/{part}.cer"] = f"nobody's signature holds on {file}: {error}"
        return None
    _signer(basket, part, signature.signer.der, at)
    return envelope


def _signer(basket: _Basket, part: str, der: bytes, at: int) -> None:
    basket.certificates[part] = x509.load_der_x509_certificate(der)
    basket.moments[part] = at / _MICRO


def _changes(
    sources: Sources, log: EvidenceReader, things: Iterable[Thing], until: int, basket: _Basket
) -> list[ChangeFacts]:
    """The changes that decided, up to the last record, as far as they are on record."""
    found: list[ChangeFacts] = []
    for kind, key in things:
        with reading(sources.engine) as session:
            rows = find_changes(session, kind=kind, key=key, limit=_MOST_CHANGES)
        if not rows and kind in ("grant", "certificate"):
            basket.missing[f"{kind}:{key}"] = "the registry has no change about it"
        # A certificate of the bus may have been entered after it signed: who it belongs to does not change by that.
        wanted = [row for row in rows if kind == "certificate" or round(row.at * _MICRO) <= until]
        for row in wanted:
            name, message = change_name(row), change_message(change_of(row))
            recorded = log.show(name)
            if not recorded:
                basket.missing[f"registry/{name}.json"] = "this change of the registry is not on record"
                continue
            file, leaf_file, proof_file = layout.change_files(name)
            basket.files |= {file: message, leaf_file: leaf_bytes(recorded[0].entry)}
            basket.leaves.append((record_id(name, Kind.CHANGE), recorded[0].id, proof_file))
            found.append(read_change(message))
    return found


def _prove(tree: TreeReader, basket: _Basket, wait: Callable[[float], None]) -> Attested:
    """Put checkpoint, proofs and time-stamps into the basket, once a published tree has every leaf.

    Where checkpoints are time-stamped, the stamp is waited for as well; without one a package is made all the same.
    """
    waited, stamps = 0.0, tree.stamped() > 0
    while True:
        places = {number: at for _, number, _ in basket.leaves if (at := tree.place_of(number)) is not None}
        waiting = [record for record, number, _ in basket.leaves if number not in places]
        point = None if waiting else attested_checkpoint(tree, max(places.values()) + 1)
        patient = waited < _PATIENCE
        if point is not None and (point.tokens or not stamps or not patient):
            break
        if not patient:
            raise NothingToExport(
                f"{(waiting or ['the last record'])[0]} is not in the log's published tree yet, which a serving bus "
                "makes within 10 seconds: serve the bus, or look for what holds it up (esb log verify)"
            )
        wait(_PAUSE)
        waited += _PAUSE
    basket.files[layout.CHECKPOINT] = point.note
    for _, number, file in basket.leaves:
        path = tuple(tree.inclusion(places[number], point.size))
        basket.files[file] = TlogProof(places[number], path, point.note).octets()
    for number, token in enumerate(point.tokens, 1):
        basket.files[f"time/{number}.tst"] = token
    if not point.tokens:
        basket.missing["time-stamp"] = "no time-stamp covers these records yet"
    return point


def _paths(sources: Sources, basket: _Basket) -> Iterator[layout.RevocationFile]:
    """Put each signer's certificate, the authorities above it and what was known of its revocation into the basket."""
    authorities: dict[str, x509.Certificate] = {}
    for part, certificate in basket.certificates.items():
        at = basket.moments[part]
        basket.files[f"certificates/{part}.cer"] = certificate.public_bytes(Encoding.DER)
        for link in explain_chain(certificate, sources.anchors, sources.anchors, at)[1:]:
            authorities[fingerprint(link.certificate)] = link.certificate
    for number, authority in enumerate(authorities.values(), 1):
        basket.files[f"certificates/authority-{number}.cer"] = authority.public_bytes(Encoding.DER)
    known: dict[bytes, str] = {}
    for part, certificate in basket.certificates.items():
        enclosed = revocation_files(sources.engine, sources.lists, certificate, basket.moments[part])
        if not enclosed:
            basket.missing[f"revocation data of {part}"] = (
                "none was kept for that time, and there is no list of its authority"
            )
        for each in enclosed:
            file = known.setdefault(each.data, f"revocation/{len(known) + 1}.{each.kind}")
            basket.files[file] = each.data
            yield layout.RevocationFile(file, fingerprint(certificate), each.source)
