"""Consumers: they sign a request in the plainest lawful way, post it over a real connection, and check the answer's
signature with libxmlsec, not with the bus's own code."""

import http.client
import secrets
import ssl
import time
from dataclasses import dataclass, field
from typing import Any

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from esb.certs.client import signed_request
from esb.certs.keys import FileKey, PrivateKey
from esb.certs.sign import Signer
from esb.kernel.soap import SoapVersion

NS = {
    "s11": "http://schemas.xmlsoap.org/soap/envelope/",
    "s12": "http://www.w3.org/2003/05/soap-envelope",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "wsu": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "exch": "urn:shluz:exchange:1",
    "wsa": "http://www.w3.org/2005/08/addressing",
}
WSU_ID = f"{{{NS['wsu']}}}Id"
GET_PERSON = b'<p:GetPerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin></p:GetPerson>'
COUNT_PERSONS = b'<p:CountPersons xmlns:p="urn:example:person"/>'


@dataclass(frozen=True)
class Reply:
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def root(self) -> Any:
        """The envelope, parsed."""
        return etree.fromstring(self.body)

    def find(self, path: str) -> Any:
        """The first element at an XPath with the prefixes of :data:`NS`, None when there is none."""
        found = self.root.xpath(path, namespaces=NS)
        return found[0] if found else None

    def text(self, path: str) -> str:
        """The text of the first element at an XPath, "" when there is none."""
        element = self.find(path)
        return "" if element is None else (element.text or "")

    @property
    def code(self) -> str:
        """The bus's fault code, "" when this is no fault of the bus."""
        return self.text("//exch:Fault/exch:code")

    @property
    def rule(self) -> str:
        """The rule that the fault cites."""
        return self.text("//exch:Fault/exch:rule")

    @property
    def exchange(self) -> str:
        """The exchange id of the receipt."""
        return self.text("//exch:Receipt/exch:exchange")

    def particular(self, name: str) -> str:
        """A particular of the fault."""
        return self.text(f"//exch:Fault/exch:particular[@name='{name}']")

    @property
    def fault_text(self) -> str:
        """The sentence of a fault, of either SOAP version."""
        return self.text("//faultstring | //s12:Reason/s12:Text")

    @property
    def payload(self) -> Any:
        """The Body's element."""
        body = self.find("/s11:Envelope/s11:Body | /s12:Envelope/s12:Body")
        return body[0] if len(body) else None


@dataclass
class Consumer:
    """A member's back office: its code, key and certificate."""

    code: str
    key: PrivateKey
    certificate: x509.Certificate | None
    _signer: Signer | None = field(default=None, repr=False)

    @property
    def signer(self) -> Signer:
        """Signs with this key and certificate."""
        if self._signer is None:
            assert self.certificate is not None
            self._signer = Signer(FileKey(self.key), self.certificate)
        return self._signer

    def sign(
        self,
        body: bytes = GET_PERSON,
        headers: tuple[bytes, ...] = (),
        version: SoapVersion = SoapVersion.V11,
        created: float | None = None,
        ident: str | None = None,
        lifetime: float = 300,
    ) -> bytes:
        """A signed envelope; every header block given is signed too."""
        return signed_request(
            self.signer,
            version,
            body,
            headers,
            time.time() if created is None else created,
            ident or secrets.token_hex(8),
            lifetime,
        )

    def pem(self) -> bytes:
        """The certificate in PEM."""
        assert self.certificate is not None
        return self.certificate.public_bytes(Encoding.PEM)


def post(
    port: int,
    path: str,
    body: bytes,
    content_type: str = "text/xml; charset=utf-8",
    headers: dict[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Reply:
    """Post over a fresh connection."""
    connection: http.client.HTTPConnection
    if tls is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    else:
        connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=tls)
    try:
        connection.request("POST", path, body, {"Content-Type": content_type, **(headers or {})})
        answer = connection.getresponse()
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def verify_with_xmlsec(reply: Reply, certificate: x509.Certificate) -> set[str]:
    """Check the answer's signature with libxmlsec; returns the local names of what it covers.

    Raises:
        xmlsec.Error: the signature does not hold.
    """
    root = reply.root
    signatures = root.findall(".//ds:Signature", NS)
    assert len(signatures) == 1, "an answer carries exactly one signature"
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate.public_bytes(Encoding.PEM), xmlsec.constants.KeyDataFormatCertPem)
    by_id = {}
    for element in root.iter(etree.Element):
        if element.get(WSU_ID) is not None:
            context.register_id(element, "Id", NS["wsu"])
            by_id[element.get(WSU_ID)] = element
    context.verify(signatures[0])
    return {
        etree.QName(by_id[reference.get("URI")[1:]]).localname
        for reference in signatures[0].iter(f"{{{NS['ds']}}}Reference")
    }
