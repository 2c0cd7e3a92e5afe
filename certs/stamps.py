"""The other side of time-stamps (RFC 3161, RFC 5816): what is asked of an authority, and whether its token holds.

A token holds when it is a CMS SignedData around a TSTInfo over the very digest that was asked about, signed by the
certificate that its signed attributes name; when that certificate is for time-stamping alone and leads to an anchor;
and when both were valid at the time that is stated.  The profile is that of ETSI EN 319 422: SHA-2 digests, one signer.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from typing import Any, Final

from asn1crypto import algos, cms, core, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from esb.certs.chain import ChainJudge
from esb.certs.der import MALFORMED, SEQUENCE, decode
from esb.certs.tsa import DIGESTS
from esb.kernel.faults import EsbError

MAX_RESPONSE: Final = 64 * 1024
"""Octets that an answer may have: a token with its certificates is some kilobytes."""

_JUDGES: Final = 64  # sets of certificates that are remembered
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
# asn1crypto reads as far as it is asked, and says in many ways that there is nothing to read.
_UNREADABLE: Final = (*MALFORMED, KeyError, IndexError, OverflowError, RecursionError, AttributeError)


class StampInvalid(EsbError):
    """What came as a time-stamp is none, is of something else, or cannot be believed; the text says why."""


class StampUntrusted(StampInvalid):
    """A time-stamp holds in itself, and is by an authority that is not believed."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """What a token that holds says.

    Attributes:
        at: the time, microseconds since the Unix epoch.
        accuracy: how far that may be off, microseconds; 0 where the authority does not say.
        policy: object identifier, dotted.
        serial: the token's number at its authority.
        authority: the signer's name, RFC 4514.
    """

    at: int
    accuracy: int
    policy: str
    serial: int
    authority: str


def stamp_request(imprint: bytes, nonce: int) -> bytes:
    """A TimeStampReq, DER, for a SHA-256 digest: any policy, with the authority's certificate in the token."""
    digest = {"hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}), "hashed_message": imprint}
    return bytes(tsp.TimeStampReq({"version": 1, "message_imprint": digest, "nonce": nonce, "cert_req": True}).dump())


def token_of(response: bytes) -> bytes:
    """The token in a TimeStampResp.

    Raises:
        StampInvalid: it is none, or says that no stamp is given.
    """
    try:
        tag, body, left = decode(response)
        status_tag, _, token = decode(body)
        if left or (tag, status_tag) != (SEQUENCE, SEQUENCE):
            raise ValueError("no TimeStampResp")
        said = tsp.PKIStatusInfo.load(body[: len(body) - len(token)], strict=True)
        status, texts, failures = (said[name].native for name in ("status", "status_string", "fail_info"))
    except _UNREADABLE as error:
        raise StampInvalid("what the time-stamp authority answers is no TimeStampResp") from error
    if status not in ("granted", "granted_with_mods") or not token:
        why = "; ".join([*map(str, texts or ()), *sorted(failures or ())]) or status
        raise StampInvalid(f"the time-stamp authority gives no stamp: {why}"[:300])
    return token


class StampVerifier:
    """Verifies tokens against one set of anchors.

    Args:
        anchors: authorities that a signer's certificate must lead to; those between may stand in the token.
    """

    def __init__(self, anchors: Sequence[x509.Certificate]) -> None:
        self._anchors = tuple(anchors)
        self._judges: dict[frozenset[bytes], ChainJudge] = {}

    def check(self, token: bytes, imprint: bytes, nonce: int | None = None) -> Stamped:
        """Verify a token.

        Args:
            imprint: the SHA-256 digest that it must be of.
            nonce: what was asked with; None for a token that was asked for at another time.

        Raises:
            StampInvalid: it does not hold.
        """
        try:
            stamped, signer, certificates = _checked(token, imprint, nonce)
            self._check_path(signer, certificates, stamped.at / 1_000_000)
        except _UNREADABLE as error:
            raise StampInvalid("the time-stamp is no token of RFC 3161") from error
        return stamped

    def _check_path(self, signer: x509.Certificate, others: Sequence[x509.Certificate], at: float) -> None:
        """Whether the signer's certificate leads to an anchor then; each set of certificates is looked at once."""
        key = frozenset(each.fingerprint(hashes.SHA256()) for each in others)
        judge = self._judges.get(key)
        if judge is None:
            if len(self._judges) >= _JUDGES:
                self._judges.clear()
            judge = self._judges[key] = ChainJudge([each for each in others if each != signer], self._anchors, 64)
        if judge.problem(signer, at) is not None:
            raise StampUntrusted(
                "the time-stamp's certificate leads to none of the anchors for time-stamps: "
                f"{signer.subject.rfc4514_string()}, issued by {signer.issuer.rfc4514_string()}"
            )


def _checked(
    token: bytes, imprint: bytes, nonce: int | None
) -> tuple[Stamped, x509.Certificate, list[x509.Certificate]]:
    outer = cms.ContentInfo.load(token, strict=True)
    if outer["content_type"].native != "signed_data":
        raise StampInvalid("the time-stamp is no token of RFC 3161")
    signed: Any = outer["content"]
    content = signed["encap_content_info"]
    if content["content_type"].native != "tst_info" or len(signed["signer_infos"]) != 1:
        raise StampInvalid("the time-stamp is no token of RFC 3161: no TSTInfo with one signer")
    octets: bytes = content["content"].contents
    info = tsp.TSTInfo.load(octets, strict=True)
    said = info["message_imprint"]
    if said["hash_algorithm"]["algorithm"].native != "sha256" or said["hashed_message"].native != imprint:
        raise StampInvalid("the time-stamp is of something else: its digest is another")
    if nonce is not None and info["nonce"].native != nonce:
        raise StampInvalid("the time-stamp answers another request: its nonce is another")
    if info["version"].native != "v1" or any(each["critical"].native for each in info["extensions"]):
        raise StampInvalid("the time-stamp has a version or a critical extension that is not understood")
    moment = info["gen_time"].native.astimezone(UTC)
    at = int(moment.timestamp()) * 1_000_000 + moment.microsecond
    signer_info = signed["signer_infos"][0]
    # As it came, before anything in it is read: what is signed is these octets under the tag of a SET (RFC 5652, 5.4).
    attributes = b"\x31" + signer_info["signed_attrs"].dump()[1:]
    certificates = _certificates(signed)
    signer = _signer(signer_info, certificates)
    _check_form(signed, signer_info, signer)
    _check_signature(signer_info, attributes, octets, signer)
    _check_purpose(signer, at / 1_000_000)
    name = signer.subject.rfc4514_string()
    stamped = Stamped(at, _accuracy(info), info["policy"].dotted, info["serial_number"].native, name)
    return stamped, signer, certificates


def _certificates(signed: Any) -> list[x509.Certificate]:
    found = signed["certificates"]
    if isinstance(found, core.Void):
        return []
    return [_certificate(each.chosen.dump()) for each in found if each.name == "certificate"]


@lru_cache(64)
def _certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def _signer(info: Any, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    """The certificate that the signed attributes name by its digest (RFC 2634 ESSCertID, RFC 5035 ESSCertIDv2)."""
    for kind in ("signing_certificate_v2", "signing_certificate"):
        for attribute in info["signed_attrs"]:
            if attribute["type"].native != kind or len(attribute["values"]) != 1:
                continue
            named = attribute["values"][0]["certs"][0]
            digest = named["hash_algorithm"]["algorithm"].native if kind.endswith("v2") else "sha1"
            if digest not in (*_HASHES, "sha1"):
                break
            for certificate in certificates:
                der = certificate.public_bytes(Encoding.DER)
                if hashlib.new(digest, der, usedforsecurity=False).digest() == named["cert_hash"].native:
                    return certificate
    raise StampInvalid("the time-stamp's own certificate is not in it, or not named by it")


def _check_form(signed: Any, info: Any, signer: x509.Certificate) -> None:
    """What the signature does not cover says what it must (RFC 5652, 5.1 and 5.3): nothing is left to alter."""
    sid = info["sid"]
    if sid.name == "issuer_and_serial_number":
        named = sid.chosen["issuer"].dump() == signer.issuer.public_bytes()
        named = named and sid.chosen["serial_number"].native == signer.serial_number
    else:
        key_id = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        named = sid.native == key_id
    version = "v1" if sid.name == "issuer_and_serial_number" else "v3"
    digests = [each["algorithm"].native for each in signed["digest_algorithms"]]
    algorithms = [*signed["digest_algorithms"], info["digest_algorithm"]]
    if info["signature_algorithm"].native["algorithm"] != "rsassa_pss":
        algorithms.append(info["signature_algorithm"])
    plain = all(isinstance(each["parameters"], core.Null | core.Void) for each in algorithms)
    if (
        not named
        or not plain
        or signed["version"].native != "v3"
        or info["version"].native != version
        or info["digest_algorithm"]["algorithm"].native not in digests
    ):
        raise StampInvalid("the time-stamp's outer parts do not say what its signature says")


def _check_signature(info: Any, octets: bytes, content: bytes, signer: x509.Certificate) -> None:
    """RFC 5652, section 5.4: what is signed are the attributes; one of them is the content's digest."""
    digest = info["digest_algorithm"]["algorithm"].native
    if digest not in DIGESTS:
        raise StampInvalid(f"the time-stamp is signed with the digest {digest}: SHA-256, -384 and -512 are accepted")
    attributes = {each["type"].native: each["values"] for each in info["signed_attrs"]}
    if (
        len(attributes) != len(info["signed_attrs"])
        or [each.native for each in attributes.get("content_type", ())] != ["tst_info"]
        or [each.native for each in attributes.get("message_digest", ())] != [hashlib.new(digest, content).digest()]
    ):
        raise StampInvalid("the time-stamp's signature is over something else than it says")
    value = info["signature"].native
    key, scheme = signer.public_key(), info["signature_algorithm"]
    kind = scheme.signature_algo
    named = digest
    if kind != "ed25519" and not scheme["algorithm"].native.startswith(("rsassa_pkcs1v15", "rsaes")):
        named = scheme.hash_algo  # an algorithm that names its own digest, which CMS lets differ
    if named not in _HASHES:
        raise StampInvalid("the time-stamp is signed with an algorithm that is not accepted")
    chosen = _HASHES[named]
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and kind == "ecdsa":
            key.verify(value, octets, ec.ECDSA(chosen))
        elif isinstance(key, rsa.RSAPublicKey) and kind == "rsassa_pkcs1v15":
            key.verify(value, octets, padding.PKCS1v15(), chosen)
        elif isinstance(key, rsa.RSAPublicKey) and kind == "rsassa_pss":
            salt = scheme["parameters"]["salt_length"].native
            key.verify(value, octets, padding.PSS(padding.MGF1(chosen), salt), chosen)
        elif isinstance(key, ed25519.Ed25519PublicKey) and kind == "ed25519":
            key.verify(value, octets)
        else:
            raise StampInvalid("the time-stamp is signed with an algorithm that is not accepted")
    except InvalidSignature:
        raise StampInvalid("the time-stamp's signature is false: it was altered") from None


def _check_purpose(signer: x509.Certificate, at: float) -> None:
    """RFC 3161, section 2.3: the one purpose timeStamping, and critical; and valid at that time."""
    try:
        purposes = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        purposes = None
    if purposes is None or not purposes.critical or list(purposes.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise StampInvalid("the time-stamp's certificate is not for time-stamping alone (extendedKeyUsage, critical)")
    if not signer.not_valid_before_utc.timestamp() <= at < signer.not_valid_after_utc.timestamp() + 1:
        raise StampInvalid("the time-stamp states a time at which its certificate was not valid")


def _accuracy(info: Any) -> int:
    found = info["accuracy"].native
    if not found:
        return 0
    seconds, millis, micros = (found.get(name) or 0 for name in ("seconds", "millis", "micros"))
    return int(seconds) * 1_000_000 + int(millis) * 1_000 + int(micros)
