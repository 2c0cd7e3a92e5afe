"""Certificates as operators hand them in: PEM or DER, and nothing that only looks like one."""

import pytest

from esb.admin.certificates import NotACertificate, der_of, facts_of, pem_of
from esb.certs.ca import create_authority

NOW = 1_800_000_000.0


def test_pem_and_der_give_the_same_der() -> None:
    _, certificate = create_authority("CA, Bakı", "p256", NOW, 10)
    pem = pem_of(certificate)
    der = der_of(pem, "ca.pem")
    assert der_of(der, "ca.der") == der
    assert der_of(b"\n\n" + pem, "ca.pem") == der


def test_what_it_says_is_told_for_people() -> None:
    _, certificate = create_authority("Test CA", "p256", NOW, 10)
    facts = facts_of(der_of(pem_of(certificate), "ca.pem"))
    assert facts.issuer == "CN=Test CA"
    assert facts.until.timestamp() == NOW + 10 * 86_400


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\n",
    ],
)
def test_anything_else_is_refused_with_its_name(data: bytes) -> None:
    with pytest.raises(NotACertificate, match=r"din\.pem is not an X\.509 certificate"):
        der_of(data, "din.pem")


def test_a_certificate_with_something_behind_it_is_refused() -> None:
    _, certificate = create_authority("Test CA", "p256", NOW, 10)
    der = der_of(pem_of(certificate), "x")
    with pytest.raises(NotACertificate):
        der_of(der + b"\0", "x")


def test_a_certificate_whose_key_the_bus_cannot_read_is_refused_at_the_desk() -> None:
    """A national algorithm, say: registered, it would stand there and never count."""
    _, certificate = create_authority("Test CA", "p256", NOW, 10)
    der = der_of(pem_of(certificate), "x")
    prime256 = bytes.fromhex("2a8648ce3d030107")
    assert der.count(prime256) == 1
    with pytest.raises(NotACertificate, match="key of a known kind"):
        der_of(der.replace(prime256, bytes.fromhex("2a8648ce3d03017f")), "gost.pem")
