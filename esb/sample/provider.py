"""The sample's provider: one process that answers for every agency, on made-up people, by each service's contract.

An answer repeats the request's reference and is otherwise one of five that are ready for each service.  It is plain
SOAP over HTTP, as an agency's own system behind its bus; whether an answer is right, the bus judges.
"""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, Final
from urllib.parse import urlsplit

from twisted.internet import reactor as _reactor
from twisted.internet.error import CannotListenError

from esb.kernel.clock import SystemClock
from esb.kernel.faults import EsbError, Refusal
from esb.kernel.http import HttpRequest, HttpResponse
from esb.kernel.soap import SoapVersion, open_envelope
from esb.kernel.xml import XmlLimits, parse_message
from esb.sample.bodies import ANSWER_BYTES, REFERENCE, BodyText, answer_text
from esb.sample.contracts import namespace_of, wsdl_of
from esb.sample.load import endpoint_of
from esb.sample.mix import Month, Service, national_month
from esb.transport.limits import ServerLimits
from esb.transport.server import DoorFactory

_XML: Final = "text/xml; charset=utf-8"
_SOAP: Final = SoapVersion.V11.value
_FAULT: Final = (
    f'<S:Envelope xmlns:S="{_SOAP}"><S:Body><S:Fault><faultcode>S:Client</faultcode>'
    "<faultstring>%s</faultstring></S:Fault></S:Body></S:Envelope>"
)

reactor: Any = _reactor


class CannotProvide(EsbError):
    """The address cannot be listened on; the text says what to do."""


@dataclass(slots=True)
class Agencies:
    """Every service of the sample by its path, and how often each was asked."""

    base: str
    services: Mapping[str, Service]
    asked: dict[str, int] = field(default_factory=dict)
    _turns: Any = field(default_factory=lambda: cycle(range(len(ANSWER_BYTES))))
    _texts: dict[tuple[str, int], BodyText] = field(default_factory=dict)

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer a question, or give a service's WSDL."""
        service = self.services.get(request.path)
        if service is None:
            return HttpResponse(404, "text/plain; charset=utf-8", b"No service of the sample is here.\n")
        if request.method == "GET":
            return HttpResponse(200, _XML, wsdl_of(service, endpoint_of(service, self.base)))
        payload = open_envelope(parse_message(request.body, XmlLimits())).payload
        reference = None if payload is None else payload.findtext(f"{{{namespace_of(service)}}}{REFERENCE}")
        if reference is None:
            return _fault("The Body is not what the contract says.")
        return HttpResponse(200, _XML, self._answer(service, reference))

    def _answer(self, service: Service, reference: str) -> bytes:
        name, turn = service.id.text, next(self._turns)
        self.asked[name] = self.asked.get(name, 0) + 1
        text = self._texts.get((name, turn))
        if text is None:
            text = self._texts[name, turn] = answer_text(service, turn)
        # The contract lets a reference hold letters, digits and hyphens alone; whatever came, no markup leaves here.
        safe = "".join(each for each in reference if each.isalnum() or each == "-").encode()
        before = f'<S:Envelope xmlns:S="{_SOAP}"><S:Body>'.encode()
        return b"".join((before, text.before, safe, text.after, b"</S:Body></S:Envelope>"))


def agencies(base: str, month: Month | None = None) -> Agencies:
    """All agencies' services as they stand below ``base``, the URL that the sample was loaded with."""
    services = (month or national_month()).services
    return Agencies(base, {urlsplit(endpoint_of(service, base)).path: service for service in services})


def provide(host: str, port: int, ready: Callable[[str, int], None]) -> None:
    """Answer until SIGTERM or SIGINT.

    Args:
        ready: is told the base URL once it is listened on, and how many services are answered for.

    Raises:
        CannotProvide: the address cannot be listened on.
    """
    served = agencies(f"http://{host}:{port}")
    factory = DoorFactory(served.handle, _refuse, ServerLimits(), reactor, SystemClock())
    try:
        listening = reactor.listenTCP(port, factory, backlog=1024, interface=host)
    except CannotListenError as error:
        raise CannotProvide(
            f"{host}:{port} cannot be listened on ({error.socketError.strerror}): another program may use it; "
            "name another with --port, and load the sample with --provider http://HOST:PORT."
        ) from error
    served.base = f"http://{host}:{listening.getHost().port}"
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: reactor.callFromThread(reactor.stop))
    ready(served.base, len(served.services))
    reactor.run(installSignalHandlers=False)


async def _refuse(refusal: Refusal, request: HttpRequest) -> HttpResponse:
    return _fault("The message cannot be read.")


def _fault(text: str) -> HttpResponse:
    return HttpResponse(500, _XML, (_FAULT % text).encode())
