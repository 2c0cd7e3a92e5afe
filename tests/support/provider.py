"""A provider: a real HTTP server in a thread, with a journal that is the witness of what reached it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PERSON = (
    b'<p:GetPersonResponse xmlns:p="urn:example:person"><p:person><p:fin>5ABC123</p:fin>'
    b"<p:surname>\xc6\x8fliyeva</p:surname><p:name>Leyla</p:name><p:born>1990-05-12</p:born></p:person></p:GetPersonResponse>"
)


@dataclass(frozen=True)
class Delivered:
    """One request that reached the provider."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Given:
    """What the provider answers: status, media type, body.  ``raw`` replaces the whole HTTP answer."""

    body: bytes
    status: int = 200
    media: str = "text/xml; charset=utf-8"
    raw: bytes | None = None


def envelope11(content: bytes) -> bytes:
    """A plain SOAP 1.1 envelope."""
    return (
        b'<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Header/><S:Body>'
        + content
        + b"</S:Body></S:Envelope>"
    )


def envelope12(content: bytes) -> bytes:
    """A plain SOAP 1.2 envelope."""
    return (
        b'<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body>' + content + b"</S:Body></S:Envelope>"
    )


def persons(request: Delivered) -> Given:
    """What the person register answers to its three operations, in the SOAP version it was asked in."""
    soap12 = "soap+xml" in request.headers.get("content-type", "")
    wrap, media = (
        (envelope12, "application/soap+xml; charset=utf-8") if soap12 else (envelope11, "text/xml; charset=utf-8")
    )
    if b"CountPersons" in request.body:
        content = b'<p:CountPersonsResponse xmlns:p="urn:example:person"><p:count>3</p:count></p:CountPersonsResponse>'
    elif b"NotePerson" in request.body:
        return Given(b"", 202)
    else:
        content = PERSON
    return Given(wrap(content), media=media)


class Provider:
    """Serves on a free loopback port until :meth:`close`.

    ``answer`` may be replaced by a test; :meth:`reset` puts the person register back and empties the journal.
    """

    def __init__(self) -> None:
        self.journal: list[Delivered] = []
        self.answer: Callable[[Delivered], Given] = persons
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms for an ACK

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", "0"))
                request = Delivered(
                    self.path, {name.lower(): value for name, value in self.headers.items()}, self.rfile.read(length)
                )
                provider.journal.append(request)
                given = provider.answer(request)
                if given.raw is not None:
                    self.wfile.write(given.raw)
                    self.close_connection = True
                    return
                self.send_response(given.status)
                if given.body:
                    self.send_header("Content-Type", given.media)
                self.send_header("Content-Length", str(len(given.body)))
                self.end_headers()
                self.wfile.write(given.body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Listener(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """A bus may hang up: that is no error to print."""

        self._server = Listener(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/persons"

    def reset(self) -> None:
        """Begin anew: empty journal, the person register's answers."""
        self.journal.clear()
        self.answer = persons

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
