"""Verifying an extract, offline and by anybody: numbered steps, the first that fails ends it.

Only what the signature's verification returned is read and told.  Trust comes from the authorities that the verifier
names, and from whom it expects to have signed: every member of a bus has a certificate of the same authority.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from cryptography import x509

from esb.admin.extract_document import Extract, ExtractMalformed, Pages, read_extract
from esb.admin.extract_file import Detached, PagesChanged, check_pages, detach
from esb.admin.extract_lines import minute
from esb.admin.extracts import LIMITS, common_name
from esb.certs.chain import chain_problem
from esb.certs.crl import CrlInvalid, load_crls
from esb.certs.xades import DocumentTampered, SignatureMisplaced, SignedDocument, verify_document
from esb.kernel import rules
from esb.kernel.faults import EsbError, Refusal
from esb.kernel.xml import parse_message

LARGEST = 40 * 1024 * 1024
"""Octets of the largest file that is looked at."""

_CLOCK_SKEW = 300.0


class Verdict(Enum):
    """Why an extract is not believed."""

    UNREADABLE = "unreadable"
    MISPLACED = "signature-misplaced"
    TAMPERED = "tampered"
    PAGES = "pages-changed"
    UNTRUSTED = "untrusted"
    WRONG_SIGNER = "wrong-signer"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REVOCATION_UNKNOWN = "revocation-unknown"


class ExtractRefused(EsbError):
    """An extract is not to be believed; ``verdict`` says why in a word, the text in a sentence."""

    def __init__(self, verdict: Verdict, text: str) -> None:
        super().__init__(text)
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class Step:
    """What a step found: a sentence; ``proven`` False where there was nothing to look at, which proves nothing."""

    text: str
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Believed:
    """Whom the verifier believes.

    Attributes:
        anchors: authorities; or the signer's own certificate, which is then believed by itself.
        signer: the name that the signer's certificate must bear; None with an anchor that is the signer's own.
        lists: revocation lists of those authorities, PEM or DER.
    """

    anchors: tuple[x509.Certificate, ...]
    signer: str | None
    lists: tuple[bytes, ...] = ()


def check_extract(data: bytes, believed: Believed, now: float, told: Callable[[Step], None]) -> Extract:
    """Return what an extract says, when everything about it holds.

    Args:
        data: the XML, or the PDF that it is attached to.
        now: Unix seconds at which it is judged.
        told: is told each step that holds, in a sentence.

    Raises:
        ExtractRefused: at the first step that does not.
    """
    detached = _take_apart(data)
    told(Step("The file is a PDF with an XML document attached to it." if detached else "The file is an XML document."))
    signed = _verify(data if detached is None else detached.xml)
    told(Step("It has one signature, over the whole of it, and what it says is to the letter what was signed."))
    extract, pages = _read(signed)
    told(Step("It is an extract of the known form, and the version's digest is that of what it shows."))
    if detached is None:
        told(Step("There are no pages to compare: whatever paper came with it proves nothing.", proven=False))
    else:
        _check_pages(data, detached, pages, extract)
        told(Step("The PDF's pages are those that were signed, and nothing was added to the file."))
    _check_signer(signed, extract, believed, now, told)
    _check_time(signed, now)
    told(Step(f"It was signed at {minute(signed.signed_at)}, and the certificate is in its time."))
    told(_check_revocation(signed, believed, now))
    return extract


def _take_apart(data: bytes) -> Detached | None:
    if len(data) > LARGEST:
        raise ExtractRefused(Verdict.UNREADABLE, f"The file is larger than {LARGEST} octets, as no extract is.")
    if not data.startswith(b"%PDF-"):
        return None
    try:
        return detach(data)
    except PagesChanged as error:
        raise ExtractRefused(Verdict.PAGES, f"The PDF cannot be believed: {error}.") from error


def _verify(xml: bytes) -> SignedDocument:
    try:
        return verify_document(parse_message(xml, LIMITS))
    except Refusal as error:
        raise ExtractRefused(Verdict.UNREADABLE, f"This is not an extract: {error.reason}") from error
    except SignatureMisplaced as error:
        raise ExtractRefused(Verdict.MISPLACED, f"The signature cannot be believed: {error}.") from error
    except DocumentTampered as error:
        raise ExtractRefused(Verdict.TAMPERED, f"TAMPERED: {error}.") from error


def _read(signed: SignedDocument) -> tuple[Extract, Pages]:
    try:
        return read_extract(signed.element)
    except ExtractMalformed as error:
        raise ExtractRefused(Verdict.UNREADABLE, f"It is signed, but no extract: {error}.") from error


def _check_pages(data: bytes, detached: Detached, pages: Pages, extract: Extract) -> None:
    try:
        check_pages(data, detached, pages, extract.issued_at)
    except PagesChanged as error:
        raise ExtractRefused(Verdict.PAGES, f"TAMPERED: {error}.") from error


def _check_signer(
    signed: SignedDocument, extract: Extract, believed: Believed, now: float, told: Callable[[Step], None]
) -> None:
    name = common_name(signed.certificate)
    if signed.certificate in believed.anchors:
        told(Step(f"The signer's certificate, of {name}, is the very one that you believe."))
    else:
        _check_chain(signed, believed.anchors, now)
        if believed.signer is None:
            raise ExtractRefused(
                Verdict.WRONG_SIGNER,
                f"It is signed by {name}, and you did not say whom you expect: every member has a certificate of this "
                "authority. If this is the register's keeper, say so: --signer NAME.",
            )
        if name != believed.signer:
            raise ExtractRefused(Verdict.WRONG_SIGNER, f"It is signed by {name}, not by {believed.signer}.")
        told(Step(f"The signer's certificate, of {name}, leads to an authority that you believe."))
    if extract.issuer != name:
        raise ExtractRefused(Verdict.WRONG_SIGNER, f"It names {extract.issuer} as its issuer, but {name} signed it.")


def _check_chain(signed: SignedDocument, anchors: Sequence[x509.Certificate], now: float) -> None:
    # The certificate's own time is not looked at by this; that of the authorities is.
    problem = chain_problem(signed.certificate, signed.chain, anchors, now)
    if problem is None:
        return
    if problem is not rules.CRT_PATH:
        raise ExtractRefused(Verdict.UNTRUSTED, f"The signer's certificate may not sign ({problem.id}).")
    ended = [one for one in anchors if one.not_valid_after_utc.timestamp() + 1 <= now]
    if ended and chain_problem(signed.certificate, signed.chain, anchors, signed.signed_at) is None:
        raise ExtractRefused(
            Verdict.EXPIRED,
            f"EXPIRED: the authority above the signer ended on {_day(ended[0].not_valid_after_utc)}. "
            "Ask for a new extract.",
        )
    raise ExtractRefused(Verdict.UNTRUSTED, "The signer's certificate does not lead to an authority that you believe.")


def _check_time(signed: SignedDocument, now: float) -> None:
    certificate = signed.certificate
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if signed.signed_at > now + _CLOCK_SKEW or begin.timestamp() > now:
        raise ExtractRefused(Verdict.NOT_YET_VALID, "It comes from the future: look to this machine's clock.")
    if end.timestamp() + 1 <= now:
        raise ExtractRefused(
            Verdict.EXPIRED,
            f"EXPIRED: the signer's certificate ended on {_day(end)}. Ask for a new extract; or, if you know that you "
            "had this one before, judge it as of then: --at TIME.",
        )
    if not begin.timestamp() <= signed.signed_at < end.timestamp() + 1:
        raise ExtractRefused(Verdict.EXPIRED, "EXPIRED: the certificate was out of its time when this was signed.")


def _check_revocation(signed: SignedDocument, believed: Believed, now: float) -> Step:
    if not believed.lists:
        return Step(
            "Not checked: whether the certificate was revoked. Give the authority's list: --crl FILE.", proven=False
        )
    try:
        lists = load_crls(believed.lists, believed.anchors, now, 0.0)
    except CrlInvalid as error:
        raise ExtractRefused(Verdict.REVOCATION_UNKNOWN, f"It is not known whether it is revoked: {error}.") from error
    for certificate in (signed.certificate, *signed.chain):
        reason = lists.revocation(certificate)
        if reason is not None:
            raise ExtractRefused(
                Verdict.REVOKED,
                f"REVOKED: the certificate of {common_name(certificate)} was taken back ({reason}). "
                "Ask for a new extract.",
            )
    ends = [end for one in (signed.certificate, *signed.chain) if (end := lists.until(one)) is not None]
    if ends and min(ends) < now:
        raise ExtractRefused(
            Verdict.REVOCATION_UNKNOWN,
            f"The revocation list ran out at {minute(min(ends))}, so it is not known whether the certificate "
            "was revoked since: get a fresh list.",
        )
    return Step("The certificate is not revoked.")


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
