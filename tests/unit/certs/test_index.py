"""References that must find one certificate, and those that must find none."""

import hashlib
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esb.certs.ca import Subject, create_authority, issue, serial_number
from esb.certs.index import CertificateLoader, CertificateUnreadable, build_index, build_known
from esb.certs.keys import PrivateKey, generate_key
from esb.certs.names import issuer_key
from esb.certs.requests import make_request
from esb.kernel import rules
from esb.kernel.directory import CertificateUse, KnownCertificate

NOW = 1_800_000_000.0
SIGNING, TLS = CertificateUse.SIGNING, CertificateUse.TLS


@cache
def authority() -> tuple[PrivateKey, x509.Certificate]:
    return create_authority("Şlüz Sınaq CA", "p256", NOW, 3650)


@cache
def member_key(number: int) -> PrivateKey:
    return generate_key("p256")


@cache
def der(number: int, key: int | None = None) -> bytes:
    request = make_request(member_key(number if key is None else key), "x")
    serial = serial_number(number.to_bytes(16, "big"))
    made = issue(*authority(), request, Subject("DIN", "Nazirlik"), SIGNING, NOW, 365, serial)
    return made.public_bytes(Encoding.DER)


def known(octets: bytes, owner: str = "DIN", use: CertificateUse = SIGNING) -> KnownCertificate:
    return build_known(octets, owner, use, None, None)


def test_a_certificate_is_found_in_each_way() -> None:
    one, other = known(der(1)), known(der(2), "ƏSGM")
    index = build_index([one, other])
    read = x509.load_der_x509_certificate(der(1))
    key_id = read.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert index.by_sha256[hashlib.sha256(der(1)).digest()] is one
    assert index.by_sha1[hashlib.sha1(der(1)).digest()] is one
    assert index.by_key_id[key_id] is one
    assert index.by_issuer_serial[issuer_key('CN="şlüz  SINAQ ca"'), read.serial_number] is one
    assert len(index.by_sha256) == len(index.by_issuer_serial) == len(index.by_key_id) == len(index.by_sha1) == 2


def test_everything_decided_ahead_is_kept() -> None:
    certificate = build_known(der(1), "DIN", TLS, rules.CRT_PATH, "keyCompromise")
    read = x509.load_der_x509_certificate(der(1))
    assert certificate.problem is rules.CRT_PATH
    assert (certificate.revoked, certificate.owner, certificate.use) == ("keyCompromise", "DIN", TLS)
    assert certificate.key == member_key(1).public_key()
    assert certificate.subject == "CN=DIN,2.5.4.97=DIN,O=Nazirlik"
    assert certificate.issuer == "CN=Şlüz Sınaq CA"
    assert certificate.not_before == read.not_valid_before_utc.timestamp()
    assert certificate.not_after == read.not_valid_after_utc.timestamp()


def test_a_name_that_two_certificates_share_finds_neither() -> None:
    # A renewal for the same key has the same key identifier.
    index = build_index([known(der(1)), known(der(3, key=1)), known(der(2))])
    assert len(index.by_key_id) == 1
    assert len(index.by_sha256) == len(index.by_issuer_serial) == 3


def test_a_third_namesake_does_not_bring_the_name_back() -> None:
    index = build_index([known(der(1)), known(der(3, key=1)), known(der(4, key=1))])
    assert not index.by_key_id


def test_a_certificate_that_two_members_claim_is_nobodys() -> None:
    index = build_index([known(der(1), "DIN"), known(der(1), "BANK"), known(der(1), "DIN"), known(der(2))])
    for mapping in (index.by_sha256, index.by_issuer_serial, index.by_key_id, index.by_sha1):
        assert len(mapping) == 1


@pytest.mark.parametrize("turned", [False, True])
def test_one_certificate_for_both_uses_stands_for_signing(turned: bool) -> None:
    both = [known(der(1), use=TLS), known(der(1), use=SIGNING)]
    index = build_index(both[::-1] if turned else both)
    (found,) = index.by_key_id.values()
    assert found.use is SIGNING


def test_without_the_extension_the_key_names_itself() -> None:
    read = x509.load_der_x509_certificate(der(1))
    bare = (
        x509.CertificateBuilder()
        .subject_name(read.subject)
        .issuer_name(read.issuer)
        .public_key(member_key(1).public_key())
        .serial_number(5)
        .not_valid_before(read.not_valid_before_utc)
        .not_valid_after(read.not_valid_after_utc)
        .sign(authority()[0], read.signature_hash_algorithm)  # type: ignore[arg-type]
    )
    index = build_index([known(bare.public_bytes(Encoding.DER))])
    assert list(index.by_key_id) == [x509.SubjectKeyIdentifier.from_public_key(member_key(1).public_key()).digest]


def test_nothing_registered_is_an_empty_index() -> None:
    assert not build_index([]).by_sha256


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"hello",
        der(1) + b"\0",
        der(1)[:-1],
        der(1).replace(b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x70"),
        b"0" * 70_000,
    ],
)
def test_what_is_not_one_certificate_is_refused(octets: bytes) -> None:
    with pytest.raises(CertificateUnreadable):
        known(octets)


def test_a_key_is_loaded_once_and_the_oldest_is_forgotten() -> None:
    loader = CertificateLoader(capacity=2)
    first = loader.known(der(1), "DIN", SIGNING, None, None)
    assert loader.known(der(1), "BANK", TLS, None, "superseded").key is first.key
    loader.known(der(2), "DIN", SIGNING, None, None)
    loader.known(der(3, key=1), "DIN", SIGNING, None, None)
    again = loader.known(der(1), "DIN", SIGNING, None, None)
    assert again.key is not first.key
    # What was forgotten is read again when the index needs it.
    assert len(loader.index([first, loader.known(der(2), "DIN", SIGNING, None, None)]).by_sha256) == 2
