"""A signer's certificate is judged as of when it signed, by what is in the package and what the verifier believes."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from support.rig import NOW, _authority, party

from esb.admin.evidence.paths import SignerUnproven, check_path, check_revocation, read_certificate
from esb.certs.ca import sign_crl

DAY = 86_400.0
OWN = party("EESMN").certificate
KEY, ANCHOR = _authority()


def crl(now: float, *revoked: tuple[int, float, str]) -> bytes:
    return sign_crl(KEY, ANCHOR, revoked, 1, now, 7).public_bytes(Encoding.DER)


def answer(status: ocsp.OCSPCertStatus, about: x509.Certificate = OWN) -> bytes:
    begun = datetime.fromtimestamp(NOW - 60, UTC)
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        about, ANCHOR, hashes.SHA256(), status, begun, datetime.fromtimestamp(NOW + 60, UTC),
        begun if revoked else None, None,
    )  # fmt: skip
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, ANCHOR)
    return builder.add_extension(x509.OCSPNonce(b"n" * 16), False).sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def test_a_path_is_told_by_its_names() -> None:
    assert check_path(OWN, [], [ANCHOR], NOW).endswith(" < CN=Test CA")
    with pytest.raises(SignerUnproven, match="none of the authorities"):
        check_path(OWN, [ANCHOR], [party("OTHER").certificate], NOW)


def test_a_certificate_out_of_its_time_does_not_count() -> None:
    for at in (NOW - 2 * DAY, NOW + 400 * DAY):
        with pytest.raises(SignerUnproven, match="was valid from"):
            check_path(OWN, [], [ANCHOR], at)
    with pytest.raises(SignerUnproven, match="cannot be read"):
        read_certificate(b"x")


def test_a_list_of_then_says_it() -> None:
    found = check_revocation(OWN, [ANCHOR], {"revocation/1.crl": crl(NOW - 60)}, NOW)
    assert found.proven
    listed = crl(NOW - 60, (OWN.serial_number, NOW - 90, "keyCompromise"))
    with pytest.raises(SignerUnproven, match="it was revoked"):
        check_revocation(OWN, [ANCHOR], {"revocation/1.crl": listed}, NOW)


def test_a_list_that_had_run_out_shows_little_and_a_later_one_more() -> None:
    old = {"revocation/1.crl": crl(NOW - 30 * DAY)}
    assert not check_revocation(OWN, [ANCHOR], old, NOW).proven
    later = crl(NOW + DAY, (OWN.serial_number, NOW + DAY / 2, "superseded"))
    found = check_revocation(OWN, [ANCHOR], {**old, "revocation/2.crl": later}, NOW)
    assert found.proven
    assert "revoked only later" in found.text
    assert check_revocation(OWN, [ANCHOR], {"revocation/2.crl": crl(NOW + DAY)}, NOW).proven


def test_without_data_nothing_is_shown() -> None:
    assert not check_revocation(
        OWN, [ANCHOR], {"revocation/1.ocsp": answer(ocsp.OCSPCertStatus.GOOD, ANCHOR)}, NOW
    ).proven
    assert not check_revocation(OWN, [ANCHOR], {}, NOW).proven


def test_a_responders_answer_says_it() -> None:
    good = answer(ocsp.OCSPCertStatus.GOOD)
    assert "responder" in check_revocation(OWN, [ANCHOR], {"revocation/1.ocsp": good}, NOW).text
    with pytest.raises(SignerUnproven, match="responder had said"):
        check_revocation(OWN, [ANCHOR], {"revocation/1.ocsp": answer(ocsp.OCSPCertStatus.REVOKED)}, NOW)
    with pytest.raises(SignerUnproven, match="cannot be believed"):
        check_revocation(OWN, [ANCHOR], {"revocation/1.ocsp": good}, NOW + DAY)
    with pytest.raises(SignerUnproven, match="cannot be believed"):
        check_revocation(OWN, [ANCHOR], {"revocation/1.ocsp": good[:-1] + bytes([good[-1] ^ 1])}, NOW)


def test_what_is_forged_or_unreadable_is_told() -> None:
    whole = crl(NOW - 60)
    for octets in (whole[:-1] + bytes([whole[-1] ^ 1]), b"x"):
        with pytest.raises(SignerUnproven):
            check_revocation(OWN, [ANCHOR], {"revocation/1.crl": octets}, NOW)
    with pytest.raises(SignerUnproven):
        check_revocation(OWN, [ANCHOR], {"revocation/1.ocsp": b"x"}, NOW)


def test_a_good_answer_does_not_outweigh_a_list_that_names_it() -> None:
    good = {"revocation/1.ocsp": answer(ocsp.OCSPCertStatus.GOOD), "revocation/1.crl": crl(NOW - 60)}
    assert "responder" in check_revocation(OWN, [ANCHOR], good, NOW).text
    named = {**good, "revocation/1.crl": crl(NOW - 60, (OWN.serial_number, NOW - 90, "keyCompromise"))}
    with pytest.raises(SignerUnproven, match="it was revoked"):
        check_revocation(OWN, [ANCHOR], named, NOW)


def test_a_list_of_after_the_certificates_end_need_not_name_it() -> None:
    end = OWN.not_valid_after_utc.timestamp()
    last = {"revocation/1.crl": crl(end - DAY)}
    assert check_revocation(OWN, [ANCHOR], last, NOW).proven
    emptied = {"revocation/1.crl": crl(end + DAY)}
    found = check_revocation(OWN, [ANCHOR], emptied, NOW)
    assert (found.proven, "after the certificate's end" in found.text) == (False, True)
