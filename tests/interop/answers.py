"""An answer of the bus, checked as a careful consumer would: whose signature, over which elements, for which request.

libxmlsec does the cryptography; nothing of the bus's own signature code is used.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from support.client import NS, WSU_ID


@dataclass(frozen=True)
class Answer:
    """A checked answer: its envelope, and the local names of what the bus signed."""

    root: Any
    covered: frozenset[str]

    def text(self, path: str) -> str:
        """The text at a path with the prefixes of :data:`support.client.NS`, "" when there is none."""
        return str(self.root.findtext(path, "", NS))

    @property
    def code(self) -> str:
        """The bus's fault code, "" for an answer."""
        return self.text(".//exch:Fault/exch:code")


def check_answer(octets: bytes, bus: x509.Certificate, sent: bytes | None) -> Answer:
    """Verify and look at what is covered: the Body and Receipt of this Envelope, the Timestamp of its one Security.

    Args:
        sent: the request as it was sent, which the receipt must be for; None where the client does not tell.
    """
    root = etree.fromstring(octets)
    soap = etree.QName(root).namespace
    (security,) = root.findall(f"{{{soap}}}Header/wsse:Security", NS)
    (signature,) = root.findall(".//ds:Signature", NS)
    assert signature.getparent() is security
    marked: dict[str, Any] = {}
    for element in root.iter(etree.Element):
        ident = element.get(WSU_ID)
        if ident is not None:
            assert ident not in marked, "an Id stands twice"
            marked[ident] = element
    context = xmlsec.SignatureContext()
    covered = []
    for reference in signature.findall("ds:SignedInfo/ds:Reference", NS):
        element = marked[reference.get("URI")[1:]]
        context.register_id(element, "Id", NS["wsu"])
        covered.append(element)
    context.key = xmlsec.Key.from_memory(bus.public_bytes(Encoding.PEM), xmlsec.KeyFormat.CERT_PEM)
    context.verify(signature)
    (body,) = root.findall(f"{{{soap}}}Body")
    (timestamp,) = security.findall("wsu:Timestamp", NS)
    (receipt,) = root.findall(f"{{{soap}}}Header/exch:Receipt", NS)
    for part in (body, timestamp, receipt):
        assert any(part is each for each in covered), f"{part.tag} is not signed"
    (token,) = security.findall("wsse:BinarySecurityToken", NS)
    assert base64.b64decode(token.text) == bus.public_bytes(Encoding.DER)
    if sent is not None:
        stated = base64.b64decode(receipt.findtext("exch:requestDigest", "", NS))
        assert stated == hashlib.sha256(sent).digest(), "the receipt is for another request"
    return Answer(root, frozenset(str(etree.QName(each).localname) for each in covered))
