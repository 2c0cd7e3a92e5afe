"""What can go wrong when a client writes its issuer's name as text."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from esb.certs.keys import generate_key
from esb.certs.names import MAX_LENGTH, issuer_key, issuer_key_of
from esb.certs.requests import make_request

UTF8 = x509.name._ASN1Type.UTF8String


def one(value: str, kind: x509.name._ASN1Type = UTF8) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, value, kind)])


STATE = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "AZ"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Dövlət Şlüzü, MMC"),
        x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, "GO:AZ-7"),
        x509.NameAttribute(NameOID.EMAIL_ADDRESS, "pki@example.az"),
        x509.NameAttribute(NameOID.COMMON_NAME, 'Root "1"'),
    ]
)


@pytest.mark.parametrize(
    "text",
    [
        'CN=Root \\"1\\",1.2.840.113549.1.9.1=#160E706B69406578616D706C652E617A,2.5.4.97=GO:AZ-7,'
        "O=Dövlət Şlüzü\\, MMC,C=AZ",
        'CN="Root \\"1\\"", EMAILADDRESS=pki@example.az, OID.2.5.4.97=GO:AZ-7, O="Dövlət Şlüzü, MMC", C=AZ',
        'CN="Root ""1""", E=pki@example.az, OID.2.5.4.97=GO:AZ-7, O="Dövlət Şlüzü, MMC", C=AZ',
        'cn = Root \\"1\\" ; e = PKI@EXAMPLE.AZ ; organizationIdentifier = GO:AZ-7 ; o = DÖVLƏT  ŞLÜZÜ\\, mmc ; c = az',
        "CN=Root \\221\\22,emailAddress=pki@example.az,2.5.4.97=GO:AZ-7,"
        "O=D\\C3\\B6vl\\C9\\99t \\C5\\9El\\C3\\BCz\\C3\\BC\\2C MMC,C=AZ",
        'C = AZ, O = "Dövlət Şlüzü, MMC", organizationIdentifier = GO:AZ-7, emailAddress = pki@example.az, '
        'CN = "Root \\"1\\""',
        "/C=AZ/O=D\\xC3\\xB6vl\\xC9\\x99t \\xC5\\x9El\\xC3\\xBCz\\xC3\\xBC, MMC/organizationIdentifier=GO:AZ-7"
        '/emailAddress=pki@example.az/CN=Root "1"',
        '\n   CN="Root \\"1\\"",\n   E=pki@example.az,\n   2.5.4.97=GO:AZ-7,\n   O="Dövlət Şlüzü, MMC" ,\n   C=AZ\n',
    ],
)
def test_every_lawful_spelling_finds_the_issuer(text: str) -> None:
    assert issuer_key(text) == issuer_key_of(STATE)


@pytest.mark.parametrize("option", ["RFC2253", "RFC2253,-esc_msb,utf8", "oneline", "oneline,utf8,-esc_msb", "compat"])
def test_what_the_openssl_command_prints_is_found(option: str, tmp_path: Path) -> None:
    request = make_request(generate_key("p256"), "Şəhər \\ X=1, MMC")
    (tmp_path / "r.der").write_bytes(request.public_bytes(Encoding.DER))
    command = ["openssl", "req", "-inform", "DER", "-in", tmp_path / "r.der", "-noout", "-subject", "-nameopt", option]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert issuer_key(printed.removeprefix("subject=").rstrip("\n")) == issuer_key_of(request.subject)


def test_a_bmp_or_latin_value_is_the_same_text() -> None:
    assert issuer_key("CN=#1e04015e0041") == issuer_key_of(one("Şa"))
    assert issuer_key("CN=#1402e941") == issuer_key_of(one("éA"))
    assert issuer_key_of(one("Root", x509.name._ASN1Type.PrintableString)) == issuer_key_of(one("ROOT "))


def test_sn_is_a_surname_to_one_platform_and_a_serial_number_to_another() -> None:
    for oid in (NameOID.SURNAME, NameOID.SERIAL_NUMBER):
        assert issuer_key("SN=77,C=AZ") == issuer_key_of(
            x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "AZ"), x509.NameAttribute(oid, "77", UTF8)])
        )


def test_a_bit_string_is_compared_octet_by_octet() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, b"\0\xaa", x509.name._ASN1Type.BitString)])
    assert issuer_key("2.5.4.45=#030200aa") == issuer_key_of(name)
    assert issuer_key("2.5.4.45=#030200ab") != issuer_key_of(name)


@pytest.mark.parametrize("spelt", ["Sınaq İdarəsi", "SINAQ İDARƏSİ", "sinaq idarəsi", "SİNAQ IDARƏSI"])
def test_the_four_letters_i_of_azerbaijani_are_one_whatever_the_locale(spelt: str) -> None:
    assert issuer_key(f"CN={spelt}") == issuer_key_of(one("Sınaq İdarəsi"))


def test_a_nul_never_ends_a_name() -> None:
    assert issuer_key("CN=root\\00.evil") == issuer_key_of(one("root\0.evil"))
    assert issuer_key("CN=root\\00.evil") != issuer_key("CN=root")


def test_an_escaped_separator_does_not_separate() -> None:
    assert issuer_key("CN=a\\,O=b") == issuer_key_of(one("a,O=b"))
    assert issuer_key("CN=a\\,O=b") != issuer_key("CN=a,O=b")
    assert issuer_key("CN=a+O=b") != issuer_key("CN=a,O=b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "CN",
        "CN=a,",
        "CN=a,,O=b",
        "=a",
        "FOO=a",
        "OID.=a",
        "3.1=a",
        "2.5.4.03=a",
        'CN="a',
        'CN="a"b',
        "CN=a\\",
        "CN=a\\n",
        "CN=#zz",
        "CN=#0c",
        "CN=#0c0161ff",
        "CN=#0c01ff",
        "CN=#0c0161 x",
        "CN=\\ff",
        "CN=\ud800",
        "/",
        "/nothing",
        "/FOO=x",
        "/CN=\\xff",
        "CN=" + "a" * MAX_LENGTH,
    ],
)
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        issuer_key(text)


@pytest.mark.parametrize("piece", ["\\", '"', "CN=a,", "+", "=", "\\41", "/CN=", "#", '""', "1.", "2.5"])
def test_the_longest_text_costs_no_more_than_its_length(piece: str) -> None:
    text = (piece * MAX_LENGTH)[:MAX_LENGTH]
    for prefix in ("", "CN=", 'CN="', "/", "2."):
        try:
            issuer_key((prefix + text)[:MAX_LENGTH])
        except ValueError:
            continue
