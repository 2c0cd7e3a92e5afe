"""SOAP written by hand over WSGI, as systems of that age speak it: no library, strings in and out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from esb.demo.providers.frame import Wsgi
from esb.kernel.namespaces import SOAP11, SOAP12
from esb.kernel.xml import Element, parse_document

MEDIA = {SOAP11: "text/xml", SOAP12: "application/soap+xml"}
_LARGEST = 1 << 20  # bytes of a request


class SoapFault(Exception):
    """What a system answers instead of an answer: a reason, and a detail element in XML."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Question:
    """A request: its envelope, the element in its Body, and that element's local name."""

    envelope: Element
    payload: Element
    operation: str

    def text(self, local: str) -> str:
        """The text of the first element of that local name in the payload."""
        return next((element.text or "" for element in self.payload.iter(f"{{*}}{local}")), "")


def serve_by_hand(
    soap: str,
    documents: Mapping[str, bytes],
    answer: Callable[[Question], bytes],
    finish: Callable[[bytes], bytes] = lambda envelope: envelope,
) -> Wsgi:
    """A WSGI application: GET gives documents by path, POST is a question.

    Args:
        soap: namespace of the SOAP version spoken.
        answer: gives the content of the answer's Body; may raise :class:`SoapFault`.
        finish: what is done to a whole envelope before it leaves, such as signing it.
    """

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            document = documents.get(environ.get("PATH_INFO", ""))
            start_response("200 OK" if document else "404 Not Found", [("Content-Type", "text/xml; charset=utf-8")])
            return [document or b""]
        length = min(int(environ.get("CONTENT_LENGTH") or 0), _LARGEST)
        envelope = parse_document(environ["wsgi.input"].read(length), "request")
        body = envelope.find(f"{{{soap}}}Body")
        status = "200 OK"
        if body is None or not len(body):
            status, content = "500 Error", fault(soap, SoapFault("The Body is empty.", ""))
        else:
            try:
                content = answer(Question(envelope, body[0], etree.QName(body[0]).localname))
            except SoapFault as said:
                status, content = "500 Error", fault(soap, said)
        whole = finish(f'<S:Envelope xmlns:S="{soap}"><S:Body>'.encode() + content + b"</S:Body></S:Envelope>")
        start_response(status, [("Content-Type", f"{MEDIA[soap]}; charset=utf-8"), ("Content-Length", str(len(whole)))])
        return [whole]

    return application


def fault(soap: str, said: SoapFault) -> bytes:
    """A fault for inside the Body, the asker's to mend."""
    reason = escape(said.reason)
    if soap == SOAP11:
        return (
            f"<S:Fault><faultcode>S:Client</faultcode><faultstring>{reason}</faultstring>"
            f"<detail>{said.detail}</detail></S:Fault>"
        ).encode()
    return (
        f"<S:Fault><S:Code><S:Value>S:Sender</S:Value></S:Code>"
        f'<S:Reason><S:Text xml:lang="en">{reason}</S:Text></S:Reason><S:Detail>{said.detail}</S:Detail></S:Fault>'
    ).encode()


def contract_files(folder: str, endpoint: str) -> dict[str, bytes]:
    """The contract of a system by path below its folder, with the address where it is reached written in."""
    found: dict[str, bytes] = {}

    def walk(place: Traversable, path: str) -> None:
        for entry in place.iterdir():
            if entry.is_dir():
                walk(entry, f"{path}/{entry.name}")
            elif entry.name.endswith((".wsdl", ".xsd")):
                found[f"{path}/{entry.name}"] = entry.read_bytes().replace(b"@ENDPOINT@", endpoint.encode())

    walk(files("esb.demo").joinpath("contracts", folder), f"/{folder}")
    return found
