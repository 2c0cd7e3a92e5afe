"""What can go wrong with a private key before it ever signs, and what its signatures look like."""

import os
import stat
import subprocess
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from esb.certs import keys
from esb.certs.keys import FileKey, KeyUnusable, PrivateKey, SigningKey, WrongPassphrase
from esb.kernel import namespaces as ns

PASSPHRASE = "şifrə 7".encode()


@cache
def made(kind: str) -> PrivateKey:
    return keys.generate_key(kind)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bus.key"
    keys.store_key(made("p256"), path, PASSPHRASE)
    return path


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048", "rsa3072", "ed25519"])
def test_a_stored_key_opens_and_is_the_same(kind: str, tmp_path: Path) -> None:
    keys.store_key(made(kind), tmp_path / "k", PASSPHRASE)
    assert keys.load_key(tmp_path / "k", PASSPHRASE).public_key() == made(kind).public_key()


def test_rsa_signs_pkcs1_with_sha256() -> None:
    key: SigningKey = FileKey(made("rsa2048"))
    assert key.algorithm == ns.RSA_SHA256
    public = key.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(key.sign(b"data"), b"data", padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(
    ("kind", "size", "algorithm", "digest"),
    [("p256", 32, ns.ECDSA_SHA256, hashes.SHA256()), ("p384", 48, ns.ECDSA_SHA384, hashes.SHA384())],
)
def test_ecdsa_values_always_have_the_curves_size(
    kind: str, size: int, algorithm: str, digest: hashes.HashAlgorithm
) -> None:
    key = FileKey(made(kind))
    assert key.algorithm == algorithm
    public = key.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    # One r or s in 256 is shorter than the rest: enough signatures to meet some.
    for number in range(600):
        data = number.to_bytes(2, "big")
        value = key.sign(data)
        assert len(value) == 2 * size
        r, s = int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big")
        public.verify(encode_dss_signature(r, s), data, ec.ECDSA(digest))


def test_ed25519_signs_as_it_is() -> None:
    key = FileKey(made("ed25519"))
    assert key.algorithm == ns.EDDSA_ED25519
    assert len(key.sign(b"data")) == 64


def test_the_file_is_private_from_the_first_moment(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == ["bus.key"]


def test_openssl_opens_the_file(file: Path) -> None:
    command = ["openssl", "pkey", "-in", file, "-passin", b"pass:" + PASSPHRASE, "-pubout"]
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    assert serialization.load_pem_public_key(printed) == made("p256").public_key()


def test_a_file_that_openssl_sealed_opens(tmp_path: Path) -> None:
    path = tmp_path / "k"
    plain = made("p256").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for number, options in enumerate((["-scrypt"], ["-iter", "100000"])):
        sealed = subprocess.run(
            ["openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc", *options, "-passout", "pass:x"],
            input=plain,
            check=True,
            capture_output=True,
        ).stdout
        path = tmp_path / str(number)
        path.write_bytes(sealed)
        path.chmod(0o600)
        assert keys.load_key(path, b"x").public_key() == made("p256").public_key()


def test_a_key_never_takes_the_place_of_another(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(KeyUnusable, match="not overwritten"):
        keys.store_key(made("p384"), file, PASSPHRASE)
    assert file.read_bytes() == before
    assert len(list(file.parent.iterdir())) == 1


def test_a_key_is_never_stored_without_a_passphrase(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="passphrase"):
        keys.store_key(made("p256"), tmp_path / "k", b"")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="cannot be written"):
        keys.store_key(made("p256"), tmp_path / "no" / "k", PASSPHRASE)


def test_a_wrong_passphrase_is_told_apart_whatever_it_decrypts_to(file: Path) -> None:
    # A wrong key passes the padding's check once in 256 times: the error must be the same then.
    broken = Path(f"{file}.2")
    openssl = ["openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-iter", "1", "-passout", "pass:right"]
    plain = made("p256").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    broken.write_bytes(subprocess.run(openssl, input=plain, check=True, capture_output=True).stdout)
    broken.chmod(0o600)
    for number in range(600):
        with pytest.raises(WrongPassphrase) as caught:
            keys.load_key(broken, b"secret%d" % number)
        assert "secret" not in str(caught.value)
        assert caught.value.__suppress_context__


def test_no_passphrase_is_a_wrong_one(file: Path) -> None:
    with pytest.raises(WrongPassphrase, match="no passphrase"):
        keys.load_key(file, b"")


def test_a_broken_file_is_not_blamed_on_the_passphrase(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-80])
    with pytest.raises(KeyUnusable, match="broken") as caught:
        keys.load_key(file, PASSPHRASE)
    assert not isinstance(caught.value, WrongPassphrase)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o601])
def test_a_file_that_others_can_reach_is_refused_with_the_command(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(KeyUnusable, match=f"chmod 600 {file}"):
        keys.load_key(file, PASSPHRASE)


def test_the_command_that_mends_can_be_pasted_whatever_the_path(tmp_path: Path) -> None:
    path = tmp_path / "bus key; $(id)"
    keys.store_key(made("p256"), path, PASSPHRASE)
    path.chmod(0o644)
    with pytest.raises(KeyUnusable) as caught:
        keys.load_key(path, PASSPHRASE)
    subprocess.run(["sh", "-c", str(caught.value).partition("Close it: ")[2]], check=True)
    assert keys.load_key(path, PASSPHRASE)


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_a_key_that_lies_open_is_refused_with_the_command(form: serialization.PrivateFormat, tmp_path: Path) -> None:
    path = tmp_path / "k"
    path.write_bytes(made("p256").private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    path.chmod(0o600)
    with pytest.raises(KeyUnusable, match=r"not encrypted.*openssl pkcs8 -topk8"):
        keys.load_key(path, PASSPHRASE)


def test_the_old_encryption_of_openssl_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k"
    form = serialization.PrivateFormat.TraditionalOpenSSL
    path.write_bytes(
        made("p256").private_bytes(serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"x"))
    )
    path.chmod(0o600)
    with pytest.raises(KeyUnusable, match="PKCS#8"):
        keys.load_key(path, b"x")


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\n", b"A" * 70_000])
def test_another_file_is_not_a_key(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "k"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyUnusable):
        keys.load_key(path, PASSPHRASE)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "missing"):
        with pytest.raises(KeyUnusable):
            keys.load_key(path, PASSPHRASE)


def test_weak_and_foreign_keys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="1024 bits"):
        FileKey(rsa.generate_private_key(65537, 1024))
    keys.store_key(ed448.Ed448PrivateKey.generate(), tmp_path / "k", PASSPHRASE)  # type: ignore[arg-type]
    with pytest.raises(KeyUnusable, match="kind"):
        keys.load_key(tmp_path / "k", PASSPHRASE)
    with pytest.raises(KeyUnusable, match="choose one of"):
        keys.generate_key("rsa1024")


def test_nothing_secret_shows() -> None:
    assert repr(FileKey(made("p256"))) == f"FileKey(algorithm='{ns.ECDSA_SHA256}')"
