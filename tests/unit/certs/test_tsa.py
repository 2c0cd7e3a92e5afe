"""A time-stamp authority as openssl and a client of others' judge it, and each ground on which it gives no stamp."""

import hashlib
import secrets
from pathlib import Path

import pytest
import rfc3161_client as client
from asn1crypto import cms, tsp
from hypothesis import given
from hypothesis import strategies as st
from support.offices import NOW, authority, office, openssl, write_pem

from esb.certs.keys import KeyUnusable
from esb.certs.profiles import OCSP_RESPONDER, TIME_STAMPING
from esb.certs.tsa import (
    MAX_REQUEST,
    Asked,
    StampRefused,
    SteadyClock,
    TimeStamper,
    granted,
    read_request,
    rejected,
    timestamp,
)

POLICY = "2.25.141403067291388036181271254973540973699"
OFFICES = {kind: office(TIME_STAMPING, kind) for kind in ("p256", "p384", "rsa2048")}
DATA = b"checkpoint"


def stamper(kind: str = "p256", accuracy_ms: int = 1500) -> TimeStamper:
    return TimeStamper(*OFFICES[kind], authority()[1], POLICY, accuracy_ms)


@pytest.mark.parametrize("kind", OFFICES)
@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_openssl_verifies_a_stamp(kind: str, digest: str, tmp_path: Path) -> None:
    write_pem(tmp_path / "root.pem", authority()[1])
    (tmp_path / "data").write_bytes(DATA)
    openssl(tmp_path, "ts", "-query", "-data", "data", f"-{digest}", "-cert", "-tspolicy", POLICY, "-out", "query")
    token = stamper(kind).stamp(read_request((tmp_path / "query").read_bytes()), NOW + 0.123, secrets.token_bytes)
    (tmp_path / "reply").write_bytes(granted(token))
    verify = ("ts", "-verify", "-in", "reply", "-CAfile", "root.pem", "-attime", int(NOW) + 60)
    assert "Verification: OK" in openssl(tmp_path, *verify, "-queryfile", "query")
    shown = openssl(tmp_path, "ts", "-reply", "-in", "reply", "-text")
    assert "Accuracy: 0x01 seconds, 0x01F4 millis" in shown
    assert "Ordering: no" in shown
    assert f"Policy OID: {POLICY}" in shown
    assert "Jan 15 08:00:00.123 2027 GMT" in shown
    (tmp_path / "data").write_bytes(DATA + b"!")
    assert "Verification: FAILED" in openssl(tmp_path, *verify, "-data", "data")


def test_another_client_verifies_a_stamp() -> None:
    request = client.TimestampRequestBuilder().data(DATA).nonce(nonce=True).build()
    asked = read_request(request.as_bytes())
    response = client.decode_timestamp_response(granted(stamper().stamp(asked, NOW, secrets.token_bytes)))
    verifier = (
        client.VerifierBuilder()
        .add_root_certificate(authority()[1])
        .tsa_certificate(OFFICES["p256"][1])
        .nonce(request.nonce)
        .policy_id(response.tst_info.policy)
        .build()
    )
    assert verifier.verify_message(response, DATA)
    with pytest.raises(client.VerificationError):
        verifier.verify_message(response, b"other")


def test_in_this_process_a_digest_is_stamped_without_a_request() -> None:
    token = timestamp(stamper(), hashlib.sha256(DATA).digest(), NOW, secrets.token_bytes)
    info = info_of(token)
    assert info["message_imprint"]["hashed_message"].native == hashlib.sha256(DATA).digest()
    assert info["nonce"].native is None
    assert info["gen_time"].native.timestamp() == NOW


def info_of(token: bytes) -> tsp.TSTInfo:
    found: tsp.TSTInfo = cms.ContentInfo.load(token, strict=True)["content"]["encap_content_info"]["content"].parsed
    return found


def asked(**more: object) -> Asked:
    return Asked(**{"digest": "sha256", "imprint": bytes(32), **more})  # type: ignore[arg-type]


def test_the_certificate_is_there_when_asked_for_alone() -> None:
    for wanted in (True, False):
        token = stamper().stamp(asked(with_certificate=wanted), NOW, secrets.token_bytes)
        assert bool(len(cms.ContentInfo.load(token)["content"]["certificates"])) is wanted


