"""Exporting evidence: an operator's act with a reason, whose result is one sealed file (ASiC-E with XAdES).

Messages are personal data.  That they are read is on record before the first is opened (:mod:`esb.admin.bodies`), and
the export is written into the registry's changes before the file is handed out (EVD-04): who exported what, why, and
the digest of the file.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from esb.admin.bodies import read_bodies
from esb.admin.evidence.container import write_container
from esb.admin.evidence.gather import Gathered, Sources, gather
from esb.admin.evidence.layout import README, media_of
from esb.admin.evidence.readme import write_readme
from esb.admin.extracts import DocumentSigner
from esb.certs.asic import facts_of, sign_files
from esb.registry.acts import acting
from esb.registry.checks import lawful_text

KIND = "evidence"
"""The kind of thing that an export is an act upon; its key is the exchange's id."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A package.

    Attributes:
        octets: the file.
        sha256: of it, hex, as the act states it.
    """

    octets: bytes
    sha256: str
    gathered: Gathered


def export_evidence(
    sources: Sources,
    ident: str,
    signer: DocumentSigner,
    *,
    reason: str,
    author: str,
    now: Callable[[], float],
    wait: Callable[[float], None],
) -> Exported:
    """Put a package together, seal it, and put the act on record.

    Args:
        ident: the exchange's id, the change's name, or the name of one of their records.
        signer: the bus's key with its certificate and the authorities above.
        reason: why it is exported; it stays in the registry.
        now: Unix seconds.
        wait: sleeps so many seconds.

    Raises:
        Invalid: no reason is given.
        NothingToExport, ContainerMalformed: there is nothing, or too much.
        BodiesNotShown: that they are read cannot be put on record.
        BodyUnreadable: the messages are sealed and do not open here.
        StoreUnavailable, LogDamaged, RegistryUnavailable: log or registry cannot be read.
        ArchivedAway, PackageInvalid: it has left the log, and its package is not at hand or was altered.
        KeyUnusable: the key cannot sign.
    """
    reason = lawful_text(reason, "reason of the export")

    def messages(exchange: str) -> dict[str, tuple[bytes, bytes, str]]:
        found = read_bodies(
            sources.engine,
            sources.log,
            sources.masters,
            exchange,
            author=author,
            reason=reason,
            now=now(),
            vault=sources.vault,
        )
        return {each.record: (each.message, each.sent, each.note) for each in found}

    gathered = gather(sources, ident, messages, signer.chain[0], now(), wait)
    octets = seal(gathered, signer, now())
    sha256 = hashlib.sha256(octets).hexdigest()
    with acting(sources.engine, author, now()) as act:
        detail = {"reason": reason, "records": list(gathered.facts.records), "sha256": sha256, "bytes": len(octets)}
        act.record("export", KIND, gathered.facts.exchange, detail)
    return Exported(octets, sha256, gathered)


def seal(gathered: Gathered, signer: DocumentSigner, now: float) -> bytes:
    """The container over what was gathered, with its README and its signature."""
    files = {**gathered.files, README: write_readme(gathered)}
    media = {name: media_of(name) for name in files}
    facts = {name: facts_of(content, media[name]) for name, content in files.items()}
    return write_container(files, media, sign_files(facts, signer.key, signer.chain, now))
