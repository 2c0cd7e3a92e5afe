"""Revocation lists that must not be believed, and what a good one says."""

import datetime
import subprocess
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ObjectIdentifier

from esb.certs.ca import Subject, create_authority, issue, serial_number, sign_crl
from esb.certs.crl import CrlInvalid, CrlSet, load_crls
from esb.certs.keys import PrivateKey, generate_key
from esb.certs.requests import make_request
from esb.kernel.directory import CertificateUse

NOW = 1_800_000_000.0
DAY = 86_400


@cache
def authority(number: int, name: str = "Root") -> tuple[PrivateKey, x509.Certificate]:
    return create_authority(name, "p256", NOW, 3650)


def serial(number: int) -> int:
    return serial_number(number.to_bytes(16, "big"))


@cache
def member(number: int, by: int = 1) -> x509.Certificate:
    request = make_request(generate_key("p256"), "x")
    subject = Subject("DIN", "Daxili İşlər Nazirliyi")
    return issue(*authority(by), request, subject, CertificateUse.SIGNING, NOW, 365, serial(number))


def listed(*numbers: int, by: int = 1, number: int = 1, now: float = NOW, days: int = 7) -> bytes:
    revoked = [(serial(each), now - 60, "keyCompromise") for each in numbers]
    return sign_crl(*authority(by), revoked, number, now, days).public_bytes(Encoding.DER)


def load(*lists: bytes, now: float = NOW) -> CrlSet:
    return load_crls(lists, [authority(1)[1], authority(3, "Other")[1]], now, 3600)


def built(*extensions: tuple[x509.ExtensionType, bool], entry: tuple[x509.ExtensionType, bool] | None = None) -> bytes:
    """A list of the right authority with something unusual in it."""
    moment = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    key, certificate = authority(1)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(certificate.subject)
        .last_update(moment)
        .next_update(moment + datetime.timedelta(days=7))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    one = x509.RevokedCertificateBuilder().serial_number(serial(1)).revocation_date(moment)
    if entry:
        one = one.add_extension(*entry)
    return builder.add_revoked_certificate(one.build()).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_what_is_listed_is_revoked_and_nothing_else() -> None:
    crls = load(listed(1))
    assert crls.revocation(member(1)) == "keyCompromise"
    assert crls.revocation(member(2)) is None
    assert crls.known_until == NOW + 7 * DAY + 3600


def test_no_list_says_nothing() -> None:
    crls = load()
    assert crls.known_until is None
    assert crls.revocation(member(1)) is None


def test_the_serial_number_of_another_authority_is_not_meant() -> None:
    key, other = authority(3, "Other")
    crls = load(sign_crl(key, other, [(serial(1), NOW, "keyCompromise")], 1, NOW, 7).public_bytes(Encoding.PEM))
    assert crls.revocation(member(1)) is None


def test_an_entry_without_a_reason_still_revokes() -> None:
    assert load(built()).revocation(member(1)) == "unspecified"


def test_a_lifted_hold_is_good_again() -> None:
    lifted = built(entry=(x509.CRLReason(x509.ReasonFlags.remove_from_crl), False))
    assert load(lifted).revocation(member(1)) is None
    held = built(entry=(x509.CRLReason(x509.ReasonFlags.certificate_hold), False))
    assert load(held).revocation(member(1)) == "certificateHold"


def test_a_list_that_has_run_out_still_revokes_and_says_that_it_has() -> None:
    later = NOW + 30 * DAY
    crls = load(listed(1), now=later)
    assert crls.revocation(member(1)) == "keyCompromise"
    assert crls.known_until is not None
    assert crls.known_until < later


def test_each_list_speaks_for_its_own_authority_alone() -> None:
    """One authority that forgets to publish must not shut out the members of another."""
    key, other = authority(3, "Other")
    soon = sign_crl(key, other, [], 1, NOW, 1).public_bytes(Encoding.DER)
    crls = load(listed(), soon)
    assert crls.known_until == NOW + DAY + 3600, "what is warned of is the first to run out"
    assert crls.until(member(1)) == NOW + 7 * DAY + 3600
    assert crls.until(other) == NOW + DAY + 3600
    assert load(soon).until(member(1)) is None


