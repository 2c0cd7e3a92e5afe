"""A door of ours behind a plain HTTP server of Python's, so that what asks it goes over a real connection."""

import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

from esb.kernel.http import HttpHandler, HttpRequest, Peer

T = TypeVar("T")


class _Done(Awaitable[T]):
    def __init__(self, value: T) -> None:
        self._value = value

    def __await__(self) -> Any:
        yield from ()
        return self._value


def at_once(work: Callable[[], T]) -> Awaitable[T]:
    """Run blocking work where it is asked for."""
    return _Done(work())


@contextmanager
def served(handler: HttpHandler, port: int = 0) -> Iterator[str]:
    """Serve a door whose work is done :func:`at_once`; gives its base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path, _, query = self.path.partition("?")
            headers = {name.lower().encode(): value.encode() for name, value in self.headers.items()}
            going = handler(HttpRequest(self.command, path, query, headers, body, Peer("127.0.0.1")))
            try:
                going.__await__().send(None)  # type: ignore[attr-defined]
            except StopIteration as end:
                answer = end.value
            self.send_response(answer.status)
            for name, value in (("Content-Type", answer.content_type), *answer.headers):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = _answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
