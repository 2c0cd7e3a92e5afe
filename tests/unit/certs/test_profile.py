"""The lists are allow-lists: what they must not hold is said here."""

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec

from esb.certs.profile import (
    CURVE_ORDERS,
    CURVE_SIZES,
    DIGEST_SIZES,
    DIGESTS,
    PSS_BY_DIGEST,
    SIGNATURES,
    Family,
    is_rsa,
)
from esb.kernel import namespaces as ns


def test_nothing_weak_is_listed():
    for uri in [*SIGNATURES, *DIGESTS]:
        assert not any(weak in uri.lower() for weak in ("sha1", "md5", "hmac", "dsa-sha1", "ripemd", "sha224"))


def test_every_uri_names_its_own_hash():
    for uri, algorithm in SIGNATURES.items():
        assert algorithm.uri == uri
        if algorithm.hash is None:
            assert algorithm.family is Family.ED25519
        else:
            assert algorithm.hash.name in uri
    for uri, digest in DIGESTS.items():
        assert digest().digest_size == DIGEST_SIZES[uri]
        assert uri.endswith(digest().name)
        assert PSS_BY_DIGEST[uri].hash.digest_size == DIGEST_SIZES[uri]
    assert DIGESTS["http://www.w3.org/2001/04/xmlenc#sha256"] is hashlib.sha256


def test_the_orders_are_those_of_the_curves():
    for curve in (ec.SECP256R1(), ec.SECP384R1()):
        order = CURVE_ORDERS[curve.name]
        assert order.bit_length() == curve.key_size == 8 * CURVE_SIZES[curve.name]
        # the private key n-1 gives the point of private key 1 mirrored: same x, so n is the order
        one, last = (ec.derive_private_key(number, curve).public_key().public_numbers() for number in (1, order - 1))
        assert one.x == last.x
        assert one.y != last.y


def test_what_is_rsa_is_told_by_the_uri_even_of_what_is_refused():
    for uri, algorithm in SIGNATURES.items():
        assert is_rsa(uri) is (algorithm.family in (Family.RSA, Family.RSA_PSS))
    assert all(map(is_rsa, (ns.RSA_PSS, f"{ns.DS}rsa-sha1", "http://www.w3.org/2001/04/xmldsig-more#rsa-md5")))
    for other in ("", "rsa-sha256#", f"{ns.DS}dsa-sha1", f"{ns.DS}hmac-sha1", "http://rsa.example/#ecdsa-sha256"):
        assert not is_rsa(other)
