"""zeep: its own WSDL loader on the published WSDL, its own WS-Security signatures, its own verification."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xmlsec
from cryptography import x509
from interop.answers import Answer, check_answer
from interop.identities import Identity
from lxml import etree
from support.client import NS
from support.place import Place
from zeep import Client, Settings
from zeep.exceptions import Fault, SignatureVerificationFailed
from zeep.transports import Transport
from zeep.wsa import WsAddressingPlugin
from zeep.wsse import utils
from zeep.wsse.signature import BinarySignature, Signature, _make_sign_key, _sign_node, verify_envelope

pytestmark = pytest.mark.interop
EXCHANGE = etree.QName(NS["exch"], "Exchange")


class Recorder(Transport):
    """zeep's transport, which also keeps what went over the wire last."""

    sent = b""
    received = b""
    status = 0

    def post(self, address: str, message: Any, headers: Any) -> Any:
        response = super().post(address, message, headers)
        self.sent, self.received, self.status = message, response.content, response.status_code
        return response


class Wsse:
    """Signs with one of zeep's plugins, after giving the header a Timestamp; verifies with zeep's own function against
    the bus's certificate (its plugins verify answers against the *client's* certificate)."""

    def __init__(self, plugin: Signature, bus_certificate: Path) -> None:
        self.plugin = plugin
        self.bus_certificate = bus_certificate
        self.verified = 0

    def apply(self, envelope: Any, headers: Any) -> Any:
        security = utils.get_security_header(envelope)
        now = datetime.now(UTC)
        security.append(
            utils.WSU.Timestamp(
                utils.WSU.Created(utils.get_timestamp(now, zulu_timestamp=True)),
                utils.WSU.Expires(utils.get_timestamp(now + timedelta(minutes=4), zulu_timestamp=True)),
            )
        )
        return self.plugin.apply(envelope, headers)

    def verify(self, envelope: Any) -> Any:
        verify_envelope(envelope, str(self.bus_certificate))
        self.verified += 1
        return envelope


class WholeHeaderSignature(BinarySignature):
    """Signs every header block beside Body and Timestamp: zeep has no option for it, so this prepares the template that
    zeep's own function prepares, and signs more parts."""

    def apply(self, envelope: Any, headers: Any) -> Any:
        soap = etree.QName(envelope).namespace
        security = utils.get_security_header(envelope)
        token = etree.Element(f"{{{NS['wsse']}}}BinarySecurityToken", ValueType=_X509, EncodingType=_BASE64)
        token.text = "".join(self.cert_data.decode().splitlines()[1:-1])
        signature = xmlsec.template.create(envelope, xmlsec.Transform.EXCL_C14N, self.signature_method)
        key_info = xmlsec.template.ensure_key_info(signature)
        reference = etree.SubElement(
            etree.SubElement(key_info, f"{{{NS['wsse']}}}SecurityTokenReference"),
            f"{{{NS['wsse']}}}Reference",
            ValueType=_X509,
            URI="#" + utils.ensure_id(token),
        )
        assert reference is not None
        security.insert(0, signature)
        security.insert(0, token)
        context = xmlsec.SignatureContext()
        context.key = _make_sign_key(self.key_data, self.cert_data, self.password)
        header = envelope.find(f"{{{soap}}}Header")
        blocks = [block for block in header if block is not security]
        for part in (envelope.find(f"{{{soap}}}Body"), security.find("wsu:Timestamp", NS), token, *blocks):
            _sign_node(context, signature, part, self.digest_method)
        context.sign(signature)
        return envelope, headers


_X509 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"


class Caller:
    """zeep on one WSDL address, with one identity."""

    def __init__(self, wsdl: str, plugin: type[Signature], who: Identity, bus: Path, plugins: Any = ()) -> None:
        ecdsa = "P256" in who.code
        method = xmlsec.Transform.ECDSA_SHA256 if ecdsa else xmlsec.Transform.RSA_SHA256
        signing = plugin(
            str(who.key), str(who.certificate), signature_method=method, digest_method=xmlsec.Transform.SHA256
        )
        self.wsse = Wsse(signing, bus)
        self.wire = Recorder()
        self.client = Client(
            wsdl,
            wsse=self.wsse,
            transport=self.wire,
            plugins=list(plugins),
            settings=Settings(forbid_external=True, strict=True),
        )

    def answer(self, bus: x509.Certificate) -> Answer:
        """The last answer, checked for what its signature covers."""
        return check_answer(self.wire.received, bus, self.wire.sent)


@pytest.fixture
def caller(identity: Callable[[str], Identity], resource: str, bus_certificate: Path) -> Callable[..., Caller]:
    def make(
        query: str = "wsdl", kind: str = "rsa2048", plugin: type[Signature] = BinarySignature, plugins: Any = ()
    ) -> Caller:
        return Caller(f"{resource}?{query}", plugin, identity(kind), bus_certificate, plugins)

    return make


