"""The policy says what the protocol asks for, and stands where stacks look for it."""

from collections.abc import Callable

from lxml import etree

from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.kernel.namespaces import WSP, WSSP, WSU
from esb.kernel.soap import SoapVersion
from esb.wsdl.publish import publish_wsdl


def test_the_binding_refers_to_the_policy(family: Contract, service: ServiceId) -> None:
    root = etree.fromstring(publish_wsdl(family, service, "https://bus.example/x", SoapVersion.V11, policy=True))
    (policy,) = root.findall(f"{{{WSP}}}Policy")
    (reference,) = root.findall(f".//{{*}}binding/{{{WSP}}}PolicyReference")
    assert reference.get("URI") == "#" + policy.get(f"{{{WSU}}}Id")
    names = {etree.QName(element).localname for element in policy.iter(f"{{{WSSP}}}*")}
    assert {"AsymmetricBinding", "X509Token", "Basic256Sha256", "IncludeTimestamp", "Body"} <= names
    assert {"OnlySignEntireHeadersAndBody", "MustSupportRefKeyIdentifier", "MustSupportRefIssuerSerial"} <= names
    assert "MustSupportRefThumbprint" in names
    includes = [element.get(f"{{{WSSP}}}IncludeToken") for element in policy.iter(f"{{{WSSP}}}X509Token")]
    assert [str(include).rpartition("/")[2] for include in includes] == ["AlwaysToRecipient", "AlwaysToInitiator"]


def test_metro_is_told_to_sign_with_sha256(family: Contract, service: ServiceId) -> None:
    root = etree.fromstring(publish_wsdl(family, service, "https://bus.example/x", SoapVersion.V11, policy=True))
    (suite,) = root.iter(f"{{{WSSP}}}AlgorithmSuite")
    assert suite.get("signatureAlgorithm") == "SHA256withRSA"
    assert suite.find(f"{{{WSP}}}Policy/{{{WSSP}}}Basic256Sha256") is not None


def test_none_unless_asked_for(family: Contract, service: ServiceId, wsdl: Callable[..., str]) -> None:
    assert WSP.encode() not in publish_wsdl(family, service, "https://bus.example/x")
