"""CertificateUnknown: the registry says whose a certificate is; what it says of itself proves nothing."""

import time
from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from support.client import Consumer
from support.handmade import handmade, self_signed
from support.place import Place, cached_key
from support.way import Asker, expect_refusal

from esb.kernel import rules
from esb.kernel.directory import CertificateUse
from esb.kernel.soap import SoapVersion
from esb.registry.certificates import add_certificate


def test_a_stranger(asker: Asker, version: SoapVersion) -> None:
    key = cached_key("p256")
    stranger = Consumer("EESMN", key, self_signed(key, "EESMN", time.time()))
    expect_refusal(asker.ask(stranger, version=version), rules.CRT_KNOWN)


def test_a_double_of_a_members_certificate(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """Same names, same serial number, another key and another hand."""
    key, original = cached_key("p256"), eesmn.certificate
    assert original is not None
    builder = (
        x509.CertificateBuilder()
        .subject_name(original.subject)
        .issuer_name(original.issuer)
        .serial_number(original.serial_number)
        .public_key(key.public_key())
        .not_valid_before(original.not_valid_before_utc)
        .not_valid_after(original.not_valid_after_utc)
    )
    for extension in original.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    double = Consumer("EESMN", key, builder.sign(key, hashes.SHA256()))
    expect_refusal(asker.send(handmade(double, version=version), version), rules.CRT_KNOWN)


def test_the_buses_own_certificate_is_no_members(asker: Asker, place: Place, version: SoapVersion) -> None:
    certificate = x509.load_pem_x509_certificate(place.settings.keys.certificate.read_bytes())
    pretender = Consumer("bus", cached_key("p256"), certificate)
    expect_refusal(asker.send(handmade(pretender, version=version), version), rules.CRT_KNOWN)


def test_a_registered_certificate_without_a_path_to_an_anchor(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]
) -> None:
    member = place.member(fresh_name(), enrol=False)
    certificate = self_signed(member.key, member.code, time.time())
    with place.acting() as act:
        add_certificate(act, certificate.public_bytes(Encoding.DER), member.code, CertificateUse.SIGNING)
    place.grant(member.code)
    place.settle()
    stray = Consumer(member.code, member.key, certificate)
    exchange = asker.ask(stray, version=version)
    expect_refusal(exchange, rules.CRT_PATH, consumer=exchange.records[-1].entry.consumer)
