"""What was known of a certificate's revocation at a moment: what was kept then, else a list that speaks for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID
from sqlalchemy import Engine

from esb.admin.evidence.paths import fingerprint
from esb.admin.kept_lists import list_subject
from esb.certs.crl import MAX_SIZE
from esb.certs.der import MALFORMED
from esb.registry.database import reading
from esb.registry.revocation import revocation_evidence


@dataclass(frozen=True, slots=True)
class Enclosed:
    """One list or answer.

    Attributes:
        kind: ``crl`` or ``ocsp``, as its file's name ends.
        data: DER.
        source: as of :class:`~esb.admin.evidence.layout.RevocationFile`.
    """

    kind: str
    data: bytes
    source: str


def revocation_files(engine: Engine, folder: Path, certificate: x509.Certificate, at: float) -> list[Enclosed]:
    """Find what says whether a certificate was revoked at a moment (Unix seconds); the best of it first.

    What the registry kept as evidence by then comes first.  Where that has no complete list and no answer, a list of
    the certificate's issuer from the folder is taken: the newest that had begun by then, else the oldest of later.
    """
    with reading(engine) as session:
        kept = revocation_evidence(session, fingerprint(certificate), list_subject(certificate.issuer), at)
    found = [Enclosed(each.kind, _der(each.data) if each.kind == "crl" else each.data, "kept") for each in kept]
    if any(each.kind == "ocsp" or not _is_delta(x509.load_der_x509_crl(each.data)) for each in found):
        return found
    begun = {each.last_update_utc.timestamp(): each for each in _lists(folder) if each.issuer == certificate.issuer}
    then = [moment for moment in begun if moment <= at]
    if then:
        return [*found, Enclosed("crl", begun[max(then)].public_bytes(Encoding.DER), "list")]
    if begun:
        return [*found, Enclosed("crl", begun[min(begun)].public_bytes(Encoding.DER), "later")]
    return found


def _lists(folder: Path) -> Iterator[x509.CertificateRevocationList]:
    """The complete lists in a folder; what is none is somebody else's to complain of."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_file() and not path.name.startswith("."):
            with path.open("rb") as opened:
                octets = opened.read(MAX_SIZE + 1)
            try:
                crl = x509.load_der_x509_crl(_der(octets))
                if not _is_delta(crl):
                    yield crl
            except MALFORMED:
                continue


def _der(octets: bytes) -> bytes:
    """A list in DER, whichever way it was kept."""
    if octets.lstrip().startswith(b"-----"):
        return x509.load_pem_x509_crl(octets).public_bytes(Encoding.DER)
    return octets


def _is_delta(crl: x509.CertificateRevocationList) -> bool:
    return any(each.oid == ExtensionOID.DELTA_CRL_INDICATOR for each in crl.extensions)