def test_serial_numbers_differ_in_one_moment_and_hold_160_bits() -> None:
    serials = {info_of(stamper().stamp(asked(), NOW, secrets.token_bytes))["serial_number"].native for _ in range(50)}
    assert len(serials) == 50
    assert max(serials).bit_length() <= 160


@pytest.mark.parametrize("nonce", [0, 1, -1, 255, 1 << 63, -(1 << 63), (1 << 160) - 1])
def test_any_nonce_comes_back(nonce: int) -> None:
    assert info_of(stamper().stamp(asked(nonce=nonce), NOW, secrets.token_bytes))["nonce"].native == nonce


def request_of(**changes: object) -> bytes:
    facts: dict[str, object] = {
        "version": "v1",
        "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)},
        **changes,
    }
    octets: bytes = tsp.TimeStampReq(facts).dump()
    return octets


@pytest.mark.parametrize(
    ("octets", "failure"),
    [
        (b"", "bad_data_format"),
        (b"x" * (MAX_REQUEST + 1), "bad_data_format"),
        (request_of() + b"\0", "bad_data_format"),
        (request_of(version=3), "bad_request"),
        (request_of(nonce=1 << 600), "bad_request"),
        (request_of(extensions=[{"extn_id": "1.2.3.4", "extn_value": b"\x05\x00"}]), "unaccepted_extension"),
        (
            request_of(message_imprint={"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": bytes(20)}),
            "bad_alg",
        ),
        (
            request_of(message_imprint={"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(31)}),
            "bad_data_format",
        ),
    ],
)
def test_a_bad_request_gets_its_reason(octets: bytes, failure: str, tmp_path: Path) -> None:
    with pytest.raises(StampRefused) as refused:
        read_request(octets)
    assert refused.value.failure == failure
    (tmp_path / "reply").write_bytes(rejected(refused.value))
    assert "Status: Rejected." in openssl(tmp_path, "ts", "-reply", "-in", "reply", "-text")


@pytest.mark.parametrize(
    ("wrong", "now", "failure"),
    [
        ({"digest": "md5"}, NOW, "bad_alg"),
        ({"imprint": b"short"}, NOW, "bad_data_format"),
        ({"policy": "1.2.3"}, NOW, "unaccepted_policy"),
        ({}, NOW - 86_400, "time_not_available"),
        ({}, NOW + 61 * 86_400, "time_not_available"),
    ],
)
def test_what_is_not_to_be_had_is_not_stamped(wrong: dict[str, object], now: float, failure: str) -> None:
    with pytest.raises(StampRefused) as refused:
        stamper().stamp(asked(**wrong), now, secrets.token_bytes)
    assert refused.value.failure == failure


@given(st.binary(max_size=120), st.integers(0, 60))
def test_damage_is_read_or_refused_and_never_more(noise: bytes, place: int) -> None:
    good = request_of(nonce=7, cert_req=True)
    for octets in (noise, good[:place] + noise + good[place + len(noise) :]):
        try:
            read = read_request(octets)
        except StampRefused:
            continue
        stamper().stamp(Asked(read.digest, read.imprint, None, read.nonce), NOW, secrets.token_bytes)


def test_a_clock_that_was_stepped_back_gives_no_time_until_it_caught_up() -> None:
    moments = iter([NOW, NOW + 1, NOW - 60, NOW + 0.5, NOW + 2])
    clock = SteadyClock(lambda: next(moments), lambda: 0.0, 1.0)
    assert (clock.now(), clock.now()) == (NOW, NOW + 1)
    with pytest.raises(StampRefused) as refused:
        clock.now()
    assert refused.value.failure == "time_not_available"
    assert (clock.now(), clock.now()) == (NOW + 0.5, NOW + 2)


def test_a_clock_before_what_is_recorded_gives_no_time() -> None:
    with pytest.raises(StampRefused):
        SteadyClock(lambda: NOW, lambda: NOW + 10, 1.0).now()


def test_only_a_certificate_for_stamping_stamps() -> None:
    with pytest.raises(KeyUnusable, match="another purpose"):
        TimeStamper(*office(OCSP_RESPONDER), authority()[1], POLICY, 1000)
