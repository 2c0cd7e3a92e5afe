"""OCSP answers: only the issuer's word, or its delegate's, about this certificate and this moment is believed."""

import secrets
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from asn1crypto import ocsp as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from support.responder import Outside

from esb.certs.keys import generate_key
from esb.certs.ocsp_answer import (
    CLOCK_SKEW,
    MAX_SIZE,
    UNSAID,
    OcspInvalid,
    Word,
    question,
    read_answer,
    responders_of,
)
from esb.certs.profiles import MEMBER_SIGNING, OCSP_RESPONDER

OUTSIDE = Outside()
NOW = OUTSIDE.began + 86_400
MEMBER = OUTSIDE.member()
NONCE = secrets.token_bytes(32)
GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None)


def answer(
    *,
    about: x509.Certificate = MEMBER,
    issuer: x509.Certificate = OUTSIDE.root,
    signer: Any = OUTSIDE.responder,
    shown: Any = None,
    status: Any = GOOD,
    since: float = NOW - 60,
    until: float | None = NOW + 600,
    reason: Any = None,
    nonce: bytes | None = NONCE,
    by: Any = ocsp.OCSPResponderEncoding.HASH,
    name: Any = None,
    extension: Any = None,
) -> bytes:
    revoked_at = moment(NOW - 500) if status is REVOKED else None
    builder = ocsp.OCSPResponseBuilder().add_response(
        about,
        issuer,
        name or hashes.SHA1(),
        status,
        moment(since),
        None if until is None else moment(until),
        revoked_at,
        reason,
    )
    builder = builder.responder_id(by, signer[1])
    certificates = [signer[1]] if shown is None else shown
    if certificates:
        builder = builder.certificates(certificates)
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), False)
    if extension is not None:
        builder = builder.add_extension(extension, True)
    return builder.sign(signer[0], hashes.SHA256()).public_bytes(Encoding.DER)


def read(octets: bytes, now: float = NOW, certificate: x509.Certificate = MEMBER, revoked: Any = None) -> Word:
    return read_answer(octets, certificate, OUTSIDE.root, now, NONCE, lambda _: revoked)


def delegate(*purposes: Any, usage: bool = True, critical: Any = None, digest: Any = None, key: Any = None) -> Any:
    """A responder as another authority's software might certify it."""
    key = key or generate_key("p256")
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "R")]))
        .issuer_name(OUTSIDE.root.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(moment(NOW - 5000))
        .not_valid_after(moment(NOW + 5000))
    )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), False)
    bits = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"), False
    ) | {"encipher_only": False, "decipher_only": False, "content_commitment": False, "digital_signature": usage}
    builder = builder.add_extension(x509.KeyUsage(**{**bits, "key_encipherment": not usage}), True)
    if critical is not None:
        builder = builder.add_extension(critical, True)
    return key, builder.sign(OUTSIDE.key, digest or hashes.SHA256())


def test_what_the_issuer_or_its_delegate_says_is_believed() -> None:
    good = Word(None, NOW - 60, NOW + 600)
    issuer = (OUTSIDE.key, OUTSIDE.root)
    for by in ocsp.OCSPResponderEncoding:
        assert read(answer(by=by)) == good
        assert read(answer(signer=issuer, shown=[], by=by)) == good
    assert read(answer(name=hashes.SHA256())) == good
    assert read(answer(nonce=None)) == good
    assert read(answer(until=None)) == Word(None, NOW - 60, NOW - 60 + UNSAID)
    assert read(answer(signer=delegate(ExtendedKeyUsageOID.OCSP_SIGNING))) == good


def test_revocation_is_told_with_its_reason() -> None:
    for reason, word in ((None, "unspecified"), (x509.ReasonFlags.key_compromise, "keyCompromise")):
        assert read(answer(status=REVOKED, reason=reason)).revoked == word


def test_an_answer_counts_in_its_time() -> None:
    for now in (NOW - 60 - CLOCK_SKEW, NOW + 600 + CLOCK_SKEW):
        read(answer(), now)
    for now, words in ((NOW - 62 - CLOCK_SKEW, "from the future"), (NOW + 602 + CLOCK_SKEW, "has run out")):
        with pytest.raises(OcspInvalid, match=words):
            read(answer(), now)


@cache
def _other() -> Outside:
    return Outside()  # of the same name, with another key


