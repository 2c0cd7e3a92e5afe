"""Every form in which people have a certificate at hand, and what is none."""

import base64
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from esb.admin.certificate_files import certificates_in
from esb.admin.certificates import NotACertificate
from esb.certs.ca import Subject, create_authority, issue, serial_number
from esb.certs.keys import generate_key
from esb.certs.requests import make_request, read_request
from esb.kernel import namespaces as ns
from esb.kernel.directory import CertificateUse

NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def pair() -> tuple[x509.Certificate, x509.Certificate]:
    """An end certificate and its authority."""
    key, root = create_authority("Root", "p256", NOW, 40)
    request = read_request(make_request(generate_key("p256"), "x").public_bytes(Encoding.DER))
    subject = Subject("DIN", "DIN")
    return issue(key, root, request, subject, CertificateUse.SIGNING, NOW, 10, serial_number(b"7" * 16)), root


def forms(end: x509.Certificate, root: x509.Certificate) -> dict[str, bytes]:
    pem, der = end.public_bytes(Encoding.PEM), end.public_bytes(Encoding.DER)
    token = base64.b64encode(der).decode()
    return {
        "PEM": pem,
        "PEM with text before": b"subject=CN = x\n" + pem,
        "DER": der,
        "chain": pem + root.public_bytes(Encoding.PEM),
        "chain, authority first": root.public_bytes(Encoding.PEM) + pem,
        "PKCS #7 PEM": pkcs7.serialize_certificates([end, root], Encoding.PEM),
        "PKCS #7 DER": pkcs7.serialize_certificates([root, end], Encoding.DER),
        "message": (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>'
            f'<w:Security xmlns:w="{ns.WSSE}">'
            f"<w:BinarySecurityToken>{token}</w:BinarySecurityToken></w:Security></s:Header><s:Body/></s:Envelope>"
        ).encode(),
    }


def test_every_usual_form_is_read(pair: tuple[x509.Certificate, x509.Certificate], tmp_path: Path) -> None:
    for name, octets in forms(*pair).items():
        path = tmp_path / "file"
        path.write_bytes(octets)
        assert certificates_in(path)[0] == pair[0], name


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"hello",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"<a/>",
        b"<!DOCTYPE a [<!ENTITY x 'y'>]><a/>",
        f'<a xmlns:w="{ns.WSSE}"><w:BinarySecurityToken>!!</w:BinarySecurityToken></a>'.encode(),
        b"\x30\x82",
    ],
)
def test_what_is_none_is_told(octets: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(octets)
    with pytest.raises(NotACertificate, match="holds no"):
        certificates_in(tmp_path / "file")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotACertificate, match="cannot be read"):
        certificates_in(tmp_path / "none")
