"""What must be true of an exchange whatever was sent: the invariants that attacks are tried against."""

from typing import Any

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from esb.audit.entry import Kind
from support.client import NS, WSU_ID
from support.way import Exchange, expect_signed


def expect_sound(exchange: Exchange, read: bool = True) -> None:
    """The reply is signed and on record; a provider was asked only after the request was; a fault of the bus that came
    before the record means that nothing was delivered."""
    expect_signed(exchange, read)
    kinds = [record.entry.kind for record in exchange.records]
    assert kinds in ([Kind.REFUSAL], [Kind.REQUEST, Kind.REFUSAL], [Kind.REQUEST, Kind.ANSWER]), kinds
    assert exchange.records[-1].entry.exchange == exchange.reply.exchange
    assert bool(exchange.reply.code) is (kinds[-1] is Kind.REFUSAL)
    assert not exchange.delivered or kinds[0] is Kind.REQUEST
    assert len(exchange.delivered) <= 1
    assert exchange.reply.code != "InternalError", "whatever comes from outside is foreseen"


def expect_as_signed(exchange: Exchange) -> Any:
    """What was delivered is the payload that was signed, octet for octet in canonical form; returns its root."""
    sent = etree.fromstring(exchange.sent)
    root = etree.fromstring(exchange.delivered[0].body)
    assert [etree.QName(child).localname for child in root][-1] == "Body"
    assert len(root[-1]) == len(sent[-1])
    for mine, theirs in zip(sent[-1], root[-1], strict=True):
        assert canonical(mine) == canonical(theirs)
    return root


def canonical(element: Any) -> bytes:
    """Exclusive canonical octets."""
    return etree.tostring(element, method="c14n", exclusive=True)


def verify_each(root: Any, certificates: list[x509.Certificate]) -> list[list[str]]:
    """Check every ds:Signature of an envelope with libxmlsec, by the certificates in order of the signatures; returns
    the local names of what each covers.

    Raises:
        xmlsec.Error: one does not hold.
    """
    signatures = root.findall(".//ds:Signature", NS)
    assert len(signatures) == len(certificates)
    found = []
    for signature, certificate in zip(signatures, certificates, strict=True):
        context = xmlsec.SignatureContext()
        pem = certificate.public_bytes(Encoding.PEM)
        context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
        named = {}
        for element in root.iter(etree.Element):
            if element.get(WSU_ID) is not None:
                assert element.get(WSU_ID) not in named, "an identifier stands twice"
                named[element.get(WSU_ID)] = element
                context.register_id(element, "Id", NS["wsu"])
        context.verify(signature)
        uris = [reference.get("URI")[1:] for reference in signature.iter(f"{{{NS['ds']}}}Reference")]
        found.append([etree.QName(named[uri]).localname for uri in uris])
    return found
