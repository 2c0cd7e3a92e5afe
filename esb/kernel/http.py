"""HTTP as plain values: what the doors receive and answer, and what an adapter asks a provider.

Nothing here does I/O.  ``esb/transport`` turns these into bytes; adapters and endpoints only build and read them.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from esb.kernel.frozen import frozen


@frozen
class Peer:
    """The other end of a connection: its address, and the SHA-256 of its TLS client certificate when it sent one
    that the listener's anchors vouch for."""

    address: str
    tls: bool = False
    certificate_sha256: bytes | None = None


@frozen
class HttpRequest:
    """One request as it came in.

    ``path`` is the raw path without query, not decoded; ``query`` is without '?'.  ``headers`` has lower-case names;
    a repeated header's values are joined by ``b", "``.  ``body`` is after de-chunking and gunzip.
    """

    method: str
    path: str
    query: str
    headers: Mapping[bytes, bytes]
    body: bytes
    peer: Peer


@frozen
class HttpResponse:
    """One answer to give.  Content-Length, Date, Connection and Content-Encoding are the transport's to add."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@frozen
class HttpCall:
    """One POST to a provider.

    ``url`` is absolute, http or https.  ``timeout`` is in seconds and covers everything from connecting to the last
    byte of the answer.  ``max_answer`` is in bytes, after decompression.
    """

    url: str
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...]
    timeout: float
    max_answer: int


@frozen
class HttpAnswer:
    """What a provider answered, de-chunked and gunzipped; header names are lower-case."""

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes


class HttpClient(Protocol):
    """What an adapter needs of the network.  Errors are :class:`esb.kernel.faults.Refusal` with rules PRV-01, -02,
    -06, -07: the foreign errors of sockets and TLS end inside the implementation."""

    def call(self, call: HttpCall) -> Awaitable[HttpAnswer]:
        """Send ``call`` and wait for its answer."""


HttpHandler = Callable[[HttpRequest], Awaitable[HttpResponse]]
