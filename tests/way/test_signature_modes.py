"""What the provider gets: the bus's signature, the consumer's beside it, or none; always the Body that was signed."""

from collections.abc import Callable
from typing import Any

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from support.client import NS, WSU_ID
from support.handmade import canonical, handmade
from support.place import Place
from support.way import Asker, Exchange, expect_person, granted

from esb.kernel.directory import SignatureMode
from esb.kernel.soap import SoapVersion

BODY = (
    b'<p:GetPerson  xmlns:p="urn:example:person"\n xmlns:unused="urn:unused">'
    b"<p:fin >5ABC123</p:fin>\n<p:remark>\xc6\x8f &amp; &lt;b&gt; \t</p:remark></p:GetPerson>"
)
ROLE = {SoapVersion.V11: "actor", SoapVersion.V12: "role"}


def covered(root: Any, signature: Any, certificate: x509.Certificate) -> list[Any]:
    """Verify one signature of the envelope with libxmlsec; the elements that it covers."""
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate.public_bytes(Encoding.PEM), xmlsec.constants.KeyDataFormatCertPem)
    by_id = {}
    for element in root.iter(etree.Element):
        if element.get(WSU_ID) is not None:
            assert element.get(WSU_ID) not in by_id, "an identifier stands once"
            by_id[element.get(WSU_ID)] = element
            context.register_id(element, "Id", NS["wsu"])
    context.verify(signature)
    return [by_id[one.get("URI")[1:]] for one in signature.iter(f"{{{NS['ds']}}}Reference")]


def names(elements: list[Any]) -> set[str]:
    return {etree.QName(element).localname for element in elements}


def own_certificate(place: Place) -> x509.Certificate:
    return x509.load_pem_x509_certificate(place.settings.keys.certificate.read_bytes())


def ask(
    asker: Asker, place: Place, version: SoapVersion, name: str, mode: SignatureMode, handcrafted: bool
) -> tuple[Exchange, Any, bytes]:
    """Ask through a resource of this mode; the delivered envelope, and the Body's content as it was signed."""
    service = granted(place, f"DIN/IAMAS/{name}/v1", signature=mode)
    consumer = place.consumers["EESMN"]
    message = handmade(consumer, BODY, version) if handcrafted else consumer.sign(BODY, version=version)
    exchange = asker.send(message, version, service)
    expect_person(exchange)
    delivered = etree.fromstring(exchange.delivered[0].body)
    signed = etree.fromstring(message)
    return exchange, delivered, canonical(signed[1][0])


