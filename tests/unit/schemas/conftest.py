"""Contracts of schemas written inline, and bodies that stand where a message's stand."""

from collections.abc import Callable

import pytest
from lxml import etree

from esb.kernel.contract import Contract
from esb.kernel.xml import Element

XSD = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def make_contract(documents: dict[str, str | bytes], roots: tuple[str, ...] | None = None) -> Contract:
    """A contract of these schema documents; text without an xs:schema around it gets one."""
    encoded = {name: text.encode() if isinstance(text, str) else text for name, text in documents.items()}
    return Contract(
        documents={"service.wsdl": b"<definitions/>", **encoded},
        main="service.wsdl",
        schemas=roots if roots is not None else tuple(documents),
        namespace="urn:test",
        service_name="Service",
        port_type="Port",
        operations=(),
        faults={},
        provider_versions=frozenset(),
        endpoint="",
    )


def make_schema(content: str, namespace: str = "urn:a", attributes: str = 'elementFormDefault="qualified"') -> str:
    """A schema document whose target namespace has the prefix ``a``."""
    target = f'targetNamespace="{namespace}" xmlns:a="{namespace}"' if namespace else ""
    return f'<xs:schema xmlns:xs="{XSD}" {target} {attributes}>\n{content}\n</xs:schema>'


def make_payload(xml: str) -> Element:
    """The element inside a SOAP Body, in one parsed tree, with the prefixes that a sender's envelope declares."""
    text = (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:xs="{XSD}" xmlns:xsi="{XSI}" xmlns:a="urn:a" xmlns:b="urn:b"><soap:Header/>'
        f"<soap:Body>\n{xml}\n</soap:Body></soap:Envelope>"
    )
    return etree.fromstring(text.encode())[1][0]


@pytest.fixture
def contract() -> Callable[..., Contract]:
    return make_contract


@pytest.fixture
def schema() -> Callable[..., str]:
    return make_schema


@pytest.fixture
def payload() -> Callable[..., Element]:
    return make_payload
