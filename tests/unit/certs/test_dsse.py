"""Signed documents: verified before they are read, by openssl too, and one kind never passes for another."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from esb.certs.dsse import Forged, KeyUnfit, key_id, open_sealed, public_pem, read_public, seal, signer_of
from esb.certs.keys import FileKey, generate_key
from esb.kernel.canonical import canonical_json

KIND = "application/vnd.example+json"
PAYLOAD = b'{"a":1}'


@pytest.fixture(params=["ed25519", "p256", "p384"], scope="module")
def key(request: pytest.FixtureRequest) -> FileKey:
    return FileKey(generate_key(request.param))


def test_what_is_sealed_opens(key: FileKey) -> None:
    envelope = seal(PAYLOAD, KIND, key)
    other = public_pem(FileKey(generate_key("ed25519")))
    assert open_sealed(envelope, KIND, [other, public_pem(key)]) == PAYLOAD
    assert signer_of(envelope) == key_id(read_public(public_pem(key)))
    assert envelope == canonical_json(json.loads(envelope))


def test_openssl_verifies_it(key: FileKey, tmp_path: Path) -> None:
    facts = json.loads(seal(PAYLOAD, KIND, key))
    signed = b"DSSEv1 %d %b %d %b" % (len(KIND), KIND.encode(), len(PAYLOAD), PAYLOAD)
    for name, content in (
        ("data", signed),
        ("sig", base64.b64decode(facts["signatures"][0]["sig"])),
        ("pub", public_pem(key).encode()),
    ):
        (tmp_path / name).write_bytes(content)
    digest = {"p256": ["-digest", "sha256"], "p384": ["-digest", "sha384"]}
    kind = "ed25519" if "ed25519" in key.algorithm else "p384" if "sha384" in key.algorithm else "p256"
    done = subprocess.run(
        [
            *("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "pub", "-rawin", *digest.get(kind, [])),
            *("-in", "data", "-sigfile", "sig"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "Verified Successfully" in done.stdout, done.stderr


def test_nobody_elses_is_believed(key: FileKey) -> None:
    other = FileKey(generate_key("ed25519"))
    with pytest.raises(Forged, match="trusted here"):
        open_sealed(seal(PAYLOAD, KIND, other), KIND, [public_pem(key)])
    # Under the trusted key's name, with the other's signature.
    facts = json.loads(seal(PAYLOAD, KIND, other))
    facts["signatures"][0]["keyid"] = key_id(read_public(public_pem(key)))
    with pytest.raises(Forged, match="does not verify"):
        open_sealed(canonical_json(facts), KIND, [public_pem(key)])


def test_one_kind_never_passes_for_another(key: FileKey) -> None:
    envelope = seal(PAYLOAD, "application/vnd.other+json", key)
    with pytest.raises(Forged, match="another kind"):
        open_sealed(envelope, KIND, [public_pem(key)])
    facts = json.loads(envelope)
    facts["payloadType"] = KIND
    with pytest.raises(Forged, match="does not verify"):
        open_sealed(canonical_json(facts), KIND, [public_pem(key)])


@pytest.mark.parametrize(
    "spoilt",
    [b"", b"{}", b"[]", b"nonsense", b'{"payload":"!","payloadType":"x","signatures":[]}', b'{"payload":1}', b"\xff"],
)
def test_what_is_no_envelope(spoilt: bytes) -> None:
    with pytest.raises(Forged, match="not a signed envelope"):
        open_sealed(spoilt, KIND, [])
    assert signer_of(spoilt) == ""


def test_every_changed_byte_is_found(key: FileKey) -> None:
    envelope, trusted = seal(PAYLOAD, KIND, key), [public_pem(key)]
    for at in range(len(envelope)):
        spoilt = bytearray(envelope)
        spoilt[at] ^= 1
        try:
            payload: Any = open_sealed(bytes(spoilt), KIND, trusted)
        except Forged:
            continue
        # Base64 has bits that mean nothing at its end; whatever opens is what was signed.
        assert payload == PAYLOAD


def test_keys_that_sign_no_documents() -> None:
    with pytest.raises(KeyUnfit, match="Ed25519"):
        seal(PAYLOAD, KIND, FileKey(generate_key("rsa2048")))
    with pytest.raises(KeyUnfit, match="PEM"):
        read_public("nonsense")
