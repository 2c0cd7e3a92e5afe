"""Why a certificate counts or not: everything that the bus looks at when it meets one, told at once.

The verdict is the wire's own: the same functions decide, on the registry's row, the anchors and the lists of now.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID
from sqlalchemy import Engine

from esb.admin.trust import Trust
from esb.certs.chain import Link, explain_chain
from esb.certs.index import CertificateLoader, CertificateUnreadable
from esb.certs.ocsp_answer import Word
from esb.certs.standing import check_standing
from esb.certs.strength import breakable, weakness
from esb.kernel import rules
from esb.kernel.directory import CertificateUse, MemberStatus
from esb.kernel.faults import Refusal
from esb.registry.certificates import list_certificates
from esb.registry.database import reading
from esb.registry.errors import NotFound
from esb.registry.members import get_member

_DAY: Final = 86_400.0
_NEXT: Final = {
    rules.CRT_KNOWN.id: "Register it: esb member certificate CODE FILE",
    rules.CRT_PATH.id: "Put its authority into the anchors' folder, or have it issued by one that is there.",
    rules.CRT_EXPIRED.id: "Issue a new one: esb member enrol CODE --csr FILE, or by the outside authority.",
    rules.CRT_EARLY.id: "Wait until it begins, or look at this machine's clock.",
    rules.CRT_REVOKED.id: "It is over for good unless it is on hold: issue a new one for a new key.",
    rules.CRT_USAGE.id: "Issue one for signing: key usage digitalSignature, registered with --use signing.",
    rules.CRT_REVOCATION_UNKNOWN.id: "Renew the revocation lists (esb ca crl), or look at [certs] in the settings.",
    rules.SIG_KEY_MATCH.id: "Make a strong key (P-256, or RSA of 2048 bits and more) and have it certified.",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A certificate's standing at one moment; times are Unix seconds.

    Attributes:
        owner: the member's code, "" for the bus's own; None where it is not registered.
        use: signing or tls; None where it is not registered.
        path: link by link, the certificate itself first.
        strength: why its key is weak; "" where it is not.
        revoked: RFC 5280's reason, or None; ``revocation`` says by what that is known and until when.
        others: other certificates of the same owner and use that are in force: SHA-256 and end.
        rule: the rule that the wire would cite; "" where it would accept it.
        verdict, next: what the wire would say, and what to do.
        notes: what else is worth a word.
    """

    sha256: str
    subject: str
    issuer: str
    serial: str
    not_before: float
    not_after: float
    key: str
    usages: tuple[str, ...]
    owner: str | None
    owner_name: str
    use: str | None
    path: tuple[Link, ...]
    strength: str
    revoked: str | None
    revocation: str
    others: tuple[tuple[str, float], ...]
    rule: str
    verdict: str
    next: str
    notes: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether a message that it signed now would be accepted."""
        return not self.rule


def explain(certificate: x509.Certificate, trust: Trust, engine: Engine, now: float) -> Standing:
    """Explain a certificate.

    Args:
        trust: anchors and lists in force.
        now: Unix seconds.
    """
    der = certificate.public_bytes(Encoding.DER)
    sha256 = certificate.fingerprint(SHA256()).hex()
    with reading(engine) as session:
        rows = list_certificates(session)
        row = next((each for each in rows if each.sha256 == sha256), None)
        member = None
        if row is not None and row.owner is not None:
            try:
                member = get_member(session, row.owner)
            except NotFound:
                member = None
    notes: list[str] = []
    known_until = trust.crls.until(certificate)
    own = None if row is None else (None if row.revoked is None else row.revoked.value)
    listed = trust.crls.revocation(certificate)
    answered = None if trust.answers is None else trust.answers.word(certificate)
    rule, verdict = rules.CRT_KNOWN.id, "It is registered to no member, so nobody is known by it."
    if row is not None:
        rule, verdict = _judge(der, row.owner or "", row.use, own, trust, now)
        others = tuple(
            (each.sha256, end)
            for each in rows
            if each.sha256 != sha256 and (each.owner, each.use) == (row.owner, row.use) and each.revoked is None
            if (end := x509.load_der_x509_certificate(each.der).not_valid_after_utc.timestamp()) > now
        )
    else:
        others = ()
        same_name = [each for each in rows if _serial_of(each.der) == (certificate.issuer, certificate.serial_number)]
        if same_name:
            notes.append("A registered certificate has the same issuer and serial number and other content.")
    left = certificate.not_valid_after_utc.timestamp() - now
    if 0 < left < 60 * _DAY and row is not None:
        notes.append(
            f"It ends in {left / _DAY:.0f} days, "
            + ("and another of the same owner and use goes on." if others else "and nothing takes its place yet.")
        )
    if member is not None and member.status is not MemberStatus.ACTIVE:
        notes.append(
            f"The member is {member.status.value}: its requests are refused whatever the certificate (ACC-01)."
        )
    return Standing(
        sha256=sha256,
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
        key=_key_text(certificate),
        usages=_usages(certificate),
        owner=None if row is None else row.owner or "",
        owner_name="" if member is None else f"{member.name_az} / {member.name_en}",
        use=None if row is None else row.use.value,
        path=explain_chain(certificate, (), trust.anchors, now),
        strength=_weak(certificate),
        revoked=own or trust.revocation(certificate),
        revocation=_source(own, listed, answered, known_until, now, row),
        others=others,
        rule=rule,
        verdict=verdict,
        next="" if not rule else _NEXT.get(rule, "See docs/protocol.md for the rule."),
        notes=tuple(notes),
    )


def _judge(
    der: bytes, owner: str, use: CertificateUse, revoked: str | None, trust: Trust, now: float
) -> tuple[str, str]:
    """What the wire says of a registered certificate: rule and text; no rule where it accepts it."""
    try:
        known = trust.known(CertificateLoader(), lambda: now)(der, owner, use, revoked)
        check_standing(known, now)
    except CertificateUnreadable as error:
        return rules.CRT_KNOWN.id, f"It cannot be read, so it is left out: {error}"
    except Refusal as refusal:
        return refusal.rule.id, refusal.reason
    return "", "A message that it signs now is accepted, as far as the certificate goes."


def _serial_of(der: bytes) -> tuple[Any, int]:
    certificate = x509.load_der_x509_certificate(der)
    return certificate.issuer, certificate.serial_number


def _key_text(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA, {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC, {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey")


def _weak(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    return weakness(key) or breakable(key) or ""


def _usages(certificate: x509.Certificate) -> tuple[str, ...]:
    found: list[str] = []
    for extension in certificate.extensions:
        value = extension.value
        if isinstance(value, x509.KeyUsage):
            names = ("digital_signature", "content_commitment", "key_encipherment", "key_cert_sign", "crl_sign")
            found += [_camel(name) for name in names if getattr(value, name)]
        elif extension.oid == ExtensionOID.EXTENDED_KEY_USAGE and isinstance(value, x509.ExtendedKeyUsage):
            found += [getattr(each, "_name", each.dotted_string) for each in value]
    return tuple(found)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _source(
    own: str | None, listed: str | None, answered: Word | None, known_until: float | None, now: float, row: Any
) -> str:
    parts = []
    if own is not None:
        parts.append("the registry's own word")
    if listed is not None:
        parts.append("a revocation list")
    if answered is not None and answered.revoked is not None:
        parts.append("a responder's answer")
    if parts:
        return "by " + " and ".join(parts)
    if answered is not None:
        return f"by a responder's answer, good until {datetime.fromtimestamp(answered.until, UTC):%Y-%m-%d %H:%M} UTC"
    if known_until is None:
        return "not asked: no revocation list of its authority is configured" + (
            "" if row is None else "; the registry revokes nothing"
        )
    return "by the registry and its authority's revocation list" + (
        "" if known_until > now else ", which is too old to say (CRT-07)"
    )
