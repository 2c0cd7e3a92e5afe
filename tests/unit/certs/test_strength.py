"""Keys that a member must not act with."""

import math
import random

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from esb.certs.keys import generate_key
from esb.certs.strength import _ROCA_PRIMES, breakable, weakness


def public_rsa(modulus: int, exponent: int = 65537) -> rsa.RSAPublicKey:
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def prime(bits: int, start: int) -> int:
    """The first probable prime above ``start`` with its two highest bits set."""
    candidate = start | (3 << bits - 2) | 1
    while math.gcd(candidate, 3 * 5 * 7 * 11 * 13) != 1 or pow(2, candidate - 1, candidate) != 1:
        candidate += 2
    return candidate


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048", "rsa3072", "ed25519"])
def test_the_kinds_that_are_made_here_are_accepted(kind: str) -> None:
    key = generate_key(kind).public_key()
    assert weakness(key) is None
    assert breakable(key) is None


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (public_rsa((1 << 1023) + 1), "1024 bits"),
        (public_rsa((1 << 2046) + 1), "2047 bits"),
        (public_rsa((1 << 4096) + 1), "4097 bits"),
        (public_rsa((1 << 2047) + 1, 3), "exponent"),
        (public_rsa((1 << 2047) + 1, 65535), "exponent"),
        (public_rsa((1 << 2047) + 1, 2**256 + 1), "exponent"),
        (ec.generate_private_key(ec.SECP521R1()).public_key(), "secp521r1"),
        (ec.generate_private_key(ec.SECP256K1()).public_key(), "secp256k1"),
        (ed448.Ed448PrivateKey.generate().public_key(), "kind"),
        (dsa.generate_private_key(1024).public_key(), "kind"),
        (object(), "kind"),
    ],
)
def test_weak_keys_are_named(key: object, says: str) -> None:
    assert says in (weakness(key) or "")


def test_close_primes_are_found() -> None:
    source = random.Random(7)
    first = prime(1024, source.getrandbits(1024))
    second = prime(1024, first + 2)
    assert "close" in (breakable(public_rsa(first * second)) or "")
    assert "close" in (breakable(public_rsa(first * prime(1024, second + (1 << 516)))) or "")


def test_a_small_factor_is_found() -> None:
    odd = random.Random(3).getrandbits(2040) | (3 << 2038) | 1
    assert "small factor" in (breakable(public_rsa(odd * 251)) or "")


def test_a_modulus_of_the_faulty_generator_is_found() -> None:
    primorial = math.prod(_ROCA_PRIMES)
    source = random.Random(11)

    def faulty() -> int:
        while True:
            candidate = source.getrandbits(790) * primorial + pow(65537, source.getrandbits(64), primorial)
            if candidate.bit_length() >= 1000 and pow(2, candidate - 1, candidate) == 1:
                return candidate

    modulus = faulty() * faulty()
    assert "CVE-2017-15361" in (breakable(public_rsa(modulus)) or "")


def test_only_rsa_is_tried() -> None:
    assert breakable(ed25519.Ed25519PrivateKey.generate().public_key()) is None
