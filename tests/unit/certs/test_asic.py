"""The signature of a container: one form, verified by libxmlsec as well, and nothing of it can be altered."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from support.rig import party

from esb.certs.asic import FileFacts, FilesTampered, facts_of, is_file_name, sign_files, verify_files
from esb.certs.keys import FileKey

FILES = {"README.txt": b"read me\n", "messages/request.xml": b"<a/>", "log/checkpoint": b"x\n1\n"}
MEDIA = {"README.txt": "text/plain", "messages/request.xml": "application/xml", "log/checkpoint": "text/plain"}
FACTS = {name: facts_of(content, MEDIA[name]) for name, content in FILES.items()}
KINDS = ("p256", "p384", "rsa2048", "ed25519")
NOW = 1_790_000_000.7


def signed(kind: str = "p256") -> bytes:
    own = party("", kind=kind)
    return sign_files(FACTS, FileKey(own.key), [own.certificate], NOW)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_signed_is_read_back(kind: str) -> None:
    found = verify_files(signed(kind))
    assert found.files == FACTS
    assert found.certificate == party("", kind=kind).certificate
    assert (found.chain, found.signed_at) == ((), 1_790_000_000.0)


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048"])
def test_libxmlsec_verifies_it_over_the_files_themselves(kind: str, tmp_path: Path) -> None:
    assert shutil.which("xmlsec1") is not None
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "signatures0.xml").write_bytes(signed(kind))
    (tmp_path / "bus.pem").write_bytes(party("", kind=kind).certificate.public_bytes(Encoding.PEM))
    words = ["xmlsec1", "--verify", "--enabled-reference-uris", "same-doc,remote", "--id-attr:Id", "SignedProperties"]
    command = [*words, "--pubkey-cert-pem", "bus.pem", "signatures0.xml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "4/4" in done.stdout + done.stderr
    (tmp_path / "README.txt").write_bytes(b"read ME\n")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode != 0


@given(st.data())
def test_no_octet_can_be_another(data: st.DataObject) -> None:
    octets = bytearray(_SIGNED)
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(FilesTampered):
        verify_files(bytes(octets))


_SIGNED = signed()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"</asic:XAdESSignatures>\n", b"</asic:XAdESSignatures>\n<!-- x -->\n"),
        (b"<ds:Object>", b"<ds:Object></ds:Object><ds:Object>"),
        (b"</ds:Reference><ds:Reference Id", b"</ds:Reference>\n<ds:Reference Id"),
        (b'URI="README.txt"', b"URI='README.txt'"),
        (b'URI="README.txt"', b'URI="../README.txt"'),
        (b'URI="README.txt"', b'URI="log/checkpoint"'),
        (b"text/plain", b"text/html"),
        (b"2026-09-21T", b"2026-09-22T"),
        (b"</ds:X509Data>", b"<ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>"),
        (b"<xades:MimeType>", b"<xades:MimeType><x/>"),
    ],
)  # fmt: skip
def test_another_form_is_refused(before: bytes, after: bytes) -> None:
    assert before in _SIGNED
    with pytest.raises(FilesTampered):
        verify_files(_SIGNED.replace(before, after, 1))


def test_another_certificate_or_another_digest_is_told() -> None:
    own, other = (party(owner).certificate.public_bytes(Encoding.DER) for owner in ("", "DIN"))
    from base64 import b64encode

    exchanged = _SIGNED.replace(b64encode(own), b64encode(other))
    digests = (b64encode(hashlib.sha256(each).digest()) for each in (own, other))
    with pytest.raises(FilesTampered):
        verify_files(exchanged)
    with pytest.raises(FilesTampered):
        verify_files(exchanged.replace(*digests))


def test_what_cannot_be_a_file_is_not_signed() -> None:
    own = party("")
    for name in ("", "/etc/passwd", "../x", "a/../b", "a//b", "META-INF/x", "a b", "ə.txt", ".x", "a/", "x" * 201):
        assert not is_file_name(name)
        with pytest.raises(ValueError, match="container may hold"):
            sign_files({name: FileFacts("text/plain", b"x" * 32)}, FileKey(own.key), [own.certificate], NOW)
    with pytest.raises(ValueError, match="some files"):
        sign_files({}, FileKey(own.key), [own.certificate], NOW)
