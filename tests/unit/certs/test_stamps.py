"""What is asked of a time-stamp authority, and each ground on which its token is not believed."""

import hashlib
import secrets
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from support.foreign_tsa import make_foreign_tsa
from support.offices import NOW, authority, office, openssl, write_pem

from esb.certs.profiles import OCSP_RESPONDER, TIME_STAMPING
from esb.certs.stamps import StampInvalid, StampVerifier, stamp_request, token_of
from esb.certs.tsa import StampRefused, TimeStamper, granted, read_request, rejected

DATA = b"bus.example/log\n7\nroot\n\n\xe2\x80\x94 bus.example/log c2ln\n"
IMPRINT = hashlib.sha256(DATA).digest()
POLICY = "1.3.6.1.4.1.99999.3"
KEYS = {kind: office(TIME_STAMPING, kind) for kind in ("p256", "p384", "rsa2048")}
VERIFIER = StampVerifier([authority()[1]])


def token(kind: str = "p256", nonce: int = 77, now: float = NOW + 1.5, imprint: bytes = IMPRINT) -> bytes:
    key, certificate = KEYS[kind]
    stamper = TimeStamper(key, certificate, authority()[1], POLICY, 1500)
    return token_of(granted(stamper.stamp(read_request(stamp_request(imprint, nonce)), now, secrets.token_bytes)))


TOKEN = token()


@pytest.mark.parametrize("kind", KEYS)
def test_what_a_token_says_is_read(kind: str) -> None:
    said = VERIFIER.check(token(kind), IMPRINT, 77)
    assert (said.at, said.accuracy, said.policy) == (int((NOW + 1.5) * 1_000_000), 1_500_000, POLICY)
    assert said.authority.startswith("CN=bus")


@pytest.mark.parametrize("kind", ["rsa", "ec", "chain"])
def test_the_token_of_a_foreign_authority_is_verified(kind: str, tmp_path: Path) -> None:
    """openssl's own authority, with its older ESSCertID; one of them below an authority that stands in the token."""
    make_foreign_tsa(tmp_path, kind)
    (tmp_path / "query").write_bytes(stamp_request(IMPRINT, 4711))
    openssl(tmp_path, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply")
    found = token_of((tmp_path / "reply").read_bytes())
    anchors = x509.load_pem_x509_certificates((tmp_path / "root.pem").read_bytes())
    assert StampVerifier(anchors).check(found, IMPRINT, 4711).policy == "1.2.3.4.1"
    with pytest.raises(StampInvalid, match="leads to none of the anchors"):
        VERIFIER.check(found, IMPRINT, 4711)


def test_a_token_of_something_else_or_of_another_request_is_not_believed() -> None:
    with pytest.raises(StampInvalid, match="digest is another"):
        VERIFIER.check(TOKEN, hashlib.sha256(b"other").digest())
    with pytest.raises(StampInvalid, match="nonce is another"):
        VERIFIER.check(TOKEN, IMPRINT, 78)
    assert VERIFIER.check(TOKEN, IMPRINT).at


def test_only_a_certificate_for_time_stamps_that_leads_to_an_anchor_is_believed() -> None:
    with pytest.raises(StampInvalid, match="leads to none"):
        StampVerifier([authority("p256", "Another")[1]]).check(TOKEN, IMPRINT)
    key, certificate = office(OCSP_RESPONDER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("esb.certs.tsa.check_delegated", lambda *_: None)
        stamper = TimeStamper(key, certificate, authority()[1], POLICY, 1500)
    made = stamper.stamp(read_request(stamp_request(IMPRINT, 1)), NOW, secrets.token_bytes)
    with pytest.raises(StampInvalid, match="not for time-stamping alone"):
        VERIFIER.check(made, IMPRINT)


def test_every_octet_counts() -> None:
    """No bit of a token can be changed unseen, outside the signature or within."""
    for place in range(len(TOKEN)):
        altered = TOKEN[:place] + bytes([TOKEN[place] ^ 1]) + TOKEN[place + 1 :]
        with pytest.raises(StampInvalid):
            VERIFIER.check(altered, IMPRINT)


@given(st.binary(max_size=64), st.integers(0, len(TOKEN) - 1))
def test_damage_is_told_and_never_more(noise: bytes, place: int) -> None:
    damaged = TOKEN[:place] + noise + TOKEN[place + len(noise) :]
    if damaged != TOKEN:
        with pytest.raises(StampInvalid):
            VERIFIER.check(damaged, IMPRINT)
    with pytest.raises(StampInvalid):
        token_of(noise)


def test_a_refusal_tells_why() -> None:
    with pytest.raises(StampInvalid, match="gives no stamp: out of ink; bad_alg"):
        token_of(rejected(StampRefused("bad_alg", "out of ink")))


def test_openssl_verifies_what_was_asked_for(tmp_path: Path) -> None:
    write_pem(tmp_path / "root.pem", authority()[1])
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "token").write_bytes(TOKEN)
    verify = ("ts", "-verify", "-token_in", "-in", "token", "-data", "data", "-CAfile", "root.pem")
    assert "Verification: OK" in openssl(tmp_path, *verify, "-attime", int(NOW) + 60)