def refused() -> dict[str, tuple[bytes, str]]:
    other = _other()
    ocsp_signing = ExtendedKeyUsageOID.OCSP_SIGNING
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0")
    return {
        "another member": (answer(about=OUTSIDE.member()), "about another certificate"),
        "another issuer": (answer(issuer=other.root), "about another certificate"),
        "an unknown one": (answer(status=UNKNOWN), "does not know"),
        "another nonce": (answer(nonce=bytes(32)), "nonce"),
        "a namesake of the issuer": (answer(signer=(other.key, other.root)), "not certified by"),
        "its namesake, by name": (
            answer(signer=(other.key, other.root), by=ocsp.OCSPResponderEncoding.NAME),
            "signature does not hold|not certified",
        ),
        "another's responder": (answer(signer=other.responder), "not certified by"),
        "a responder not shown": (answer(shown=[]), "vouches"),
        "a member": (answer(signer=OUTSIDE.certified(MEMBER_SIGNING)), "no OCSPSigning"),
        "no purposes": (answer(signer=delegate()), "no OCSPSigning"),
        "other purposes": (answer(signer=delegate(ExtendedKeyUsageOID.CLIENT_AUTH)), "no OCSPSigning"),
        "any purpose": (answer(signer=delegate(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)), "no OCSPSigning"),
        "no signing": (answer(signer=delegate(ocsp_signing, usage=False)), "not certified to sign"),
        "not understood": (
            answer(signer=delegate(ocsp_signing, critical=strange)),
            "critical extension",
        ),
        "ended": (
            answer(signer=OUTSIDE.certified(OCSP_RESPONDER, now=NOW - 10 * 86_400, days=9)),
            "not valid now",
        ),
        "not begun": (answer(signer=OUTSIDE.certified(OCSP_RESPONDER, now=NOW + 86_400)), "not valid now"),
        "a critical extension": (
            answer(extension=strange),
            "critical extension",
        ),
        "ends before it begins": (answer(since=NOW + 100, until=NOW + 50), "run out"),
        "try later": (
            ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER),
            "no answer: try_later",
        ),
        "unauthorized": (bytes.fromhex("30030a0106"), "no answer: unauthorized"),
        "nothing": (b"", "cannot be read|can be read"),
        "garbage": (b"<html>", "can be read"),
        "more behind": (answer() + b"\0", "can be read"),
        "too large": (bytes(MAX_SIZE + 1), "too large"),
    }


@pytest.mark.parametrize("case", [
    "another member", "another issuer", "an unknown one", "another nonce", "a namesake of the issuer",
    "its namesake, by name", "another's responder", "a responder not shown", "a member", "no purposes",
    "other purposes", "any purpose", "no signing", "not understood", "ended", "not begun", "a critical extension",
    "ends before it begins", "try later", "unauthorized", "nothing", "garbage", "more behind", "too large",
])  # fmt: skip
def test_what_cannot_be_believed(case: str) -> None:
    octets, words = refused()[case]
    with pytest.raises(OcspInvalid, match=words):
        read(octets)


def test_a_responder_that_the_lists_revoke_is_not_believed() -> None:
    with pytest.raises(OcspInvalid, match="is revoked"):
        read(answer(), revoked="keyCompromise")


def test_an_answer_about_several_is_not_taken() -> None:
    whole = asn1.OCSPResponse.load(answer())
    basic = whole["response_bytes"]["response"].parsed
    data = basic["tbs_response_data"].copy()
    data["responses"] = [data["responses"][0], data["responses"][0]]
    signed = OUTSIDE.responder[0].sign(data.dump(), ec.ECDSA(hashes.SHA256()))
    basic["tbs_response_data"], basic["signature"] = data, signed
    whole["response_bytes"]["response"] = asn1.ParsableOctetString(basic.dump(force=True))
    with pytest.raises(OcspInvalid, match="several"):
        read(whole.dump(force=True))


WHOLE = answer()


@settings(max_examples=200)
@given(st.integers(0, len(WHOLE) * 8 - 1))
def test_no_bit_can_be_changed(bit: int) -> None:
    changed = bytearray(WHOLE)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(OcspInvalid):
        read(bytes(changed))


@settings(max_examples=100)
@given(st.binary(max_size=300), st.integers(0, len(WHOLE)), st.integers(0, 40))
def test_nothing_else_is_an_answer(octets: bytes, at: int, left_out: int) -> None:
    for made in (octets, WHOLE[:at], WHOLE[:at] + octets + WHOLE[at + left_out :]):
        if made != WHOLE:
            with pytest.raises(OcspInvalid):
                read(made)


def test_a_certificate_names_its_responders() -> None:
    assert responders_of(MEMBER) == []
    assert responders_of(OUTSIDE.member("http://ocsp.ca.example/x")) == ["http://ocsp.ca.example/x"]


def test_a_question_names_the_certificate_and_holds_the_nonce() -> None:
    asked = ocsp.load_der_ocsp_request(question(MEMBER, OUTSIDE.root, NONCE))
    assert asked.serial_number == MEMBER.serial_number
    assert asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == NONCE
