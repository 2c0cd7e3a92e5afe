"""The WS-SecurityPolicy 1.2 that says what the bus asks for, so that CXF, Metro and WCF sign by themselves."""

from typing import Final

from lxml import etree

from esb.kernel.namespaces import EXCHANGE, WSA, WSP, WSSP, WSU
from esb.kernel.xml import Element

POLICY_ID: Final = "SignedExchange"
_ALWAYS_TO_RECIPIENT: Final = f"{WSSP}/IncludeToken/AlwaysToRecipient"
_ALWAYS_TO_INITIATOR: Final = f"{WSSP}/IncludeToken/AlwaysToInitiator"


def add_policy(definitions: Element) -> None:
    """Add the policy to a WSDL's definitions.

    X.509 tokens both ways, Body and Timestamp signed, and every addressing or exchange header that is present.
    """
    policy = etree.SubElement(definitions, _wsp("Policy"), nsmap={"wsp": WSP, "sp": WSSP, "wsu": WSU})
    policy.set(f"{{{WSU}}}Id", POLICY_ID)
    everything = etree.SubElement(etree.SubElement(policy, _wsp("ExactlyOne")), _wsp("All"))
    binding = _nested(everything, "AsymmetricBinding")
    _token(_nested(binding, "InitiatorToken"), _ALWAYS_TO_RECIPIENT)
    _token(_nested(binding, "RecipientToken"), _ALWAYS_TO_INITIATOR)
    suite = _sp(binding, "AlgorithmSuite")
    # The suite leaves the signature with RSA-SHA1 (WS-SecurityPolicy 1.3, section 6.1). Metro takes another from this
    # attribute, which the assertion is open for; other stacks pass over it and are told in their own way.
    suite.set("signatureAlgorithm", "SHA256withRSA")
    _sp(etree.SubElement(suite, _wsp("Policy")), "Basic256Sha256")
    _sp(_nested(binding, "Layout"), "Lax")
    _sp(binding, "IncludeTimestamp")
    _sp(binding, "OnlySignEntireHeadersAndBody")
    wss = _nested(everything, "Wss11")
    for how in ("KeyIdentifier", "IssuerSerial", "Thumbprint"):
        _sp(wss, f"MustSupportRef{how}")
    signed = _sp(everything, "SignedParts")
    _sp(signed, "Body")
    for namespace in (WSA, EXCHANGE):
        _sp(signed, "Header").set("Namespace", namespace)


def refer_to_policy(binding: Element) -> None:
    """Attach the policy to a binding (WS-Policy Attachment, section 4)."""
    etree.SubElement(binding, _wsp("PolicyReference"), nsmap={"wsp": WSP}).set("URI", f"#{POLICY_ID}")


def _token(parent: Element, include: str) -> None:
    token = _sp(parent, "X509Token")
    token.set(f"{{{WSSP}}}IncludeToken", include)
    _sp(etree.SubElement(token, _wsp("Policy")), "WssX509V3Token10")


def _nested(parent: Element, name: str) -> Element:
    return etree.SubElement(_sp(parent, name), _wsp("Policy"))


def _sp(parent: Element, name: str) -> Element:
    return etree.SubElement(parent, f"{{{WSSP}}}{name}")


def _wsp(name: str) -> str:
    return f"{{{WSP}}}{name}"
