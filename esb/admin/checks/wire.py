"""The checks' own way to an applicant's endpoint: one POST at a time, bounded in time, size and place.

An endpoint is a stranger's word.  Its name is resolved once, every address is held to the operator's rules, and the
connection goes to the judged address itself; no redirect is followed.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from esb.kernel.faults import EsbError
from esb.wsdl.addresses import AddressRules, Resolve, choose_address, resolve_host
from esb.wsdl.refuse import Forbidden, NotFound

_PORTS: Final = {"http": 80, "https": 443}


class WireFailed(EsbError):
    """An endpoint was not reached, or did not answer within bounds.

    Attributes:
        cause: ``address``, ``refused``, ``timeout``, ``tls``, ``closed`` or ``size``.
    """

    def __init__(self, cause: str, text: str) -> None:
        super().__init__(text)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL taken apart, with the address that may be connected to."""

    scheme: str
    host: str
    port: int
    path: str
    address: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, headers by lower-case name, the body, and seconds from the first byte to the last."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Line:
    """How endpoints are reached.

    Attributes:
        rules: which addresses may be connected to.
        seconds: that one call may take, everything included.
        answer_bytes: that an answer may have.
        tls: how a provider's certificate is judged, with the bus's own client certificate.
        resolve: given in, so that a test holds it still.
    """

    rules: AddressRules
    seconds: float
    answer_bytes: int
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    resolve: Resolve = resolve_host

    def locate(self, url: str) -> Endpoint:
        """Find where a URL leads.  Raises :class:`WireFailed` (``address``)."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or _PORTS.get(parts.scheme, 0)
        try:
            address = choose_address(host, port, self.rules, self.resolve)
        except (Forbidden, NotFound) as error:
            raise WireFailed("address", str(error)) from error
        path = parts.path or "/"
        return Endpoint(parts.scheme, host, port, f"{path}?{parts.query}" if parts.query else path, address)

    def connect(self, endpoint: Endpoint, tls: ssl.SSLContext | None) -> socket.socket:
        """Open a connection, with TLS where a context is given.  Raises :class:`WireFailed`."""
        try:
            plain = socket.create_connection((endpoint.address, endpoint.port), self.seconds)
        except TimeoutError as error:
            raise WireFailed("timeout", f"no connection within {self.seconds:g} s") from error
        except OSError as error:
            raise WireFailed("refused", f"the connection was not accepted ({error.strerror or 'failed'})") from error
        if tls is None:
            return plain
        try:
            return tls.wrap_socket(plain, server_hostname=endpoint.host)
        except ssl.SSLError as error:
            plain.close()
            raise WireFailed("tls", f"the TLS handshake failed ({tls_reason(error)})") from error
        except TimeoutError as error:
            plain.close()
            raise WireFailed("timeout", f"no TLS handshake within {self.seconds:g} s") from error
        except OSError as error:
            plain.close()
            raise WireFailed("closed", "the connection was closed during the TLS handshake") from error

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request and read its answer.  Blocks.

        Raises:
            WireFailed: it was not reached, or gave no whole answer within bounds.
        """
        endpoint = self.locate(url)
        connection = self.connect(endpoint, self.tls if endpoint.scheme == "https" else None)
        asked = http.client.HTTPConnection(endpoint.host, endpoint.port)
        asked.sock = connection
        if endpoint.scheme == "https" and endpoint.port == _PORTS["https"]:
            asked.default_port = _PORTS["https"]
        # A server that drips a byte at a time outlives every socket timeout; this ends the whole exchange.
        was_cut = threading.Event()

        def cut() -> None:
            was_cut.set()
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

        alarm = threading.Timer(self.seconds, cut)
        alarm.daemon = True
        alarm.start()
        began = time.perf_counter()
        try:
            answer = self._ask(asked, endpoint.path, body, headers, began)
        except (OSError, http.client.HTTPException) as error:
            if was_cut.is_set() or isinstance(error, TimeoutError):
                raise WireFailed("timeout", f"no whole answer within {self.seconds:g} s") from error
            raise WireFailed("closed", f"the answer broke off ({type(error).__name__})") from error
        finally:
            alarm.cancel()
            asked.close()
            connection.close()
        if was_cut.is_set():  # what came until then may look whole
            raise WireFailed("timeout", f"no whole answer within {self.seconds:g} s")
        return answer

    def _ask(
        self, asked: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str], began: float
    ) -> Answer:
        asked.request("POST", path, body, {"User-Agent": "shluz", **headers})
        response = asked.getresponse()
        data = response.read(self.answer_bytes + 1)
        if len(data) > self.answer_bytes:
            raise WireFailed("size", f"the answer is larger than {self.answer_bytes} bytes")
        if response.length:
            raise http.client.IncompleteRead(data, response.length)
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, data, time.perf_counter() - began)


def tls_reason(error: ssl.SSLError) -> str:
    """Why a handshake failed, in OpenSSL's words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return (error.reason or type(error).__name__).replace("_", " ").lower()
