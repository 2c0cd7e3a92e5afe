"""Perl: SOAP::Lite on the published WSDL, with a serializer that signs and a deserializer that verifies."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from interop.identities import Identity
from interop.programs import run
from support.place import PERSONS, Place

pytestmark = pytest.mark.interop
SOURCES = Path(__file__).parent / "perl"
MODULES = {"SOAP::Lite": "libsoap-lite-perl", "XML::LibXML": "libxml-libxml-perl", "CryptX": "libcryptx-perl"}
COVERED = {"Envelope/Body", "Security/Timestamp", "Header/Receipt"}
ANSWERED = {"rsa": "rsa2048", "ecdsa": "p256", "rsa-addressing": "rsa2048", "ecdsa-addressing": "p256"}
REFUSED = {"rsa-unsigned": "rsa2048"}

Said = dict[str, dict[str, Any]]


@pytest.fixture(scope="module", params=["1.1", "1.2"])
def said(
    request: pytest.FixtureRequest,
    need: Callable[..., None],
    _served: Place,
    bus_certificate: Path,
    bus_x509: x509.Certificate,
    identity: Callable[[str], Identity],
    tmp_path_factory: pytest.TempPathFactory,
) -> Said:
    """What Perl said of each call, in one version of SOAP."""
    need("perl")
    folder = tmp_path_factory.mktemp("perl")
    for module, package in MODULES.items():
        if run(folder, "perl", "-e", f"print eval {{ require {module} }} ? 'yes' : 'no'") == "no":
            pytest.skip(f"Perl has no {module}: install {package}")
    public = folder / "bus.pub"
    public.write_bytes(bus_x509.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    calls = []
    for name, kind in (ANSWERED | REFUSED).items():
        who = identity(kind)
        calls.append(f"{name.partition('-')[0]}:{who.key}:{who.certificate}:{name}")
    wsdl = f"{_served.settings.bus.address}{PERSONS.path}?wsdl"
    words = ("perl", SOURCES / "client.pl", wsdl, request.param, bus_certificate, public, *calls)
    found = json.loads(run(folder, *words))
    assert found["operations"] == ["CountPersons", "GetPerson", "NotePerson"]
    return dict(zip(ANSWERED | REFUSED, found["said"], strict=True))


@pytest.mark.parametrize("name", ANSWERED)
def test_a_signed_call(said: Said, name: str) -> None:
    one = said[name]
    assert one.get("surname") == "Əliyeva", one
    more = {"Header/Action", "Header/RelatesTo"} if "addressing" in name else set()
    assert set(one["covered"]) == COVERED | more


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_perls_fault(said: Said, name: str) -> None:
    one = said[name]
    assert one["faultcode"] == "wsse:InvalidSecurity"
    assert one["reason"] == "Sign the message: no wsse:Security header is addressed to the bus."
    assert one["code"] == "SignatureMissing"
    assert set(one["covered"]) == COVERED
