"""Does a registered certificate count now?  The signature proved the key; this asks whether the key may still speak."""

from esb.kernel import rules
from esb.kernel.directory import CertificateUse, KnownCertificate
from esb.kernel.faults import Refusal


def check_standing(certificate: KnownCertificate, now: float) -> None:
    """Say whether a certificate may sign now; everything about it was decided when the index was built.

    The gravest reason comes first: a certificate that is revoked and also past its end is told as revoked, and it is
    told so even where its authority's data are too old, for an old list can only lack names.

    Args:
        now: Unix seconds.

    Raises:
        Refusal: CRT-02 to CRT-07, or the certificate's own ``problem``.
    """
    particulars = {"sha256": certificate.sha256.hex()}
    if certificate.use is not CertificateUse.SIGNING:
        raise Refusal(
            rules.CRT_USAGE, "The certificate is not registered for signing: sign with the signing one.", particulars
        )
    if certificate.problem is not None:
        raise Refusal(
            certificate.problem,
            f"The registered certificate cannot sign: {certificate.problem.text} Ask the operator for a new one.",
            particulars,
        )
    if certificate.revoked is not None:
        raise Refusal(
            rules.CRT_REVOKED,
            "The certificate is revoked: ask the operator for a new one.",
            {**particulars, "reason": certificate.revoked},
        )
    if now < certificate.not_before:
        raise Refusal(
            rules.CRT_EARLY, "The certificate is not valid yet: sign with it from its first day.", particulars
        )
    if now > certificate.not_after:
        raise Refusal(rules.CRT_EXPIRED, "The certificate has expired: ask the operator for a new one.", particulars)
    if certificate.known_until is not None and now > certificate.known_until:
        raise Refusal(
            rules.CRT_REVOCATION_UNKNOWN,
            "The bus's revocation data are too old to say whether the certificate is revoked: try again later.",
            particulars,
        )
