"""KeyUsageForbidden: a certificate for TLS does not sign messages."""

from collections.abc import Callable

from support.client import Consumer
from support.place import Place, cached_key
from support.way import Asker, expect_refusal

from esb.kernel import rules
from esb.kernel.directory import CertificateUse
from esb.kernel.soap import SoapVersion


def test_a_tls_certificate(asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]) -> None:
    code = place.member(fresh_name()).code
    key = cached_key("p256")
    certificate = place.enrol(code, key, CertificateUse.TLS, hostnames=("localhost",))
    place.grant(code)
    place.settle()
    exchange = asker.ask(Consumer(code, key, certificate), version=version)
    expect_refusal(exchange, rules.CRT_USAGE, consumer=exchange.records[-1].entry.consumer)
