"""Check ``tls``: the provider's TLS and its certificate, as a client sees them (RFC 9325, RFC 5280)."""

import socket
import ssl
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from esb.admin.checks.model import Context, Finding, Result, judged, not_applicable
from esb.admin.checks.wire import Endpoint, Line, WireFailed, tls_reason
from esb.certs.strength import breakable, weakness

NAME: Final = "tls"
TITLE: Final = "TLS and the provider's certificate"
REASONS: Final = frozenset(
    {
        *("tls-missing", "tls-version", "tls-untrusted", "tls-name", "tls-expired", "tls-early", "tls-days", "tls-key"),
        *("tls-handshake", "tls-timeout", "tls-certificate", "not-reached", "address-forbidden"),
    }
)

_DAY: Final = 86_400
# What OpenSSL's verification says (X509_V_ERR_*), by what is to be done about it.
_VERDICTS: Final = {
    9: ("tls-early", "the certificate is not valid yet", "show one that is valid now"),
    10: ("tls-expired", "the certificate has expired", "renew it"),
    18: ("tls-untrusted", "the certificate vouches for itself", "show one of an authority among the bus's anchors"),
    19: ("tls-untrusted", "its chain ends at an unknown root", "show one of an authority among the bus's anchors"),
    20: ("tls-untrusted", "its issuer is unknown", "send the intermediate certificates, or use a known authority"),
    21: ("tls-untrusted", "its issuer is unknown", "send the intermediate certificates, or use a known authority"),
    62: ("tls-name", "it is for another host name", "show one with the endpoint's host name in subjectAltName"),
    64: ("tls-name", "it is for another address", "show one with the endpoint's address in subjectAltName"),
    66: ("tls-key", "its key is too weak", "make a key of P-256, or RSA of 2048 bits or more"),
    67: ("tls-key", "an authority's key is too weak", "use another authority"),
    68: ("tls-key", "its signature's digest is too weak", "show one that is signed with SHA-256 or better"),
}


@dataclass(frozen=True, slots=True)
class _Seen:
    version: str
    cipher: str
    der: bytes


def check(context: Context) -> Result:
    """Fails below TLS 1.2, and by whatever a careful client would not accept of the certificate."""
    url = context.subject.terms.endpoint
    if not url or context.subject.terms.adapter != "soap":
        return not_applicable(NAME, "no endpoint is asked for")
    if not url.startswith("https:"):
        if not context.bounds.require_tls:
            return not_applicable(NAME, "the endpoint is plain HTTP, which the operator allows")
        return judged(
            NAME, [Finding("tls-missing", "the endpoint is plain HTTP", "serve it by https with TLS 1.2 or 1.3")], {}
        )
    try:
        endpoint = context.line.locate(url)
        seen = _see(context.line, endpoint)
    except WireFailed as error:
        return judged(NAME, [_failed(error)], {})
    findings: list[Finding] = []
    if seen.version not in ("TLSv1.2", "TLSv1.3"):
        findings.append(Finding("tls-version", f"it speaks {seen.version} at most", "turn on TLS 1.2 and 1.3"))
    else:
        findings += _verified(context.line, endpoint)
    facts: dict[str, Any] = {"version": seen.version, "cipher": seen.cipher}
    findings += _certificate(seen.der, context, facts)
    return judged(NAME, _once(findings), facts)


def _see(line: Line, endpoint: Endpoint) -> _Seen:
    """Shake hands believing everything, to see what the provider shows; old versions are tried only to be named."""
    modern = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    modern.check_hostname, modern.verify_mode = False, ssl.CERT_NONE
    modern.set_ciphers("ALL:@SECLEVEL=0")
    modern.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with line.connect(endpoint, modern) as connection:
        return _seen(connection)


def _seen(connection: socket.socket) -> _Seen:
    assert isinstance(connection, ssl.SSLSocket)
    cipher = connection.cipher()
    return _Seen(
        connection.version() or "", cipher[0] if cipher else "", connection.getpeercert(binary_form=True) or b""
    )


def _verified(line: Line, endpoint: Endpoint) -> list[Finding]:
    """Shake hands as the bus would."""
    try:
        line.connect(endpoint, line.tls).close()
    except WireFailed as error:
        cause = error.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError):
            rule, text, mend = _VERDICTS.get(
                cause.verify_code, ("tls-untrusted", tls_reason(cause), "show a certificate that verifies")
            )
            return [Finding(rule, f"{text} ({cause.verify_message})", mend)]
        return [_failed(error)]
    return []


def _certificate(der: bytes, context: Context, facts: dict[str, Any]) -> list[Finding]:
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
        left = int((certificate.not_valid_after_utc.timestamp() - context.now) // _DAY)
        facts |= {
            "subject": certificate.subject.rfc4514_string(),
            "issuer": certificate.issuer.rfc4514_string(),
            "until": certificate.not_valid_after_utc.isoformat(),
            "days": left,
            "sha256": certificate.fingerprint(SHA256()).hex(),
        }
    except Exception as error:  # noqa: BLE001 - a stranger's certificate breaks the reader in many ways
        return [Finding("tls-certificate", f"its certificate cannot be read ({type(error).__name__})", "show another")]
    found = []
    wanted = context.bounds.certificate_days
    if left < 0:
        found.append(Finding("tls-expired", "the certificate has expired", "renew it"))
    elif left < wanted:
        found.append(Finding("tls-days", f"its certificate ends in {left} days, and {wanted} are wanted", "renew it"))
    weak = weakness(key) or breakable(key)
    if weak is not None:
        found.append(Finding("tls-key", f"its certificate has {weak}", "make a key of P-256, or RSA of 2048 bits"))
    return found


def _failed(error: WireFailed) -> Finding:
    rule = {"address": "address-forbidden", "tls": "tls-handshake", "timeout": "tls-timeout"}.get(
        error.cause, "not-reached"
    )
    return Finding(rule, str(error), "let the endpoint shake hands by TLS 1.2 or 1.3 within the time")


def _once(findings: list[Finding]) -> list[Finding]:
    """Each rule once: what verification says first, the certificate itself may say again."""
    kept: dict[str, Finding] = {}
    for finding in findings:
        kept.setdefault(finding.rule, finding)
    return list(kept.values())
