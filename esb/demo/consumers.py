"""Members that ask: zeep on the WSDL that the bus publishes, with a signature of their own."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from lxml import etree
from zeep import Client, Settings
from zeep.exceptions import Error

from esb.demo.opinion import Receipt
from esb.demo.signing import Identity, OpinionError
from esb.demo.wire import Change, Crossing, RecordingTransport, Wsse
from esb.kernel.namespaces import EXCHANGE
from esb.kernel.xml import parse_document

_FIELDS: Final = ("id", "purpose", "officer")  # of exch:Exchange, in the order of its schema


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question.

    Attributes:
        value: what zeep made of the answer; None when it was a fault.
        code, rule, particulars: of the bus's fault; "" for an answer, or for a fault that is the provider's own.
        fault: the text of a fault, whoever made it; "" for an answer.
        receipt: the bus's receipt, once the answer's signature was checked.
        doubt: why the answer is not believed; "" when it is.
    """

    crossing: Crossing
    value: Any
    code: str
    rule: str
    fault: str
    particulars: Mapping[str, str]
    receipt: Receipt | None
    doubt: str


class Consumer:
    """One member as a client of the bus."""

    def __init__(self, identity: Identity, bus_address: str, bus_certificate: bytes) -> None:
        self._identity = identity
        self._address = bus_address
        self._bus_certificate = bus_certificate
        self._client = cache(self._connect)

    def ask(
        self,
        service: str,
        operation: str,
        arguments: Mapping[str, Any],
        exchange: Mapping[str, str],
        change: Change | None = None,
    ) -> Answer:
        """Ask a service, signed.

        Args:
            exchange: fields of exch:Exchange beside the id, which is always new.
            change: what happens to the envelope after it was signed.
        """
        client, wsse, transport = self._client(service)
        wsse.change = change
        value, doubt, fault = None, "", ""
        try:
            call = client.service[operation]
            value = call(**arguments, _soapheaders=[exchange_header({"id": uuid.uuid4().urn, **exchange})])
        except OpinionError as error:
            doubt = str(error)
        except Error as error:
            fault = str(error)
        return _answer(transport, value, fault, wsse.receipt, doubt)

    def ask_again(self, service: str) -> Answer:
        """Send the very bytes of the last question once more, as somebody who overheard them would."""
        _, wsse, transport = self._client(service)
        before = transport.last
        if before is None:
            raise ValueError("nothing was asked yet")
        wsse.receipt, doubt = None, ""
        response = transport.post(before.address, before.sent, before.headers)
        try:
            wsse.verify(parse_document(response.content, "answer"))
        except OpinionError as error:
            doubt = str(error)
        return _answer(transport, None, "", wsse.receipt, doubt)

    def write(self, service: str, operation: str, arguments: Mapping[str, Any], exchange: Mapping[str, str]) -> bytes:
        """A signed question as bytes, not sent: good for one use within five minutes."""
        client, wsse, _ = self._client(service)
        wsse.change = None
        options = client.service._binding_options
        binding = client.service._binding
        header = exchange_header({"id": uuid.uuid4().urn, **exchange})
        envelope, _ = binding._create(operation, (), {**arguments, "_soapheaders": [header]}, client, options)
        return etree.tostring(envelope)

    def url(self, service: str) -> str:
        """Where a service is asked."""
        return f"{self._address}/services/{service}"

    def _connect(self, service: str) -> tuple[Any, Wsse, RecordingTransport]:
        transport = RecordingTransport()
        wsse = Wsse(self._identity, self._bus_certificate, transport)
        settings = Settings(forbid_external=True, strict=True)
        wsdl = f"{self.url(service)}?wsdl"
        client = Client(wsdl, wsse=wsse, transport=transport, settings=settings)  # type: ignore[no-untyped-call]
        return client, wsse, transport


def exchange_header(fields: Mapping[str, str]) -> Any:
    """An exch:Exchange header block with the fields that are given."""
    header = etree.Element(f"{{{EXCHANGE}}}Exchange", nsmap={"exch": EXCHANGE})
    for name in _FIELDS:
        if fields.get(name):
            etree.SubElement(header, f"{{{EXCHANGE}}}{name}").text = fields[name]
    return header


def _answer(transport: RecordingTransport, value: Any, fault: str, receipt: Receipt | None, doubt: str) -> Answer:
    crossing = transport.last
    if crossing is None:
        raise ValueError("the question was not sent")
    root = parse_document(crossing.received, "answer")
    ours = next(root.iter(f"{{{EXCHANGE}}}Fault"), None)
    code = rule = ""
    particulars: dict[str, str] = {}
    if ours is not None:
        code = ours.findtext(f"{{{EXCHANGE}}}code", "")
        rule = ours.findtext(f"{{{EXCHANGE}}}rule", "")
        particulars = {
            element.get("name", ""): element.text or "" for element in ours.iterfind(f"{{{EXCHANGE}}}particular")
        }
        fault = fault or next((element.text or "" for element in root.iter("faultstring")), "")
    return Answer(crossing, value, code, rule, fault, particulars, receipt, doubt)
