"""An OCSP responder as openssl asks and judges it, and what it does not answer."""

from pathlib import Path

import pytest
from asn1crypto import ocsp as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as reference
from hypothesis import given
from hypothesis import strategies as st
from support.offices import NOW, authority, office, openssl, write_pem

from esb.certs.keys import KeyUnusable
from esb.certs.ocsp import (
    MALFORMED_REQUEST,
    MAX_CERTIFICATES,
    MAX_REQUEST,
    TRY_LATER,
    OcspRefused,
    Responder,
    State,
    refusal,
)
from esb.certs.profiles import DOOR_TLS, MEMBER_SIGNING, OCSP_RESPONDER

GOOD = State(NOW + 86_400)
RESPONDER = office(OCSP_RESPONDER)
MEMBER = office(MEMBER_SIGNING)[1]
OTHER = office(MEMBER_SIGNING)[1]


def responder(**more: float) -> Responder:
    return Responder(*RESPONDER, authority()[1], **more)  # type: ignore[arg-type]


def asked(*certificates: x509.Certificate, digest: hashes.HashAlgorithm | None = None, nonce: bytes = b"") -> bytes:
    """A request, which for one certificate the reference library writes and asn1crypto for several."""
    singles = []
    for certificate in certificates:
        builder = reference.OCSPRequestBuilder().add_certificate(certificate, authority()[1], digest or hashes.SHA1())
        if nonce:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        singles.append(builder.build().public_bytes(Encoding.DER))
    if len(singles) == 1:
        return singles[0]
    whole = asn1.OCSPRequest.load(singles[0])
    requests = [asn1.OCSPRequest.load(each)["tbs_request"]["request_list"][0] for each in singles]
    octets: bytes = asn1.OCSPRequest({"tbs_request": {"request_list": requests}}).dump()
    assert whole is not None
    return octets


def answered(request: bytes, state: State | None = GOOD, now: float = NOW) -> reference.OCSPResponse:
    return reference.load_der_ocsp_response(responder().answer(request, lambda _: state, now).der)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (GOOD, "leaf.pem: good"),
        (None, "leaf.pem: unknown"),
        (State(NOW, "keyCompromise", NOW - 5), "Reason: keyCompromise"),
        (State(NOW, "certificateHold", NOW - 5), "Reason: certificateHold"),
        (State(NOW, "unspecified", NOW - 5), "leaf.pem: revoked"),
        (State(NOW - 9), "leaf.pem: good"),
    ],
)
def test_openssl_reads_and_believes_each_answer(state: State | None, says: str, tmp_path: Path) -> None:
    write_pem(tmp_path / "root.pem", authority()[1])
    write_pem(tmp_path / "leaf.pem", MEMBER)
    openssl(tmp_path, "ocsp", "-no_nonce", "-issuer", "root.pem", "-cert", "leaf.pem", "-reqout", "request")
    answer = responder().answer((tmp_path / "request").read_bytes(), lambda _: state, NOW)
    (tmp_path / "answer").write_bytes(answer.der)
    command = "ocsp -no_nonce -issuer root.pem -cert leaf.pem -respin answer -CAfile root.pem"
    said = openssl(tmp_path, *command.split(), "-attime", int(NOW), "-validity_period", 10_000_000_000)
    assert "Response verify OK" in said
    assert says in said


@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()])
def test_a_certificate_may_be_named_by_any_usual_digest(digest: hashes.HashAlgorithm) -> None:
    answer = answered(asked(MEMBER, digest=digest))
    assert answer.certificate_status is reference.OCSPCertStatus.GOOD
    assert answer.serial_number == MEMBER.serial_number
    assert answer.hash_algorithm.name == digest.name


def test_another_authoritys_certificate_is_unknown_here_whatever_its_number() -> None:
    builder = reference.OCSPRequestBuilder()
    stranger = authority("p256", "Other CA")[1]
    request = builder.add_certificate(MEMBER, stranger, hashes.SHA256()).build().public_bytes(Encoding.DER)
    assert answered(request).certificate_status is reference.OCSPCertStatus.UNKNOWN


def test_a_nonce_comes_back_and_such_an_answer_is_not_kept() -> None:
    one, request = responder(), asked(MEMBER, nonce=b"n" * 32)
    answer = one.answer(request, lambda _: GOOD, NOW)
    assert reference.load_der_ocsp_response(answer.der).extensions.get_extension_for_class(x509.OCSPNonce).value == (
        x509.OCSPNonce(b"n" * 32)
    )
    assert answer.with_nonce
    assert one.kept(request, lambda _: GOOD, NOW) is None