@pytest.fixture(params=[False, True], ids=["plain", "by hand"])
def handcrafted(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


Name = Callable[[], str]


def test_the_buses_signature_alone(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Name, handcrafted: bool
) -> None:
    exchange, root, content = ask(asker, place, version, fresh_name(), SignatureMode.BUS, handcrafted)
    assert root.tag == f"{{{version.value}}}Envelope"
    (signature,) = root.findall(".//ds:Signature", NS)
    elements = covered(root, signature, own_certificate(place))
    assert names(elements) >= {"Body", "Timestamp", "Forwarded"}
    assert root[1] in elements, "the Body that was signed is the Envelope's own"
    assert len(root.findall(".//wsse:Security", NS)) == 1
    assert canonical(root[1][0]) == content
    _expect_forwarded(exchange, root)


def test_the_consumers_signature_carried_on(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Name, handcrafted: bool
) -> None:
    exchange, root, content = ask(asker, place, version, fresh_name(), SignatureMode.CARRY, handcrafted)
    consumer = place.consumers["EESMN"]
    assert consumer.certificate is not None
    headers = root.findall("*/wsse:Security", NS)
    assert len(headers) == 2
    by_role = {header.get(f"{{{version.value}}}{ROLE[version]}"): header for header in headers}
    ours = by_role.pop("urn:shluz:bus")
    (theirs,) = by_role.values()
    elements = covered(root, theirs.find("ds:Signature", NS), consumer.certificate)
    assert names(elements) == {"Body", "Timestamp"}
    assert root[1] in elements
    assert theirs.find("wsu:Timestamp", NS) in elements
    elements = covered(root, ours.find("ds:Signature", NS), own_certificate(place))
    assert names(elements) >= {"Body", "Timestamp", "Forwarded"}
    assert ours.find("wsu:Timestamp", NS) in elements
    assert root[1] in elements
    # Byte for byte: what was signed verifies from the forwarded octets, and says what it said.
    assert canonical(root[1]) == canonical(etree.fromstring(exchange.sent)[1])
    assert canonical(root[1][0]) == content
    _expect_forwarded(exchange, root)


def test_every_signed_header_is_carried_too(asker: Asker, place: Place, version: SoapVersion, fresh_name: Name) -> None:
    """The consumer's signature covers its WS-Addressing headers: without them it could not be verified."""
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1", signature=SignatureMode.CARRY)
    block = b'<a:MessageID xmlns:a="http://www.w3.org/2005/08/addressing">urn:uuid:%s</a:MessageID>'
    exchange = asker.ask(version=version, service=service, headers=(block % fresh_name().encode(),))
    expect_person(exchange)
    root = etree.fromstring(exchange.delivered[0].body)
    certificate = place.consumers["EESMN"].certificate
    assert certificate is not None
    theirs = next(
        one
        for one in root.findall("*/wsse:Security", NS)
        if one.get(f"{{{version.value}}}{ROLE[version]}") != "urn:shluz:bus"
    )
    assert names(covered(root, theirs.find("ds:Signature", NS), certificate)) == {"Body", "Timestamp", "MessageID"}


def test_no_signature_at_all(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Name, handcrafted: bool
) -> None:
    exchange, root, content = ask(asker, place, version, fresh_name(), SignatureMode.NONE, handcrafted)
    assert not list(root.iter(f"{{{NS['wsse']}}}Security", f"{{{NS['ds']}}}Signature"))
    assert b"wssecurity-secext" not in exchange.delivered[0].body
    assert canonical(root[-1][0]) == content


def test_http_to_the_provider(asker: Asker, version: SoapVersion) -> None:
    exchange = asker.ask(version=version)
    expect_person(exchange)
    headers = exchange.delivered[0].headers
    assert headers["content-type"].lower().startswith(version.media_type)
    if version is SoapVersion.V11:
        assert headers["soapaction"] == '"urn:example:GetPerson"'
    else:
        assert 'action="urn:example:GetPerson"' in headers["content-type"]
        assert "soapaction" not in headers


@pytest.mark.parametrize("mode", list(SignatureMode))
def test_a_provider_of_the_other_version(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Name, mode: SignatureMode
) -> None:
    """Bridged: the envelope changes, the content does not.  What cannot be bridged is refused, never sent broken."""
    other = {SoapVersion.V11: SoapVersion.V12, SoapVersion.V12: SoapVersion.V11}[version]
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1", signature=mode, provider_version=other)
    exchange = asker.ask(version=version, service=service)
    if mode is SignatureMode.CARRY and exchange.reply.status != 200:
        # The consumer's signature covers a Body of its own version: it can only be carried in that.
        assert exchange.delivered == ()
        return
    expect_person(exchange)
    root = etree.fromstring(exchange.delivered[0].body)
    if mode is SignatureMode.BUS:
        assert root.tag == f"{{{other.value}}}Envelope"
        (signature,) = root.findall(".//ds:Signature", NS)
        assert names(covered(root, signature, own_certificate(place))) >= {"Body", "Timestamp", "Forwarded"}


def _expect_forwarded(exchange: Exchange, root: Any) -> None:
    import base64
    import hashlib

    told = root.find("*/exch:Forwarded", NS)
    text = {etree.QName(child).localname: child.text for child in told}
    assert text["exchange"] == exchange.reply.exchange
    assert (text["consumer"], text["operation"]) == ("EESMN", "GetPerson")
    assert text["service"].startswith("DIN/IAMAS/")
    assert base64.b64decode(text["requestDigest"]) == hashlib.sha256(exchange.sent).digest()
