"""Metro (the JAX-WS reference implementation with its WSIT): it signs, and judges answers, by nothing but the
WS-SecurityPolicy of ``?wsdl&policy`` and a file that names its keys."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
from interop.identities import Identity
from interop.jvm import METRO, Outcome, need_java, run_java
from support.place import PERSONS, Place

from esb.admin.authority import Authority

pytestmark = pytest.mark.interop
SERVICE = "{urn:example:person:service}Persons"
VERSIONS = {"soap11": "wsdl&policy", "soap12": "wsdl&policy&soap=1.2"}
CONFIGURATION = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="urn:example:person:service"
    xmlns:wsp="http://www.w3.org/ns/ws-policy" xmlns:sc="http://schemas.sun.com/2006/03/wss/client"
    xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
    xmlns:wspp="http://java.sun.com/xml/ns/wsit/policy" name="Keys" targetNamespace="urn:example:person:service">
  <wsp:Policy wsu:Id="Keys"><wsp:ExactlyOne><wsp:All>
    <sc:KeyStore wspp:visibility="private" location="{folder}/keys.p12" type="PKCS12" storepass="x" alias="member"/>
    <sc:TrustStore wspp:visibility="private" location="{folder}/trust.p12" type="PKCS12" storepass="x" peeralias="bus"/>
  </wsp:All></wsp:ExactlyOne></wsp:Policy>
  <message name="GetPerson"/>
  <portType name="Persons"><operation name="GetPerson"><input message="tns:GetPerson"/></operation></portType>
  <binding name="PersonsSoap11" type="tns:Persons"><wsp:PolicyReference URI="#Keys"/></binding>
  <binding name="PersonsSoap12" type="tns:Persons"><wsp:PolicyReference URI="#Keys"/></binding>
  <service name="Persons">
    <port name="PersonsSoap11" binding="tns:PersonsSoap11"/><port name="PersonsSoap12" binding="tns:PersonsSoap12"/>
  </service>
</definitions>
"""


@pytest.fixture(scope="module")
def outcomes(
    _rsa_served: Place, rsa_identity: Identity, rsa_certificate: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Outcome]:
    """What came of each call."""
    need_java(METRO)
    folder = tmp_path_factory.mktemp("metro")
    write_stores(folder, rsa_identity, rsa_certificate, Authority(_rsa_served.home).certificate)
    (folder / "classes" / "META-INF").mkdir(parents=True)
    (folder / "classes" / "META-INF" / "wsit-client.xml").write_text(CONFIGURATION.format(folder=folder))
    calls = []
    for version, query in VERSIONS.items():
        calls += [(version, query, SERVICE, "5ABC123"), (f"{version}-refused", query, SERVICE, "small")]
    url = _rsa_served.settings.bus.address + PERSONS.path
    return run_java("MetroClient", folder, (url, rsa_certificate), calls, METRO)


def write_stores(folder: Path, who: Identity, bus: Path, authority: Path) -> None:
    """The two key stores that Metro wants."""
    password = BestAvailableEncryption(b"x")
    key = load_pem_private_key(who.key.read_bytes(), None)
    keys = pkcs12.serialize_key_and_certificates(b"member", key, who.x509, None, password)  # type: ignore[arg-type]
    (folder / "keys.p12").write_bytes(keys)
    trusted = {b"bus": bus, b"authority": authority}
    certificates = [
        pkcs12.PKCS12Certificate(x509.load_pem_x509_certificate(path.read_bytes()), name)
        for name, path in trusted.items()
    ]
    (folder / "trust.p12").write_bytes(pkcs12.serialize_java_truststore(certificates, password))


@pytest.mark.parametrize("version", VERSIONS)
def test_by_policy(outcomes: dict[str, Outcome], version: str) -> None:
    outcome = outcomes[version]
    assert outcome.status == 200, outcome.answer.decode()
    assert "Əliyeva".encode() in outcome.answer


@pytest.mark.parametrize("version", VERSIONS)
def test_a_refusal_is_metros_fault(outcomes: dict[str, Outcome], version: str) -> None:
    outcome = outcomes[f"{version}-refused"]
    code, reason, ours = outcome.answer.decode().split("|")
    assert (outcome.status, ours) == (500, "SchemaViolation")
    assert code.endswith((":Client", ":Sender"))
    assert reason
