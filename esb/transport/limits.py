"""How much the transport takes from a stranger, and for how long it waits."""

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """The bounds of one listener.  Sizes are in bytes, times in seconds, rates in bytes per second.

    Attributes:
        header_bytes: the request line with all header lines.
        headers: header lines of one request.
        body_bytes: a request's body as it is on the wire, without chunk framing.
        inflated_bytes: a request's body after gunzip.
        held_bytes: request bodies that are coming in or being answered, over all connections.  What a body has beyond
            ``pipelined_bytes`` counts, so that ordinary requests go on while large ones are turned away.
        bare_body_bytes: a body on a method other than POST, PUT or PATCH, where it has no meaning.
        pipelined_bytes: what is read ahead while an answer is being made; beyond it the socket is left unread.
        header_seconds: from a request's first byte (or from the connection's start) to the end of its head.
        body_seconds: what a body may take besides the time that ``slowest_rate`` gives it.
        slowest_rate: below this a sender, or a reader of an answer, is cut off once its grace is used up.
        idle_seconds: between two requests on one connection.
        write_seconds: what an answer may wait for its reader besides the time that ``slowest_rate`` gives it.
        linger_seconds: how long the rest of a refused request is read and thrown away, so that the refusal is read.
        connections: connections that are served; those above get 503.
        refused_connections: connections above ``connections`` that still get an answer; the next are cut at once.
        gzip_from: answers of this size and more are compressed for a client that asks for it.
    """

    header_bytes: int = 32 * 1024
    headers: int = 100
    body_bytes: int = 10 * _MIB
    inflated_bytes: int = 10 * _MIB
    held_bytes: int = 256 * _MIB
    bare_body_bytes: int = 8 * 1024
    pipelined_bytes: int = 64 * 1024
    header_seconds: float = 10
    body_seconds: float = 30
    slowest_rate: int = 16 * 1024
    idle_seconds: float = 75
    write_seconds: float = 30
    linger_seconds: float = 5
    connections: int = 2000
    refused_connections: int = 100
    gzip_from: int = 1024


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """The bounds of the pool towards providers.  Sizes are in bytes, times in seconds.

    Attributes:
        per_host: connections to one scheme, host and port at a time.
        waiting_per_host: calls that may wait for one of those connections; the next is refused as overload.
        idle_seconds: how long an unused connection is kept.  Shorter than the usual server's own time, because a
            request that meets the server's closing is lost and may not be sent twice (RFC 9110 section 9.2.2).
        connect_seconds: from looking the name up to the end of the TLS handshake.
        header_bytes: an answer's status line with all header lines; also the trailers after a chunked body.
        headers: header lines of one answer.
    """

    per_host: int = 64
    waiting_per_host: int = 256
    idle_seconds: float = 30
    connect_seconds: float = 5
    header_bytes: int = 64 * 1024
    headers: int = 200
