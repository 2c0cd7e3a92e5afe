"""Takes requests out of a stream of bytes: no socket, no clock, only the rules of framing and size."""

from enum import Enum, auto
from typing import Final

from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.frozen import frozen
from esb.transport.bodies import BodyReader, BodyTooLarge
from esb.transport.chunks import ChunkReader
from esb.transport.codings import UnknownCoding, is_gzipped
from esb.transport.framing import BadRequest, Head, check_unfinished, read_head
from esb.transport.inflate import CorruptGzip, Inflater
from esb.transport.limits import ServerLimits

_HEAD_END: Final = b"\r\n\r\n"


@frozen
class Whole:
    """A request with its whole body, after de-chunking and gunzip."""

    head: Head
    body: bytes


@frozen
class Refused:
    """A request that is good HTTP and is not taken.  Its body is not read: the connection can carry no other."""

    head: Head
    refusal: Refusal


@frozen
class Continue:
    """The client waits for leave to send the body (RFC 9110 section 10.1.1), and has it."""


Event = Whole | Refused | Continue


class Stage(Enum):
    """Where in a request the stream stands."""

    BETWEEN = auto()
    HEAD = auto()
    BODY = auto()


class RequestReader:
    """Reads one connection's requests in order.

    Args:
        limits: the sizes that are allowed; its times are not used.

    Attributes:
        pending: bytes that came and are not read yet.
        stage: where in a request the stream stands.
    """

    __slots__ = ("_blank_skipped", "_body", "_chunks", "_head", "_left", "_limits", "_scanned", "pending", "stage")

    def __init__(self, limits: ServerLimits) -> None:
        self._limits = limits
        self.pending = b""
        self.stage = Stage.BETWEEN
        self._scanned = 0
        self._blank_skipped = False
        self._head: Head | None = None
        self._body: BodyReader | None = None
        self._chunks: ChunkReader | None = None
        self._left = 0

    @property
    def body_received(self) -> int:
        """How many bytes of the present body have come, without chunk framing."""
        return 0 if self._body is None else self._body.received

    @property
    def body_held(self) -> int:
        """How many bytes of the present body are kept, after gunzip."""
        return 0 if self._body is None else self._body.held

    def give_up(self, refusal: Refusal) -> Refused:
        """Let go of the body that is coming in; the stream must not be read any more."""
        assert self._head is not None
        self._body = self._chunks = None
        self.pending = b""
        return Refused(self._head, refusal)

    def feed(self, data: bytes) -> None:
        """Add what came."""
        self.pending = self.pending + data if self.pending else data

    def next(self) -> Event | None:
        """Read on to the next event; None when more bytes are needed for it.

        After Refused, and after an exception, the stream must not be read any more.

        Raises:
            BadRequest: HTTP itself is broken.
        """
        event = None
        while event is None and self.pending:
            if self.stage is Stage.BODY:
                event = self._read_body()
            else:
                head = self._read_head()
                if head is None:
                    return None
                event = self._after_head(head)
        return event

    def _read_head(self) -> Head | None:
        limits = self._limits
        if not self._blank_skipped and self.pending.startswith(b"\r\n"):
            # One empty line before a request is forgiven (RFC 9112 section 2.2).
            self._blank_skipped = True
            self.pending = self.pending[2:]
        data = self.pending
        end = data.find(_HEAD_END, max(0, self._scanned - 3))
        if end > limits.header_bytes or (end < 0 and len(data) > limits.header_bytes + len(_HEAD_END)):
            raise BadRequest(431, f"the head of a request is at most {limits.header_bytes} bytes")
        if end < 0:
            self.stage = Stage.HEAD
            check_unfinished(data, max(0, self._scanned - 1))
            self._scanned = len(data)
            return None
        end += len(_HEAD_END)
        head = read_head(data[:end], limits.headers)
        self.pending = data[end:]
        self.stage = Stage.BETWEEN
        self._scanned = 0
        self._blank_skipped = False
        return head

    def _after_head(self, head: Head) -> Event | None:
        if head.length == 0:
            return Whole(head, b"")
        limit = self._body_limit(head)
        if head.length is not None and head.length > limit:
            return Refused(head, _too_large(limit, {"declared": str(head.length)}))
        try:
            gzipped = is_gzipped(head.headers.get(b"content-encoding"))
        except UnknownCoding:
            return Refused(head, _bad_coding("Send the body in gzip or as it is: no other Content-Encoding is served."))
        if head.length is not None and not gzipped and len(self.pending) >= head.length:
            body, self.pending = self.pending[: head.length], self.pending[head.length :]
            return Whole(head, body)
        self._head = head
        self._body = BodyReader(limit, Inflater(self._limits.inflated_bytes) if gzipped else None)
        self._chunks = ChunkReader(self._body.take) if head.length is None else None
        self._left = head.length or 0
        self.stage = Stage.BODY
        return Continue() if head.expects_continue and not self.pending else None

    def _read_body(self) -> Event | None:
        head, body = self._head, self._body
        assert head is not None
        assert body is not None
        data, self.pending = self.pending, b""
        try:
            if self._chunks is not None:
                end = self._chunks.feed(data)
            else:
                piece = data[: self._left]
                self._left -= len(piece)
                body.take(piece)
                end = -1 if self._left else len(piece)
            if end < 0:
                return None
            whole = body.finish()
        except BodyTooLarge:
            return Refused(head, _too_large(self._body_limit(head), {}))
        except CorruptGzip:
            return Refused(head, _bad_coding("The body says that it is gzip: send exactly one whole gzip member."))
        self._head = self._body = self._chunks = None
        self.pending = data[end:]
        self.stage = Stage.BETWEEN
        return Whole(head, whole)

    def _body_limit(self, head: Head) -> int:
        return self._limits.body_bytes if head.body_has_meaning else self._limits.bare_body_bytes


def _too_large(limit: int, particulars: dict[str, str]) -> Refusal:
    return Refusal(
        rules.SIZE,
        f"The message is too large before or after decompression: send at most {limit} bytes.",
        {"limit": str(limit), **particulars},
    )


def _bad_coding(reason: str) -> Refusal:
    return Refusal(rules.HTTP_ENCODING, reason)
