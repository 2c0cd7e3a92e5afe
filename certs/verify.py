"""Verifying the signature of a message: who signed, and exactly which elements.

The order is chosen so that a stranger gets little of the bus's time:

1. the shape of the Security header and the ds:Signature, and all counts: attribute reads only;
2. KeyInfo, to a registered certificate: whoever is not registered is refused before anything is canonicalized;
3. SignedInfo: each algorithm, transform and reference against the profile; what each reference means; whether all that
   must be signed is;
4. whether the algorithm fits the registered key;
5. the signature value over the canonical SignedInfo, which is small: only who holds a registered key gets further;
6. the digest of each part, which may be large;
7. that the identifiers are unique, and the Timestamp, now known to be signed, is read.

Time, validity and revocation are asked afterwards (``window.py``, ``standing.py``): they change, this does not.
"""

import binascii
import hashlib
from typing import Final

from esb.certs.canonical import exclusive
from esb.certs.forms import Forms
from esb.certs.keyinfo import KeyResolver
from esb.certs.plain_info import read_plain
from esb.certs.profile import DIGEST_SIZES, SignatureLimits
from esb.certs.references import Target, check_coverage, check_unique, digest, digest_on_record, find_targets
from esb.certs.security import find_security, open_signature
from esb.certs.signed_info import Reference, read_signed_info
from esb.certs.timestamp import read_plain_timestamp, read_timestamp, seconds
from esb.certs.value import check_key, verify_value
from esb.certs.verbatim import may_be_verbatim
from esb.certs.walk import check_attributes, from_base64, text_of
from esb.kernel import rules
from esb.kernel.directory import CertificateIndex
from esb.kernel.message import SignedPart, VerifiedSignature
from esb.kernel.soap import Envelope

__all__ = ["SignatureLimits", "Verifier"]

_ID: Final = frozenset({"Id"})


