"""One suite for every place that a private key can lie in: an encrypted file, and a device (SoftHSM)."""

import datetime
import hashlib
import subprocess
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from support import softhsm

from esb.certs.ca import Subject, create_authority, issue, serial_number, sign_crl
from esb.certs.keys import KeyUnusable, WrongPassphrase, generate_key, load_key, make_key, store_key
from esb.certs.requests import make_request, read_request
from esb.certs.sign import PartDigest, Signer
from esb.kernel import namespaces as ns
from esb.kernel.directory import CertificateUse
from esb.kernel.soap import SoapVersion
from esb.kernel.token_uri import KeyPlace

PASSPHRASE = "şifrə 7".encode()
NOW = 1_800_000_000.0
KINDS = ("p256", "p384", "rsa2048")


@cache
def _token() -> str:
    return softhsm.fresh_token()


@cache
def _made(where: str, kind: str) -> KeyPlace:
    if where == "device":
        place: KeyPlace = softhsm.uri(_token(), f"k-{kind}")
    else:
        place = softhsm.folder() / f"{kind}.key"
    make_key(place, kind, PASSPHRASE)
    return place


@pytest.fixture(params=["file", "device"])
def where(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=KINDS)
def key(request: pytest.FixtureRequest, where: str) -> Any:
    return load_key(_made(where, request.param), PASSPHRASE)


def test_its_signature_is_what_xml_signature_asks_for(key: Any) -> None:
    public = key.public_key()
    for number in range(40):
        data = number.to_bytes(2, "big")
        value = key.sign(data)
        if isinstance(public, rsa.RSAPublicKey):
            assert key.algorithm == ns.RSA_SHA256
            public.verify(value, data, padding.PKCS1v15(), hashes.SHA256())
            continue
        wide = public.key_size == 384
        assert key.algorithm == (ns.ECDSA_SHA384 if wide else ns.ECDSA_SHA256)
        half = public.key_size // 8
        assert len(value) == 2 * half
        r, s = int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
        public.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA384() if wide else hashes.SHA256()))


@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda each: each.name)
def test_it_signs_in_der_and_by_both_paddings(key: Any, digest: hashes.HashAlgorithm) -> None:
    public = key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(key.private_key.sign(b"data", ec.ECDSA(digest)), b"data", ec.ECDSA(digest))
        return
    schemes = [
        padding.PKCS1v15(),
        padding.PSS(padding.MGF1(digest), digest.digest_size),
        padding.PSS(padding.MGF1(digest), padding.PSS.MAX_LENGTH),
    ]
    for scheme in schemes:
        public.verify(key.private_key.sign(b"data", scheme, digest), b"data", scheme, digest)


def test_an_authority_issues_and_revokes_with_it(key: Any, tmp_path: Path) -> None:
    """What openssl then says of request, certificate and list outranks our own word."""
    private = key.private_key
    _, template = create_authority("Root", "p256", NOW, 400)
    root = (
        x509.CertificateBuilder(extensions=list(template.extensions)[:2])
        .subject_name(template.subject)
        .issuer_name(template.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(template.not_valid_before_utc)
        .not_valid_after(template.not_valid_after_utc)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )
    request = make_request(private, "DIN")
    member = read_request(make_request(generate_key("p256"), "DIN").public_bytes(serialization.Encoding.DER))
    issued = issue(
        private, root, member, Subject("DIN", "DIN"), CertificateUse.SIGNING, NOW, 10, serial_number(b"7" * 16)
    )
    revoked = sign_crl(private, root, [(issued.serial_number, NOW, "keyCompromise")], 1, NOW, 7)
    for name, made in (("root", root), ("leaf", issued), ("crl", revoked), ("csr", request)):
        (tmp_path / name).write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def openssl(*arguments: str) -> str:
        done = subprocess.run(["openssl", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    assert "OK" in openssl("req", "-in", "csr", "-verify", "-noout").replace("self-signature verify OK", "OK")
    at = str(int(NOW))
    assert "leaf: OK" in openssl("verify", "-attime", at, "-CAfile", "root", "leaf")
    assert "revoked" in openssl("verify", "-attime", at, "-CAfile", "root", "-crl_check", "-CRLfile", "crl", "leaf")


def test_a_header_is_signed_with_it(key: Any) -> None:
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2036, 1, 1, tzinfo=datetime.UTC))
        .sign(key.private_key, hashes.SHA256())
    )
    part = PartDigest("body", hashlib.sha256(b"x").digest())
    header = Signer(key, certificate).security_header(SoapVersion.V11, (part,), NOW, 300, "x", None)
    assert b"SignatureValue" in header


def test_many_threads_sign_at_once(key: Any) -> None:
    public, wrong = key.public_key(), []

    def work() -> None:
        for number in range(10):
            data = f"{threading.get_ident()} {number}".encode()
            value = key.private_key.sign(data, *_scheme(public))
            try:
                public.verify(value, data, *_scheme(public))
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def _scheme(public: Any) -> tuple[Any, ...]:
    if isinstance(public, rsa.RSAPublicKey):
        return padding.PKCS1v15(), hashes.SHA256()
    return (ec.ECDSA(hashes.SHA256()),)


