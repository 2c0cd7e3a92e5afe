"""Which public keys are strong enough to act for a member."""

import math

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

RSA_BITS = range(2048, 4097)
"""Lawful sizes of an RSA modulus, in bits."""

_PRIMES = (2, *(n for n in range(3, 752, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2))))
_PRODUCT = math.prod(_PRIMES)
_CLOSE_PRIME_ROUNDS = 100

# Nemec and others, "The Return of Coppersmith's Attack" (CVE-2017-15361): such a modulus is a power of 65537 modulo
# each small prime, which a modulus of honest primes is by chance once in 2**27.
_ROCA_PRIMES = tuple(prime for prime in _PRIMES if 3 <= prime <= 167)
_ROCA_POWERS = {prime: frozenset(pow(65537, n, prime) for n in range(prime)) for prime in _ROCA_PRIMES}


def weakness(key: object) -> str | None:
    """Why ``key``, a public key of ``cryptography``, is not accepted; None when it is.  Costs next to nothing."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size not in RSA_BITS:
            return f"an RSA key of {key.key_size} bits: 2048 to 4096 are accepted"
        exponent = key.public_numbers().e
        # FIPS 186-5, A.1.1.
        if exponent % 2 == 0 or not 2**16 < exponent < 2**256:
            return "an RSA key with an unsafe public exponent: 65537 is usual"
        return None
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name in ("secp256r1", "secp384r1"):
            return None
        return f"a key on the curve {key.curve.name}: P-256 and P-384 are accepted"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return None
    return "a key of a kind that is not accepted: use P-256, P-384, RSA 2048 to 4096 or Ed25519"


def breakable(key: object) -> str | None:
    """Why ``key`` can be broken although its size is right; None when nothing is known against it.

    Tries what CA/Browser Forum BR 6.1.1.3 asks a CA to try: small factors, close primes (CVE-2022-26320, Fermat's
    method, 100 rounds) and ROCA (CVE-2017-15361).  Costs about a millisecond, so it is for keys that come in, once.
    """
    if not isinstance(key, rsa.RSAPublicKey):
        return None
    modulus = key.public_numbers().n
    if math.gcd(modulus, _PRODUCT) != 1:
        return "an RSA key whose modulus has a small factor: make a new key"
    if all(modulus % prime in powers for prime, powers in _ROCA_POWERS.items()):
        return "an RSA key made by a faulty generator (CVE-2017-15361): make a new key with another device or program"
    middle = math.isqrt(modulus)
    for step in range(1, _CLOSE_PRIME_ROUNDS + 1):
        square = (middle + step) ** 2 - modulus
        if math.isqrt(square) ** 2 == square:
            return "an RSA key whose two primes are close (CVE-2022-26320): make a new key with another program"
    return None
