"""Making an extract: one version of an entry, as signed XML and as pages with that XML attached."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from sqlalchemy import Engine

from esb.admin.certificates import NotACertificate
from esb.admin.extract_document import Extract, read_extract, write_extract
from esb.admin.extract_file import attach, pages_of
from esb.admin.extract_pages import render_pages
from esb.certs.keys import SigningKey
from esb.certs.xades import sign_document, verify_document
from esb.kernel.faults import EsbError
from esb.kernel.xml import XmlLimits, parse_message
from esb.registry.acts import acting
from esb.registry.checks import lawful_moment
from esb.registry.database import reading
from esb.registry.documents import put_document
from esb.registry.errors import Invalid
from esb.registry.extracts import ExtractFacts, add_extract, body_names
from esb.registry.resources import get_resource

LIMITS = XmlLimits(max_bytes=20 * 1024 * 1024, max_elements=20_000, max_depth=16)
"""What an extract's XML may hold."""


_LARGEST_PEM = 4 * 1024 * 1024


class SignerUnfit(EsbError):
    """What extracts are to be signed with is not fit for it."""


@dataclass(frozen=True, slots=True)
class DocumentSigner:
    """What extracts are signed with: a key, its certificate, and the authorities above, nearest first."""

    key: SigningKey
    chain: tuple[x509.Certificate, ...]

    @property
    def name(self) -> str:
        """The holder's name in the certificate."""
        return common_name(self.chain[0])


@dataclass(frozen=True, slots=True)
class MadeExtract:
    """An extract with its two files."""

    facts: ExtractFacts
    extract: Extract
    xml: bytes
    pdf: bytes


def document_signer(
    key: SigningKey, certificate: Path, anchors: Sequence[x509.Certificate], now: float
) -> DocumentSigner:
    """Return what extracts are signed with.

    Args:
        certificate: PEM of the key's certificate, and of authorities above it where there are any.
        anchors: authorities that complete the chain, so that a stranger finds it whole.
        now: Unix seconds.

    Raises:
        SignerUnfit: the certificate cannot be read, is not the key's, or is out of its time.
    """
    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except (OSError, ValueError):
        raise SignerUnfit(f"{certificate} is not a certificate in PEM that can be read") from None
    own = chain[0]
    if own.public_key() != key.public_key():
        raise SignerUnfit(f"{certificate} is not the certificate of the key that signs extracts: name the two together")
    if not own.not_valid_before_utc.timestamp() <= now <= own.not_valid_after_utc.timestamp():
        raise SignerUnfit(
            f"{certificate} is valid from {own.not_valid_before_utc:%Y-%m-%d %H:%M} to "
            f"{own.not_valid_after_utc:%Y-%m-%d %H:%M} UTC only: renew it, or look at this machine's clock"
        )
    while len(chain) < 6 and chain[-1].subject != chain[-1].issuer:
        above = [anchor for anchor in anchors if _issued(anchor, chain[-1])]
        if not above:
            break
        chain.append(above[0])
    return DocumentSigner(key, tuple(chain))


def make_extract(
    engine: Engine,
    signer: DocumentSigner,
    code: str,
    *,
    as_of: float | None,
    address: str,
    author: str,
    now: float,
    random: Callable[[int], bytes],
) -> MadeExtract:
    """Make a signed extract of an entry, archive its two files, and note that it was made.

    Args:
        as_of: a past time (Unix seconds) whose state is wanted; None for the newest version.
        address: the bus's public base URL, without a slash at its end.
        random: gives that many octets from a cryptographic source: who knows an extract's id may see it.

    Raises:
        NotFound: there is no such entry, or there was none then.
        Invalid: ``as_of`` is yet to come.
        KeyUnusable: the key is of a kind that cannot sign documents.
    """
    now = lawful_moment(now, "time of the extract")
    if as_of is not None:
        as_of = lawful_moment(as_of, "the time asked for")
        if as_of > now:
            raise Invalid("what will stand in the register is not known yet: give a time that is past")
    with reading(engine) as session:
        version = get_resource(session, code, as_of=as_of)
        owner, operator = body_names(session, version.entry)
    id = random(16).hex()
    extract = Extract(
        id=id,
        address=f"{address}/extracts/{id}",
        issuer=signer.name,
        issued_at=now,
        as_of=as_of,
        version=version.number,
        version_at=version.at,
        version_sha256=version.sha256,
        status=version.status,
        entry=version.entry,
        owner=owner,
        operator=operator,
    )
    pages = render_pages(extract)
    unsigned = parse_message(write_extract(extract, pages_of(pages)), LIMITS)
    xml = sign_document(unsigned, signer.key, signer.chain, now)
    # What cannot be verified, or would read otherwise, does not leave.
    if read_extract(verify_document(parse_message(xml, LIMITS)).element) != (extract, pages_of(pages)):
        raise SignerUnfit("the extract does not read as it was written: nothing was made; please report this")
    pdf = attach(pages, xml, now)
    name = f"{code.replace('/', '-')}-v{version.number}-{id[:8]}"
    with acting(engine, author, now) as act:
        facts = add_extract(
            act,
            id,
            version,
            as_of=as_of,
            issuer=signer.name,
            signer=signer.chain[0].fingerprint(SHA256()).hex(),
            xml=put_document(act, xml, f"{name}.xml", "text/xml"),
            pdf=put_document(act, pdf, f"{name}.pdf", "application/pdf"),
        )
    return MadeExtract(facts, extract, xml, pdf)


def read_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """Return the PEM certificates of a file, or of every file in a folder.

    Raises:
        NotACertificate: a file is none; the text names it.
    """
    files = sorted(one for one in path.iterdir() if one.is_file() and one.name[0] != ".") if path.is_dir() else [path]
    read: list[x509.Certificate] = []
    for file in files:
        try:
            with file.open("rb") as opened:
                read += x509.load_pem_x509_certificates(opened.read(_LARGEST_PEM))
        except ValueError:
            raise NotACertificate(f"{file} is not a certificate in PEM: name the authority's file") from None
    return tuple(read)


def common_name(certificate: x509.Certificate) -> str:
    """The holder's name in a certificate: its last CN, else the whole subject."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[-1].value) if names else certificate.subject.rfc4514_string()


def _issued(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    if authority.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