def test_of_two_keys_under_one_name_the_list_of_the_signing_key_counts() -> None:
    key, renewed = authority(9)
    assert renewed.subject == member(1).issuer
    fresh = sign_crl(key, renewed, [], 1, NOW, 30).public_bytes(Encoding.DER)
    crls = load_crls([listed(), fresh], [authority(1)[1], renewed], NOW, 0.0)
    assert len(crls.ends) == 2
    assert crls.until(member(1)) == NOW + 7 * DAY
    assert crls.until(renewed) == NOW + 30 * DAY


@pytest.mark.parametrize("turned", [False, True])
def test_the_newer_of_two_lists_counts_in_any_order(turned: bool) -> None:
    lists = [listed(1, 2), listed(1, number=2, now=NOW + 60)]
    crls = load(*(lists[::-1] if turned else lists), now=NOW + 60)
    assert crls.revocation(member(1)) == "keyCompromise"
    assert crls.revocation(member(2)) is None


def test_a_list_by_a_clone_of_the_authority_is_refused() -> None:
    with pytest.raises(CrlInvalid, match="revocation list 2: it is not signed"):
        load(listed(), listed(1, by=2))


def test_a_list_by_a_stranger_is_refused() -> None:
    key, stranger = authority(4, "Stranger")
    with pytest.raises(CrlInvalid, match="none of the configured"):
        load(sign_crl(key, stranger, [], 1, NOW, 7).public_bytes(Encoding.DER))


def test_a_member_signs_no_list() -> None:
    request_key = generate_key("p256")
    request = make_request(request_key, "x")
    own = issue(*authority(1), request, Subject("DIN", "x"), CertificateUse.SIGNING, NOW, 365, serial(9))
    forged = sign_crl(request_key, own, [], 1, NOW, 7).public_bytes(Encoding.DER)
    with pytest.raises(CrlInvalid, match="not signed"):
        load_crls([forged], [own], NOW, 0)


