"""What a key in a device refuses to do; that it signs is in tests/contract/test_keys.py."""

import copy
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from support import softhsm

from esb.certs.token_key import make_token_key
from esb.certs.unusable import KeyUnusable


@cache
def _key(kind: str) -> Any:
    return make_token_key(softhsm.uri(softhsm.fresh_token(), kind), kind, b"").private_key


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_it_does_not_come_out(kind: str) -> None:
    key = _key(kind)
    with pytest.raises(KeyUnusable, match="does not come out"):
        key.private_numbers()
    with pytest.raises(KeyUnusable, match="does not come out"):
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    assert copy.copy(key) is key
    assert copy.deepcopy(key) is key


def test_it_signs_and_does_nothing_else() -> None:
    with pytest.raises(KeyUnusable, match="decrypts nothing"):
        _key("rsa2048").decrypt(b"x", padding.PKCS1v15())
    with pytest.raises(KeyUnusable, match="agrees on no keys"):
        _key("p256").exchange(ec.ECDH(), _key("p256").public_key())
    with pytest.raises(KeyUnusable, match="not used with sha1"):
        _key("p256").sign(b"x", ec.ECDSA(hashes.SHA1()))
    with pytest.raises(KeyUnusable, match="padding"):
        _key("rsa2048").sign(b"x", padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None), hashes.SHA256())


def test_a_digest_that_was_made_before_is_signed() -> None:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(b"data")
    value = _key("p256").sign(digest.finalize(), ec.ECDSA(Prehashed(hashes.SHA256())))
    _key("p256").public_key().verify(value, b"data", ec.ECDSA(hashes.SHA256()))
