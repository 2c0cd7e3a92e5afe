"""CertificateRevoked: by the registry's word, or by the authority's list."""

import time
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from support.client import Consumer
from support.place import PASSPHRASE, Place
from support.way import Asker, expect_person, expect_refusal

from esb.admin.authority import Authority
from esb.admin.lists import revoke
from esb.certs.ca import sign_crl
from esb.certs.keys import load_key
from esb.kernel import rules
from esb.kernel.soap import SoapVersion
from esb.registry.certificates import revoke_certificate
from esb.registry.models import RevocationReason


def digest_of(consumer: Consumer) -> str:
    assert consumer.certificate is not None
    return consumer.certificate.fingerprint(hashes.SHA256()).hex()


@pytest.mark.parametrize("reason", [RevocationReason.KEY_COMPROMISE, RevocationReason.CERTIFICATE_HOLD])
def test_by_the_registry(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str], reason: RevocationReason
) -> None:
    consumer = place.member(fresh_name())
    place.grant(consumer.code)
    place.settle()
    expect_person(asker.ask(consumer, version=version))
    with place.acting() as act:
        revoke_certificate(act, digest_of(consumer), reason)
    place.settle()
    exchange = asker.ask(consumer, version=version)
    expect_refusal(exchange, rules.CRT_REVOKED, consumer=exchange.records[-1].entry.consumer)


def test_by_the_operators_act(asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]) -> None:
    consumer = place.member(fresh_name())
    place.grant(consumer.code)
    digest = digest_of(consumer)
    reason = RevocationReason.SUPERSEDED
    revoke(place.home, place.engine, PASSPHRASE, digest, reason, author="operator", now=time.time())
    place.settle()
    exchange = asker.ask(consumer, version=version)
    expect_refusal(exchange, rules.CRT_REVOKED, consumer=exchange.records[-1].entry.consumer)


def test_by_the_authoritys_list(own_place: Callable[..., Place]) -> None:
    """The registry knows nothing of it; the list in the folder is enough."""
    place = own_place()
    authority = Authority(place.home)
    certificate = place.consumers["EESMN"].certificate
    assert certificate is not None
    crl = sign_crl(
        load_key(authority.key, PASSPHRASE).private_key,
        x509.load_pem_x509_certificate(authority.certificate.read_bytes()),
        [(certificate.serial_number, time.time() - 60, "keyCompromise")],
        2,
        time.time(),
        7,
    )
    authority.crl.write_bytes(crl.public_bytes(Encoding.PEM))
    other = place.member("OTHER")
    place.grant("OTHER")
    with place.serve():
        asker = Asker(place)
        for version in SoapVersion:
            exchange = asker.ask(version=version)
            expect_refusal(exchange, rules.CRT_REVOKED, consumer=exchange.records[-1].entry.consumer)
            expect_person(asker.ask(other, version=version))