def test_one_flipped_octet_anywhere_is_never_believed() -> None:
    octets = listed(1)
    for place in range(0, len(octets), 5):
        changed = bytearray(octets)
        changed[place] ^= 0x01
        with pytest.raises(CrlInvalid):
            load(bytes(changed))


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (built((x509.DeltaCRLIndicator(1), True)), "delta"),
        (
            built(
                (
                    x509.IssuingDistributionPoint(
                        full_name=None,
                        relative_name=None,
                        only_contains_user_certs=False,
                        only_contains_ca_certs=False,
                        only_some_reasons=None,
                        indirect_crl=True,
                        only_contains_attribute_certs=False,
                    ),
                    True,
                )
            ),
            "indirect",
        ),
        (
            built(
                (
                    x509.IssuingDistributionPoint(
                        full_name=None,
                        relative_name=None,
                        only_contains_user_certs=False,
                        only_contains_ca_certs=True,
                        only_some_reasons=None,
                        indirect_crl=False,
                        only_contains_attribute_certs=False,
                    ),
                    True,
                )
            ),
            "authorities only",
        ),
        (built((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\0"), True)), "1.2.3.4"),
        (
            built(entry=(x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\0"), True)),
            "critical extension",
        ),
        (
            built(entry=(x509.CertificateIssuer([x509.DNSName("a.example")]), True)),
            "indirect",
        ),
        (listed(now=NOW + DAY), "future"),
        (b"", "not a revocation list"),
        (b"-----BEGIN X509 CRL-----\n", "not a revocation list"),
        (listed() + b"\0", "not a revocation list"),
    ],
)
def test_what_is_not_served_is_refused_with_the_reason(octets: bytes, says: str) -> None:
    with pytest.raises(CrlInvalid, match=says):
        load(octets)


def test_a_second_list_in_one_file_is_not_passed_over() -> None:
    other = sign_crl(*authority(3, "Other"), [], 1, NOW, 7).public_bytes(Encoding.PEM)
    with pytest.raises(CrlInvalid, match="a file of its own"):
        load(other + sign_crl(*authority(1), [(serial(1), NOW, "superseded")], 1, NOW, 7).public_bytes(Encoding.PEM))


def test_a_list_for_end_certificates_alone_is_complete_for_us() -> None:
    point = x509.IssuingDistributionPoint(
        full_name=None,
        relative_name=None,
        only_contains_user_certs=True,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )
    assert load(built((point, True))).revocation(member(1)) == "unspecified"


def test_a_list_that_openssl_made_is_read(tmp_path: Path) -> None:
    key, certificate = authority(1)
    (tmp_path / "key").write_bytes(
        key.private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (tmp_path / "cert").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "index").write_text(
        f"R\t400101000000Z\t260101000000Z,superseded\t{serial(1):X}\tunknown\t/CN=x\n", encoding="ascii"
    )
    (tmp_path / "number").write_text("01\n", encoding="ascii")
    (tmp_path / "conf").write_text(
        f"[ca]\ndefault_ca=d\n[d]\ndatabase={tmp_path}/index\ncrlnumber={tmp_path}/number\ndefault_md=sha256\n"
        "default_crl_days=30\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n",
        encoding="ascii",
    )
    made = subprocess.run(
        ["openssl", "ca", "-config", "conf", "-gencrl", "-keyfile", "key", "-cert", "cert"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    ).stdout
    begins = x509.load_pem_x509_crl(made).last_update_utc.timestamp()
    crls = load_crls([made], [certificate], begins, 0)
    assert crls.revocation(member(1)) == "superseded"


def delta(*entries: tuple[int, str], base: int, number: int, now: float = NOW, days: float = 1) -> bytes:
    revoked = [(serial(each), now - 60, reason) for each, reason in entries]
    return sign_crl(*authority(1), revoked, number, now, days, base=base).public_bytes(Encoding.DER)


def test_a_delta_list_adds_and_lifts() -> None:
    held = sign_crl(*authority(1), [(serial(1), NOW, "certificateHold")], 4, NOW, 7).public_bytes(Encoding.DER)
    crls = load(delta((1, "removeFromCRL"), (2, "keyCompromise"), base=4, number=5), held)
    assert crls.revocation(member(1)) is None
    assert crls.revocation(member(2)) == "keyCompromise"
    assert crls.known_until == NOW + 7 * DAY + 3600


def test_the_newest_delta_list_counts() -> None:
    older = delta((2, "certificateHold"), base=4, number=5)
    newer = delta((2, "removeFromCRL"), (3, "superseded"), base=4, number=7, now=NOW + 60)
    for lists in ((older, newer), (newer, older)):
        crls = load(listed(number=4), *lists, now=NOW + 60)
        assert crls.revocation(member(2)) is None
        assert crls.revocation(member(3)) == "superseded"


def test_a_delta_list_goes_with_any_complete_one_from_its_base_on() -> None:
    crls = load(listed(1, number=6), delta((2, "superseded"), base=4, number=7))
    assert crls.revocation(member(1)) == "keyCompromise"
    assert crls.revocation(member(2)) == "superseded"


def test_a_delta_list_that_is_no_newer_than_the_complete_one_says_nothing() -> None:
    crls = load(listed(1, number=6), delta((1, "removeFromCRL"), base=4, number=6))
    assert crls.revocation(member(1)) == "keyCompromise"


def test_a_delta_list_that_has_run_out_still_revokes_but_lifts_nothing() -> None:
    lists = listed(1, number=4), delta((1, "removeFromCRL"), (2, "superseded"), base=4, number=5)
    crls = load(*lists, now=NOW + 2 * DAY)
    assert crls.revocation(member(1)) == "keyCompromise"
    assert crls.revocation(member(2)) == "superseded"


def test_a_delta_list_without_what_it_is_based_on_is_refused() -> None:
    with pytest.raises(CrlInvalid, match="list 1: it is a delta list without the complete one"):
        load(delta(base=4, number=5))
    with pytest.raises(CrlInvalid, match=r"list 2: .* complete list 4 or later, .* has number 3"):
        load(listed(number=3), delta(base=4, number=5))
