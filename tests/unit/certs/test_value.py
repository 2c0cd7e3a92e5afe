"""The signature value: one spelling, one length, one key."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from esb.certs.profile import CURVE_ORDERS, SIGNATURES
from esb.certs.value import check_key, pss_padding, verify_value
from esb.kernel import namespaces as ns
from esb.kernel.faults import Refusal

DATA = b"<SignedInfo/>"


def rule_of(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value.rule.id


def test_algorithms_fit_their_own_kind_of_key_only(identity):
    fitting = {"p256": "ecdsa", "p384": "ecdsa", "rsa2048": "rsa", "rsa3072": "rsa", "ed25519": "ed25519"}
    for kind, name in fitting.items():
        key = identity(kind).known.key
        for uri, algorithm in SIGNATURES.items():
            if name in uri.lower().rpartition("#")[2]:
                check_key(algorithm, key)
            else:
                assert rule_of(check_key, algorithm, key) == "SIG-13"


def test_weak_keys_and_other_curves_do_not_fit():
    small = rsa.generate_private_key(65537, 1024).public_key()
    assert rule_of(check_key, SIGNATURES[ns.RSA_SHA256], small) == "SIG-13"
    for curve in (ec.SECP256K1(), ec.SECP521R1(), ec.BrainpoolP256R1()):
        other = ec.generate_private_key(curve).public_key()
        assert rule_of(check_key, SIGNATURES[ns.ECDSA_SHA256], other) == "SIG-13"


@pytest.mark.parametrize("kind", ["p256", "p384"])
def test_ecdsa_values(identity, kind):
    who = identity(kind)
    key, algorithm = who.known.key, SIGNATURES[who.key.algorithm]
    size, order = key.key_size // 8, CURVE_ORDERS[key.curve.name]
    value = who.key.sign(DATA)
    r, s = int.from_bytes(value[:size]), int.from_bytes(value[size:])
    low = verify_value(algorithm, key, value, DATA)
    assert int.from_bytes(low[size:]) == min(s, order - s)
    malleated = value[:size] + (order - s).to_bytes(size)
    assert verify_value(algorithm, key, malleated, DATA) == low
    zero, top = bytes(size), order.to_bytes(size)
    wrong = [
        b"",
        zero + zero,
        zero + value[size:],
        value[:size] + zero,
        value[:size] + top,
        top + value[size:],
        b"\xff" * (2 * size),
        value + b"\0",
        b"\0" + value,
        value[:-1],
        encode_dss_signature(r, s),
        value[size:] + value[:size],
    ]
    for other in wrong:
        assert rule_of(verify_value, algorithm, key, other, DATA) == "SIG-08"
    assert rule_of(verify_value, algorithm, key, value, DATA + b" ") == "SIG-08"


def test_rsa_values(identity):
    who = identity("rsa2048")
    key, algorithm = who.known.key, SIGNATURES[ns.RSA_SHA256]
    value = who.key.sign(DATA)
    assert verify_value(algorithm, key, value, DATA) == value
    for other in (b"", value[:-1], b"\0" + value, value + b"\0", bytes(256), b"\xff" * 256):
        assert rule_of(verify_value, algorithm, key, other, DATA) == "SIG-08"
    assert rule_of(verify_value, SIGNATURES[ns.RSA_SHA512], key, value, DATA) == "SIG-08"
    assert rule_of(verify_value, SIGNATURES[ns.RSA_PSS_SHA256], key, value, DATA) == "SIG-08"


def test_pss_salt_is_as_long_as_the_digest(identity):
    who = identity("rsa2048")
    key, algorithm = who.known.key, SIGNATURES[ns.RSA_PSS_SHA256]
    sign = who.key.private_key.sign
    sha256 = hashes.SHA256()
    assert verify_value(algorithm, key, sign(DATA, pss_padding(sha256), sha256), DATA)
    for scheme in (padding.PSS(padding.MGF1(sha256), 0), padding.PSS(padding.MGF1(hashes.SHA1()), 32)):
        assert rule_of(verify_value, algorithm, key, sign(DATA, scheme, sha256), DATA) == "SIG-08"


def test_ed25519_values(identity):
    who = identity("ed25519")
    key, algorithm = who.known.key, SIGNATURES[ns.EDDSA_ED25519]
    value = who.key.sign(DATA)
    assert verify_value(algorithm, key, value, DATA) == value
    for other in (b"", value[:-1], value + b"\0", bytes(64)):
        assert rule_of(verify_value, algorithm, key, other, DATA) == "SIG-08"
