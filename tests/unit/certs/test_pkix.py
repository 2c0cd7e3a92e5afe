"""Signatures in the forms of X.509's relatives, whatever the key."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from esb.certs.keys import FileKey, KeyUnusable, generate_key
from esb.certs.pkix import PkixSigner


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048"])
def test_another_library_verifies_it(kind: str) -> None:
    key = generate_key(kind)
    signer = PkixSigner.of(FileKey(key))
    public, digest = key.public_key(), hashes.SHA384() if kind == "p384" else hashes.SHA256()
    for number in range(20):  # r and s of every length
        data = bytes([number])
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signer.sign(data), data, ec.ECDSA(digest))
        else:
            assert isinstance(public, rsa.RSAPublicKey)
            public.verify(signer.sign(data), data, padding.PKCS1v15(), digest)
    assert signer.digest == digest.name


def test_a_key_without_a_digest_is_refused() -> None:
    with pytest.raises(KeyUnusable):
        PkixSigner.of(FileKey(generate_key("ed25519")))
