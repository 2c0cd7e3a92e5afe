"""Keys of a serving bus: tried when they are opened, watched afterwards, tried again when they failed."""

import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support import softhsm

from esb.admin.keyring import Keyring
from esb.certs.ca import Subject, create_authority, issue, serial_number
from esb.certs.keys import KeyUnusable, load_key, make_key
from esb.certs.requests import make_request, read_request
from esb.kernel.directory import CertificateUse
from esb.kernel.soap import SoapVersion

NOW = 1_800_000_000.0


def certified(private: Any) -> Any:
    key, root = create_authority("Root", "p256", NOW, 40)
    request = read_request(make_request(private, "bus").public_bytes(Encoding.DER))
    return issue(key, root, request, Subject("bus", "bus"), CertificateUse.SIGNING, NOW, 10, serial_number(b"7" * 16))


def test_a_key_that_is_not_the_certificates_is_refused(tmp_path: Path) -> None:
    mine, other = make_key(tmp_path / "a.key", "p256", b"x"), make_key(tmp_path / "b.key", "p256", b"x")
    ring = Keyring(b"x", time.monotonic, lambda *_, **__: None)
    with pytest.raises(KeyUnusable, match=r"a\.key: the certificate is not for this key"):
        ring.signer(tmp_path / "a.key", lambda: certified(other.private_key))
    assert ring.signer(tmp_path / "a.key", lambda: certified(mine.private_key))
    assert ring.problem() == ""


def test_a_device_that_is_away_is_a_problem_until_it_is_back() -> None:
    label = softhsm.fresh_token()
    place = softhsm.uri(label, "ring")
    made = make_key(place, "p256", b"")
    told: list[str] = []
    ring = Keyring(b"", time.monotonic, lambda text, **_: told.append(text))
    signer = ring.signer(place, lambda: certified(made.private_key))
    assert told == []
    with softhsm.unplugged(place, label):
        with pytest.raises(KeyUnusable):
            signer.security_header(SoapVersion.V11, (), NOW, 300, "x", None)
        assert "not there" in ring.problem()
        ring.retry()
        assert "not there" in ring.problem()
    ring.retry()
    assert ring.problem() == ""


def test_a_key_that_could_be_taken_out_or_is_slow_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    place = softhsm.uri(softhsm.fresh_token(), "slow")
    certificate = certified(make_key(place, "p256", b"").private_key)
    ticks = iter(range(1000))
    told: list[str] = []
    ring = Keyring(b"", lambda: next(ticks) * 0.1, lambda text, **_: told.append(text))
    real = load_key(place, b"")
    object.__setattr__(real, "extractable", True)
    monkeypatch.setattr("esb.admin.keyring.load_key", lambda *_: real)
    ring.signer(place, lambda: certificate)
    assert ring.slow
    assert ["taken out" in text for text in told] == [True, False]