def test_an_answer_is_kept_while_it_is_true_and_not_half_old() -> None:
    one, request = responder(lifetime=100), asked(MEMBER)
    first = one.answer(request, lambda _: GOOD, NOW)
    assert one.kept(request, lambda _: GOOD, NOW + 49) is first
    assert one.kept(request, lambda _: State(NOW + 86_400), NOW) is first, "equal facts, read anew"
    assert one.kept(request, lambda _: State(NOW + 86_400, "superseded", NOW), NOW) is None
    assert one.kept(request, lambda _: None, NOW) is None
    assert one.kept(request, lambda _: GOOD, NOW + 51) is None
    assert one.kept(request, lambda _: GOOD, NOW - 1) is None


def test_what_is_kept_is_bounded() -> None:
    one = responder(capacity=2)
    requests = [asked(MEMBER), asked(OTHER), asked(MEMBER, digest=hashes.SHA256())]
    for request in requests:
        one.answer(request, lambda _: GOOD, NOW)
    assert [one.kept(request, lambda _: GOOD, NOW) is not None for request in requests] == [False, True, True]


def test_several_certificates_are_answered_in_order_up_to_a_bound() -> None:
    states = {MEMBER.serial_number: GOOD, OTHER.serial_number: State(NOW, "superseded", NOW)}
    answer = responder().answer(asked(MEMBER, OTHER), states.get, NOW)
    data = asn1.OCSPResponse.load(answer.der).response_data
    assert [one["cert_status"].name for one in data["responses"]] == ["good", "revoked"]
    responder().answer(asked(*[MEMBER] * MAX_CERTIFICATES), states.get, NOW)
    with pytest.raises(OcspRefused, match="1 to 16"):
        responder().answer(asked(*[MEMBER] * (MAX_CERTIFICATES + 1)), states.get, NOW)


def test_what_has_ended_is_answered_for_from_the_authoritys_first_day() -> None:
    der = responder().answer(asked(MEMBER), lambda _: State(NOW - 1), NOW).der
    (single,) = asn1.OCSPResponse.load(der).response_data["responses"]
    (cutoff,) = single["single_extensions"]
    assert cutoff["extn_id"].native == "archive_cutoff"
    assert cutoff["extn_value"].parsed.native == authority()[1].not_valid_before_utc


def test_no_answer_outlives_the_responders_certificate() -> None:
    end = RESPONDER[1].not_valid_after_utc.timestamp()
    assert answered(asked(MEMBER), State(end * 2), end - 60).next_update_utc == RESPONDER[1].not_valid_after_utc
    with pytest.raises(OcspRefused) as refused:
        answered(asked(MEMBER), GOOD, end + 1)
    assert refused.value.status == TRY_LATER


def critical() -> bytes:
    octets: bytes = asn1.OCSPRequest(
        {
            "tbs_request": {
                "request_list": asn1.OCSPRequest.load(asked(MEMBER))["tbs_request"]["request_list"],
                "request_extensions": [{"extn_id": "1.2.3.4", "critical": True, "extn_value": b"\x05\x00"}],
            }
        }
    ).dump()
    return octets


@pytest.mark.parametrize(
    "request_octets",
    [
        b"",
        b"0\x00",
        b"x" * (MAX_REQUEST + 1),
        asked(MEMBER) + b"\0",
        asked(MEMBER)[:-1],
        asn1.OCSPRequest({"tbs_request": {"request_list": []}}).dump(),
        asked(MEMBER, nonce=b"n" * 33),
        critical(),
    ],
    ids=["nothing", "empty", "too large", "more behind", "cut short", "asks nothing", "nonce too long", "critical"],
)
def test_what_is_no_request_is_malformed(request_octets: bytes) -> None:
    with pytest.raises(OcspRefused) as refused:
        responder().answer(request_octets, lambda _: GOOD, NOW)
    assert refused.value.status == MALFORMED_REQUEST
    told = reference.load_der_ocsp_response(refusal(refused.value.status))
    assert told.response_status is reference.OCSPResponseStatus.MALFORMED_REQUEST


@given(st.binary(max_size=200), st.integers(0, 120))
def test_damage_is_answered_or_malformed_and_never_more(noise: bytes, place: int) -> None:
    request = asked(MEMBER)
    said = []
    for octets in (noise, request[:place] + noise + request[place + len(noise) :]):
        try:
            responder().answer(octets, lambda _: GOOD, NOW)
        except OcspRefused as refused:
            said.append(refused.status)
    assert set(said) <= {MALFORMED_REQUEST}


def test_only_a_delegated_key_answers() -> None:
    root = authority()[1]
    with pytest.raises(KeyUnusable, match="another purpose"):
        Responder(*office(DOOR_TLS, hostnames=("a.example",)), root)
    with pytest.raises(KeyUnusable, match="not made by"):
        Responder(*RESPONDER, authority("p256", "Other CA")[1])
    with pytest.raises(KeyUnusable, match="not for this key"):
        Responder(RESPONDER[0], office(OCSP_RESPONDER)[1], root)