def test_no_key_takes_anothers_place(where: str) -> None:
    place = _made(where, "p256")
    before = load_key(place, PASSPHRASE).public_key()
    with pytest.raises(KeyUnusable, match="exists"):
        make_key(place, "p256", PASSPHRASE)
    assert load_key(place, PASSPHRASE).public_key() == before


def test_a_wrong_secret_is_told_and_not_repeated(where: str) -> None:
    place = _made(where, "p256")
    if where == "device":
        place = softhsm.uri(_token(), "k-p256", pin_source=False)
        softhsm.log_out(place)
    with pytest.raises(WrongPassphrase) as told:
        load_key(place, b"wrong-secret-4711")
    assert "4711" not in str(told.value)
    assert "4711" not in repr(told.value.__cause__)
    if where == "device":
        assert load_key(place, softhsm.PIN.encode()).algorithm == ns.ECDSA_SHA256


def test_a_missing_key_says_how_to_make_one(where: str) -> None:
    place = softhsm.uri(_token(), "none") if where == "device" else Path("/nonexistent/x.key")
    with pytest.raises(KeyUnusable, match=r"esb key make|cannot be read"):
        load_key(place, PASSPHRASE)


def test_no_kind_of_key_that_is_unknown_is_made(where: str, tmp_path: Path) -> None:
    place = softhsm.uri(_token(), "odd") if where == "device" else tmp_path / "odd.key"
    with pytest.raises(KeyUnusable, match="choose one of"):
        make_key(place, "dsa1024", PASSPHRASE)


def test_the_private_key_of_a_device_stays_there() -> None:
    key = load_key(_made("device", "p256"), PASSPHRASE)
    assert key.extractable is False
    for act in (
        key.private_key.private_numbers,
        lambda: key.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        lambda: key.private_key.exchange(ec.ECDH(), key.public_key()),
    ):
        with pytest.raises(KeyUnusable):
            act()
    with pytest.raises(KeyUnusable):
        store_key(key.private_key, Path("/tmp/never"), PASSPHRASE)


def test_a_lost_session_is_opened_again() -> None:
    """Another program closed it, or the device restarted: the next signature comes all the same."""
    place = _made("device", "p256")
    key = load_key(place, PASSPHRASE)
    first = key.sign(b"x")
    softhsm.log_out(place)
    assert len(key.sign(b"x")) == len(first)
    softhsm.restart(place)
    assert len(key.sign(b"x")) == len(first)


def test_a_token_that_went_is_told_and_found_again_when_it_is_back() -> None:
    label = softhsm.fresh_token()
    place = softhsm.uri(label, "away")
    make_key(place, "p256", PASSPHRASE)
    key = load_key(place, PASSPHRASE)
    with softhsm.unplugged(place, label):
        with pytest.raises(KeyUnusable, match="not there"):
            key.sign(b"x")
        with pytest.raises(KeyUnusable, match="not there"):
            key.sign(b"x")
    assert len(key.sign(b"x")) == 64


def test_lost_sessions_under_threads_cost_no_signature() -> None:
    place = _made("device", "p256")
    key = load_key(place, PASSPHRASE)
    ended = time.monotonic() + 1.5
    wrong: list[Exception] = []
    signed: list[int] = []

    def work() -> None:
        while time.monotonic() < ended:
            try:
                signed.append(len(key.sign(b"x")))
            except KeyUnusable as error:
                wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    while time.monotonic() < ended:
        softhsm.restart(place)
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(signed) > 100


def test_a_child_of_a_fork_has_sessions_of_its_own() -> None:
    place = _made("device", "p256")
    done = subprocess.run(
        [softhsm.PYTHON, "-c", _FORKS, str(place)], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.stdout.split() == ["64", "64", "0"], done.stderr


_FORKS = """
import os, sys
from esb.certs.keys import load_key
from esb.kernel.token_uri import parse_token_uri
key = load_key(parse_token_uri(sys.argv[1]), b"")
print(len(key.sign(b"x")), flush=True)
child = os.fork()
if child == 0:
    print(len(key.sign(b"x")), flush=True)
    os._exit(0)
print(os.waitpid(child, 0)[1])
"""


def test_one_try_of_the_pin_is_left_to_people() -> None:
    """A service that is started again and again must not lock a token with its wrong PIN."""
    from esb.certs.token_module import check_pin_left

    class Token:
        flags = 0x20000

    with pytest.raises(KeyUnusable, match="one try"):
        check_pin_left(Token(), softhsm.uri("x", "y"))
    Token.flags = 0x40000
    with pytest.raises(KeyUnusable, match="locked"):
        check_pin_left(Token(), softhsm.uri("x", "y"))
