"""Signed documents: DSSE envelopes (github.com/secure-systems-lab/dsse, version 1.0.2) by Ed25519 or ECDSA keys.

What is signed are the octets of the payload together with its type, before anybody reads them: nothing of a document is
parsed that was not verified, and one kind of document never passes for another.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from esb.certs.keys import SigningKey
from esb.kernel.canonical import canonical_json
from esb.kernel.faults import EsbError
from esb.kernel.plain import NotPlain, read_json

PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey
"""The keys that verify a signed document: Ed25519, P-256 with SHA-256, P-384 with SHA-384."""


class Forged(EsbError):
    """A document is not signed by a key that is trusted for it, or not over these octets."""


class KeyUnfit(EsbError):
    """A key cannot sign documents, or a file holds no public key that verifies them."""


def seal(payload: bytes, kind: str, key: SigningKey) -> bytes:
    """Sign a payload; the envelope as canonical JSON.

    Args:
        kind: the payload's media type.

    Raises:
        KeyUnfit: the key is neither Ed25519 nor on P-256 or P-384.
    """
    public = _fit(key.public_key())
    signature = key.sign(_signed(payload, kind))
    if isinstance(public, ec.EllipticCurvePublicKey):
        # Keys sign as XML wants it, r and s side by side; whoever else verifies an ECDSA signature wants DER.
        half = len(signature) // 2
        signature = encode_dss_signature(
            int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
        )
    return canonical_json(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": kind,
            "signatures": [{"keyid": key_id(public), "sig": base64.b64encode(signature).decode()}],
        }
    )


def open_sealed(envelope: bytes, kind: str, trusted: Iterable[str]) -> bytes:
    """Verify an envelope and return its payload.

    Args:
        kind: the media type that the payload must have.
        trusted: the public keys that may have signed it, PEM.

    Raises:
        Forged: it is no envelope of this kind, or no trusted key signed it.
        KeyUnfit: a trusted key cannot be read.
    """
    keys = {key_id(key): key for key in map(read_public, trusted)}
    try:
        facts = read_json(envelope)
        payload = base64.b64decode(facts["payload"], validate=True)
        signatures = [
            (str(each["keyid"]), base64.b64decode(each["sig"], validate=True)) for each in facts["signatures"]
        ]
        found = facts["payloadType"]
    except (NotPlain, KeyError, TypeError, ValueError, binascii.Error):
        raise Forged("the document is not a signed envelope") from None
    if found != kind:
        raise Forged("the document is signed as one of another kind")
    for name, signature in signatures:
        key = keys.get(name)
        if key is not None and _verifies(key, signature, _signed(payload, kind)):
            return payload
    if any(name in keys for name, _ in signatures):
        raise Forged("the document's signature does not verify: it was altered, or made by somebody else")
    raise Forged("the document is not signed by a key that is trusted here")


def signer_of(envelope: bytes) -> str:
    """The id of the key that an envelope says it is signed by, unverified; "" where it says none."""
    try:
        return str(json.loads(envelope)["signatures"][0]["keyid"])
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return ""


def key_id(key: PublicKey) -> str:
    """How a key is named: SHA-256 of its SubjectPublicKeyInfo, in hex."""
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def public_pem(key: SigningKey) -> str:
    """The public key of a signing key, PEM.

    Raises:
        KeyUnfit: as :func:`seal`.
    """
    pem = _fit(key.public_key()).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode()


def read_public(pem: str) -> PublicKey:
    """Read a public key in PEM.

    Raises:
        KeyUnfit: it is none that verifies documents.
    """
    try:
        return _fit(serialization.load_pem_public_key(pem.encode()))
    except ValueError:
        raise KeyUnfit("a trusted key is not a public key in PEM: give the file that esb snapshot key wrote") from None


def _fit(key: object) -> PublicKey:
    if isinstance(key, ed25519.Ed25519PublicKey) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in ("secp256r1", "secp384r1")
    ):
        return key
    raise KeyUnfit("documents are signed with Ed25519, P-256 or P-384 keys: choose one of these")


def _signed(payload: bytes, kind: str) -> bytes:
    """DSSE's pre-authentication encoding."""
    return b"DSSEv1 %d %b %d %b" % (len(kind.encode()), kind.encode(), len(payload), payload)


def _verifies(key: PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        else:
            digest = hashes.SHA384() if key.key_size == 384 else hashes.SHA256()
            key.verify(signature, data, ec.ECDSA(digest))
    except InvalidSignature:
        return False
    return True
