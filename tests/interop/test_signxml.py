"""signxml and urllib: what a Python shop writes that knows XML Signature and not WS-Security.

Its KeyInfo is an X509Data that stands alone; it verifies answers by wsu:Id as they are.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from interop.identities import Identity
from lxml import etree
from signxml import SignatureConfiguration, XMLSigner, XMLVerifier, methods
from support.client import NS
from support.place import Place

from esb.admin.authority import Authority

pytestmark = pytest.mark.interop
MEDIA = {"s11": "text/xml; charset=utf-8", "s12": "application/soap+xml; charset=utf-8"}
ALGORITHMS = {"rsa2048": "rsa-sha256", "p256": "ecdsa-sha256", "p384": "ecdsa-sha384"}
ENVELOPE = """<s:Envelope xmlns:s="{soap}" xmlns:wsu="{wsu}"><s:Header><wsse:Security xmlns:wsse="{wsse}">
  <wsu:Timestamp wsu:Id="time"><wsu:Created>{now:%Y-%m-%dT%H:%M:%S.%fZ}</wsu:Created></wsu:Timestamp>
</wsse:Security></s:Header><s:Body wsu:Id="body"><p:GetPerson xmlns:p="urn:example:person"><p:fin>{fin}</p:fin>
</p:GetPerson></s:Body></s:Envelope>"""

Ask = Callable[..., dict[str, etree._Element]]


@pytest.fixture
def ask(identity: Callable[[str], Identity], resource: str, bus_certificate: Path, _served: Place) -> Ask:
    """Ask, and give what signxml says is signed in the answer, by local names."""

    def call(kind: str, version: str, fin: str = "5ABC123", chain: bool = False) -> dict[str, etree._Element]:
        now = datetime.now(UTC)
        text = ENVELOPE.format(soap=NS[version], wsu=NS["wsu"], wsse=NS["wsse"], now=now, fin=fin)
        root = etree.fromstring(text.encode())
        signer = XMLSigner(methods.detached, ALGORITHMS[kind], "sha256", "http://www.w3.org/2001/10/xml-exc-c14n#")
        who = identity(kind)
        certificate = who.certificate.read_text()
        if chain:
            certificate += Authority(_served.home).certificate.read_text()
        signature = signer.sign(root, key=who.key.read_bytes(), cert=certificate, reference_uri=["#body", "#time"])
        security = root.find("{*}Header/{*}Security")
        assert security is not None
        security.append(signature)
        request = Request(resource, etree.tostring(root), {"Content-Type": MEDIA[version]})
        try:
            with urlopen(request) as response:
                answer = response.read()
        except HTTPError as refused:
            answer = refused.read()
        expected = SignatureConfiguration(expect_references=3, location=".//")
        found = XMLVerifier().verify(answer, x509_cert=bus_certificate.read_text(), expect_config=expected)
        assert isinstance(found, list)
        return {
            etree.QName(each.signed_xml).localname: each.signed_xml for each in found if each.signed_xml is not None
        }

    return call


@pytest.mark.parametrize("version", MEDIA)
@pytest.mark.parametrize("kind", ALGORITHMS)
def test_a_signed_call(ask: Ask, kind: str, version: str) -> None:
    signed = ask(kind, version)
    assert signed.keys() == {"Body", "Timestamp", "Receipt"}
    assert signed["Body"].findtext(".//{urn:example:person}surname") == "Əliyeva"


def test_the_whole_chain_is_sent(ask: Ask) -> None:
    """Every certificate in an X509Certificate of its own, when its certificate file holds more than one."""
    assert ask("p256", "s11", chain=True)["Body"].findtext(".//{urn:example:person}surname") == "Əliyeva"


@pytest.mark.parametrize("version", MEDIA)
def test_a_refusal_is_signed(ask: Ask, version: str) -> None:
    signed = ask("rsa2048", version, fin="small")
    assert signed["Body"].findtext(".//exch:code", None, NS) == "SchemaViolation"
    assert signed.keys() == {"Body", "Timestamp", "Receipt"}