@pytest.mark.parametrize("query", ["wsdl", "wsdl&soap=1.2", "wsdl&policy", "singleWsdl"])
@pytest.mark.parametrize("plugin", [BinarySignature, Signature])
@pytest.mark.parametrize("kind", ["rsa2048", "p256"])
def test_a_signed_call(
    caller: Callable[..., Caller], bus_x509: x509.Certificate, query: str, plugin: type[Signature], kind: str
) -> None:
    zeep = caller(query, kind, plugin)
    person = zeep.client.service.GetPerson(fin="5ABC123")
    assert (person.surname, person.name, str(person.born)) == ("Əliyeva", "Leyla", "1990-05-12")
    assert zeep.wsse.verified == 1
    assert zeep.answer(bus_x509).covered >= {"Body", "Timestamp", "Receipt"}


def test_every_operation_of_one_client(caller: Callable[..., Caller], bus_x509: x509.Certificate) -> None:
    zeep = caller()
    assert zeep.client.service.CountPersons() == 3
    zeep.answer(bus_x509)
    assert zeep.client.service.GetPerson(fin="5ABC123").surname == "Əliyeva"
    zeep.answer(bus_x509)
    assert zeep.client.service.NotePerson(fin="5ABC123") is None
    assert (zeep.wire.status, zeep.wire.received) == (202, b"")


@pytest.mark.parametrize("query", ["wsdl", "wsdl&soap=1.2"])
def test_addressing_headers_signed(caller: Callable[..., Caller], bus_x509: x509.Certificate, query: str) -> None:
    zeep = caller(query, plugin=WholeHeaderSignature, plugins=[WsAddressingPlugin()])
    assert zeep.client.service.GetPerson(fin="5ABC123").surname == "Əliyeva"
    answer = zeep.answer(bus_x509)
    assert answer.covered == {"Body", "Timestamp", "Receipt", "Action", "RelatesTo"}
    asked = etree.fromstring(zeep.wire.sent).findtext(".//wsa:MessageID", None, NS)
    assert answer.root.findtext(".//wsa:RelatesTo", None, NS) == asked


def test_reference_parameters_are_refused(
    caller: Callable[..., Caller], place: Place, bus_x509: x509.Certificate
) -> None:
    """Those of the endpoint that is answered would have to come back in the answer's header (WS-Addressing 1.0: Core
    3.4, SOAP 4), where the bus would sign a consumer's words; it says so rather than leave them out."""
    zeep = caller(plugin=WholeHeaderSignature, plugins=[WsAddressingPlugin()])
    reply_to = etree.Element(f"{{{NS['wsa']}}}ReplyTo")
    etree.SubElement(reply_to, f"{{{NS['wsa']}}}Address").text = NS["wsa"] + "/anonymous"
    parameters = etree.SubElement(reply_to, f"{{{NS['wsa']}}}ReferenceParameters")
    assert zeep.client.service.GetPerson(fin="5ABC123", _soapheaders=[reply_to]).surname == "Əliyeva"
    etree.SubElement(parameters, "{urn:example:client}ticket").text = "7"
    with pytest.raises(Fault) as caught:
        zeep.client.service.GetPerson(fin="5ABC123", _soapheaders=[reply_to])
    assert "leave reference parameters out" in caught.value.message
    assert zeep.answer(bus_x509).text(".//exch:Fault/exch:rule") == "ADR-03"
    assert len(place.provider.journal) == 1


def test_our_own_header_signed(caller: Callable[..., Caller], bus_x509: x509.Certificate) -> None:
    zeep = caller(plugin=WholeHeaderSignature)
    header = etree.Element(EXCHANGE)
    etree.SubElement(header, f"{{{NS['exch']}}}id").text = "zeep-1"
    etree.SubElement(header, f"{{{NS['exch']}}}purpose").text = "test"
    assert zeep.client.service.GetPerson(fin="5ABC123", _soapheaders=[header]).surname == "Əliyeva"
    zeep.answer(bus_x509)


@pytest.mark.parametrize("query", ["wsdl", "wsdl&soap=1.2"])
def test_a_refusal_is_zeeps_fault(caller: Callable[..., Caller], bus_x509: x509.Certificate, query: str) -> None:
    """WS-Addressing headers that zeep adds and does not sign: the fault is signed, and zeep reads it."""
    zeep = caller(query, plugins=[WsAddressingPlugin()])
    with pytest.raises(Fault, match="Sign the header") as caught:
        zeep.client.service.GetPerson(fin="5ABC123")
    assert zeep.wsse.verified == 1
    assert caught.value.detail.findtext(".//exch:code", None, NS) == "PartNotSigned"
    if query == "wsdl":
        assert caught.value.code == "wsse:InvalidSecurity"
    else:
        assert caught.value.subcodes == [etree.QName(NS["wsse"], "InvalidSecurity")]
    zeep.answer(bus_x509)


def test_without_a_signature(resource: str) -> None:
    with pytest.raises(Fault) as caught:
        Client(f"{resource}?wsdl").service.GetPerson(fin="5ABC123")
    assert caught.value.detail.findtext(".//exch:code", None, NS) == "SignatureMissing"


def test_a_changed_answer_is_noticed(caller: Callable[..., Caller], bus_certificate: Path) -> None:
    zeep = caller()
    zeep.client.service.GetPerson(fin="5ABC123")
    changed = zeep.wire.received.replace("Əliyeva".encode(), b"Quliyeva")
    assert changed != zeep.wire.received
    with pytest.raises(SignatureVerificationFailed):
        verify_envelope(etree.fromstring(changed), str(bus_certificate))