class Verifier:
    """Verifies messages within one set of limits.

    Holds nothing but the limits and bounded memories of token texts (:class:`KeyResolver`) and of senders' forms
    (:class:`Forms`), which make verifying quicker and never decide.
    """

    def __init__(self, limits: SignatureLimits) -> None:
        self._limits = limits
        self._keys = KeyResolver(limits)
        self._forms = Forms()

    def verify(
        self,
        envelope: Envelope,
        certificates: CertificateIndex,
        body_sha256: bytes | None = None,
        actor: str | None = None,
    ) -> VerifiedSignature:
        """Verify the signature that is addressed to the bus.

        Args:
            envelope: a message as :func:`esb.kernel.soap.open_envelope` took it apart.
            certificates: the registered certificates; the only ones that can have signed.
            body_sha256: of the Body's canonical form, of a message that was kept without what its Body held
                (:mod:`esb.audit.headers`); None where the Body is there.
            actor: to verify the signature that is addressed to somebody else instead: whom.  It speaks for the Body
                alone (ANS-07).

        Returns:
            The signer and the signed elements, which are elements of ``envelope`` itself.  Whether the certificate
            counts now and whether the Timestamp is current is *not* said.

        Raises:
            Refusal: SIG-01 to SIG-13, CRT-01, TIM-01, MSG-05, MSG-14.
        """
        usual = body_sha256 is None and actor is None
        known = self._verify_known(envelope, certificates) if usual else None
        if known is not None:
            return known
        limits = self._limits
        security = find_security(envelope, limits, actor)
        parts = open_signature(security.signature)
        check_attributes(parts.value, _ID, rules.SIG_STRUCTURE)
        text = text_of(parts.value, limits.value_bytes, rules.SIG_STRUCTURE, rules.SIG_LIMITS)

        key = self._keys.resolve(parts.key_info, security.tokens, certificates)
        signer = key.certificate

        data = envelope.data if may_be_verbatim(envelope.data) else b""
        plain = read_plain(parts.signed_info, limits, data)
        if plain is not None:
            info, signed_info = plain
        else:
            info = read_signed_info(parts.signed_info, limits)
            signed_info = exclusive(parts.signed_info, info.prefixes)
        targets = find_targets(envelope, security, key, info.references)
        check_coverage(envelope, security, targets, headers=actor is None)
        check_key(info.algorithm, signer.key)

        value = from_base64(text, parts.value, rules.SIG_VALUE)
        value = verify_value(info.algorithm, signer.key, value, signed_info)

        stamp = read_plain_timestamp(security.timestamp, data) if data else None
        signed: dict[object, SignedPart] = {}
        for target in targets:
            element = target.element
            if body_sha256 is not None and element is envelope.body:
                signed[element] = digest_on_record(target, body_sha256)
                continue
            plain_stamp = stamp is not None and element is security.timestamp and not target.reference.prefixes
            # The token may be signed twice over, directly and through the STR-Transform; the part is the same.
            signed[element] = digest(target, stamp.octets if stamp and plain_stamp else None)
        body = signed[envelope.body]
        timestamp = signed[security.timestamp]
        check_unique(envelope, body, [reference.id for reference in info.references])
        created, expires = (stamp.created, stamp.expires) if stamp else read_timestamp(security.timestamp)
        if usual:
            self._forms.learn(envelope, security, key, info, signed_info, targets, timestamp)

        return VerifiedSignature(
            signer=signer,
            body=body,
            timestamp=timestamp,
            blocks=tuple([signed[block] for block in envelope.blocks if block in signed]),
            security=security.element,
            signature=security.signature,
            token=key.token,
            algorithm=info.algorithm.uri,
            identity=hashlib.sha256(signed_info + value).digest(),
            created=created,
            expires=expires,
        )

    def _verify_known(self, envelope: Envelope, certificates: CertificateIndex) -> VerifiedSignature | None:
        """Verify a message whose form is known; None for the careful way, which also says best what is wrong.

        Raises:
            Refusal: SIG-07, SIG-08, MSG-05, MSG-14.
        """
        found = self._forms.find(envelope.data)
        if found is None:
            return None
        form, values, end = found
        signer = certificates.by_sha256.get(form.certificate)
        value = _octets(values[form.signature_value], self._limits.value_bytes)
        created = seconds(values[form.created].decode())
        expires = None if form.expires is None else seconds(values[form.expires].decode())
        if signer is None or value is None or created is None or (form.expires is not None and expires is None):
            return None
        if expires is not None and expires <= created:
            return None
        references = []
        for place in form.places:
            octets = _octets(values[place.value], DIGEST_SIZES[place.digest] * 2)
            if octets is None or len(octets) != DIGEST_SIZES[place.digest]:
                return None
            references.append(Reference(values[place.id].decode(), place.prefixes, place.token, place.digest, octets))

        signed_info = form.signed_info.fill(values)
        value = verify_value(form.info.algorithm, signer.key, value, signed_info)

        security = envelope.blocks[form.security]
        stamp = security[form.stamp]
        token = security[form.token]
        signed: dict[object, SignedPart] = {}
        for place, reference in zip(form.places, references, strict=True):
            element, canonical = envelope.body, None
            if place.part == "timestamp":
                element, canonical = stamp, form.timestamp.fill(values)
            elif place.part == "token":
                element = token
            elif not isinstance(place.part, str):
                element = envelope.blocks[place.part]
            signed[element] = digest(Target(reference, element), canonical)
        body = signed[envelope.body]
        data = envelope.data
        if data.find(b"&", end) >= 0 or any(data.find(values[place.id], end) >= 0 for place in form.places):
            check_unique(envelope, body, [reference.id for reference in references])

        return VerifiedSignature(
            signer=signer,
            body=body,
            timestamp=signed[stamp],
            blocks=tuple([signed[block] for block in envelope.blocks if block in signed]),
            security=security,
            signature=security[form.signature],
            token=token,
            algorithm=form.info.algorithm.uri,
            identity=hashlib.sha256(signed_info + value).digest(),
            created=created,
            expires=expires,
        )


def _octets(text: bytes, limit: int) -> bytes | None:
    """What base64 text means, white space left out; None when it is none, or longer than the limit."""
    try:
        return binascii.a2b_base64(b"".join(text.split()), strict_mode=True) if len(text) <= limit else None
    except binascii.Error:
        return None
