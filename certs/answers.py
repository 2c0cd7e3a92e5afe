"""What responders said of certificates of outside authorities, laid out for whoever makes a certificate ready."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256

from esb.certs.der import MALFORMED
from esb.certs.ocsp_answer import Word


@dataclass(frozen=True, slots=True)
class Answers:
    """The newest answer about each certificate.

    Attributes:
        words: by the certificate's SHA-256, hex.
        required: whether a certificate of an outside authority counts only with an answer; else the lists say.
        grace: seconds past its nextUpdate for which an answer is still relied upon.
        own: the home's own authority, whose certificates are not asked about.
    """

    words: Mapping[str, Word]
    required: bool
    grace: float
    own: x509.Certificate | None = None

    def word(self, certificate: x509.Certificate) -> Word | None:
        """The newest answer about a certificate."""
        return self.words.get(certificate.fingerprint(SHA256()).hex())

    def revocation(self, certificate: x509.Certificate) -> str | None:
        """Why a certificate is revoked, or None.  An answer that has run out is still believed in what it revokes."""
        word = self.word(certificate)
        return None if word is None else word.revoked

    def known_until(
        self, certificate: x509.Certificate, anchors: Sequence[x509.Certificate], lists: float | None
    ) -> float | None:
        """Until when it is known that a certificate is not revoked, where that is another time than the lists'.

        Args:
            anchors: the authorities that are believed.
            lists: Unix seconds until which its authority's lists count, None without any.

        Returns:
            Unix seconds, grace included; 0 where an answer is required and none came; None where the lists decide.
        """
        if outside_issuer(certificate, anchors, self.own) is None:
            return None
        word = self.word(certificate)
        until = 0.0 if word is None else word.until + self.grace
        if self.required:
            return until
        # What may be absent does not refuse: the later of the two, and without lists nothing is claimed at all.
        return None if lists is None or until <= lists else until


def outside_issuer(
    certificate: x509.Certificate, anchors: Sequence[x509.Certificate], own: x509.Certificate | None
) -> x509.Certificate | None:
    """The anchor that issued a certificate, where that is another than the home's own authority."""
    for anchor in anchors:
        if anchor.subject != certificate.issuer or anchor == own:
            continue
        try:
            certificate.verify_directly_issued_by(anchor)
        except (InvalidSignature, *MALFORMED):
            continue
        return anchor
    return None
