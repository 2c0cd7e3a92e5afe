"""The sealed form of a key file, judged by OpenSSL as well."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from esb.certs import envelope
from esb.certs.keys import generate_key

KEY = generate_key("p256")
PKCS8 = KEY.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
SEALED = envelope.seal(PKCS8, b"correct horse", b"s" * 16, b"i" * 16)
LENGTH = SEALED.index(b"\n") + 4  # where the document's length ends


def test_openssl_opens_it(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(SEALED)
    command = ["openssl", "pkcs8", "-in", file, "-passin", "pass:correct horse", "-outform", "DER", "-nocrypt"]
    subprocess.run([*command[:-1], "-out", tmp_path / "open.der"], check=True, capture_output=True)
    opened = serialization.load_der_private_key((tmp_path / "open.der").read_bytes(), None)
    assert opened.public_key() == KEY.public_key()


def test_openssl_reads_the_cost_that_was_meant(tmp_path: Path) -> None:
    """In a process of its own: this one makes cheap files."""
    file = tmp_path / "key.pem"
    make = "store_key(generate_key('p256'), pathlib.Path(sys.argv[1]), b'x')"
    imports = "import pathlib, sys; from esb.certs.keys import generate_key, store_key"
    subprocess.run([sys.executable, "-c", f"{imports}; {make}", file], check=True)
    shown = subprocess.run(["openssl", "asn1parse", "-in", file], check=True, capture_output=True, text=True).stdout
    assert "scrypt" in shown
    assert "aes-256-cbc" in shown
    assert "INTEGER           :4000" in shown


def test_what_is_sealed_is_whole() -> None:
    assert envelope.is_whole(SEALED)
    assert envelope.is_whole(SEALED.replace(b"\n", b"\r\n"))


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"\xff",
        SEALED[:200],
        SEALED.replace(b"-----END", b"A-----END"),
        SEALED[:LENGTH] + bytes([SEALED[LENGTH] - 1]) + SEALED[LENGTH + 1 :],
        SEALED + SEALED,
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n-----END ENCRYPTED PRIVATE KEY-----\n",
    ],
)
def test_what_is_cut_or_patched_is_not_whole(pem: bytes) -> None:
    assert not envelope.is_whole(pem)
