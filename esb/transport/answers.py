"""Takes one answer out of a stream of bytes, on llhttp: no socket, no clock.

One reader serves one answer.  An answer that could be read in two ways is refused, and so is its connection's further
use: an answer given to the wrong question would give one agency another's data.
"""

from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpAnswer
from esb.transport.bodies import BodyReader, BodyTooLarge
from esb.transport.codings import UnknownCoding, is_gzipped
from esb.transport.inflate import CorruptGzip, Inflater
from esb.transport.limits import ClientLimits

_SINGLE: Final = frozenset({b"content-length", b"transfer-encoding", b"content-type", b"content-encoding"})
_BODILESS: Final = frozenset({204, 304})


class AnswerReader:
    """Reads the answer to one request.

    Args:
        limits: of the head.
        max_answer: the most bytes of body, on the wire and after gunzip.

    Attributes:
        answer: the whole answer, once it is there.
        reusable: whether the connection may carry another request after the answer.
        begun: whether any byte of an answer has come.
    """

    __slots__ = (
        "_body",
        "_headers",
        "_in_body",
        "_limits",
        "_lines",
        "_max_answer",
        "_parser",
        "_problem",
        "_quiet",
        "_status",
        "_until_close",
        "answer",
        "begun",
        "reusable",
    )

    def __init__(self, limits: ClientLimits, max_answer: int) -> None:
        self._limits = limits
        self._max_answer = max_answer
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._status = 0
        self._headers: dict[bytes, bytes] = {}
        self._lines = 0
        self._body: BodyReader | None = None
        self._in_body = False
        self._until_close = False
        self._quiet = 0
        self._problem: Refusal | None = None
        self.answer: HttpAnswer | None = None
        self.reusable = False
        self.begun = False

    def feed(self, data: bytes) -> None:
        """Take what came; ``answer`` is set once it is whole.

        Raises:
            Refusal: PRV-03 where the answer cannot be read, PRV-07 where it is too large.
        """
        self.begun = True
        self._quiet += len(data)
        parser = self._parser
        if parser is None:
            return
        try:
            parser.feed_data(data)
        except HttpParserUpgrade:
            raise _unreadable("it changes to another protocol") from None
        except HttpParserError as error:
            if self._problem is not None:
                raise self._problem from None
            if self.answer is None:
                raise _unreadable("it is not HTTP/1.1") from error
            self.reusable = False  # what follows a whole answer is rubbish; the answer itself is good
        if self._problem is not None:
            raise self._problem
        if self.answer is None and self._quiet > self._limits.header_bytes:
            raise _unreadable(f"its head is over {self._limits.header_bytes} bytes")

    def finish(self) -> None:
        """The provider closed its side cleanly: that ends an answer without a length (RFC 9112 section 6.3).

        Raises:
            Refusal: PRV-06 where the answer is not whole, else as ``feed``.
        """
        if self.answer is None:
            if not self._until_close:
                raise broken(self.begun)
            self._complete()
            if self._problem is not None:
                raise self._problem

    def close(self) -> None:
        """Nothing more will come: let go of the parser.

        It holds this reader as the reader holds it, and only the collector of garbage, which comes seldom, would find
        the two, and with them an answer of megabytes.
        """
        self._parser = None

    # What llhttp tells us.  An exception here would come out as one of llhttp's own; so it is kept, and told after.

    def on_message_begin(self) -> None:
        """A status line begins: the first, one after 1xx, or one too many."""
        if self.answer is not None:
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header line; trailers are thrown away."""
        if self._in_body or self.answer is not None:
            return
        self._lines += 1
        name = name.lower()
        if self._lines > self._limits.headers:
            self._fail(_unreadable(f"it has more than {self._limits.headers} header lines"))
        elif name not in self._headers:
            self._headers[name] = value.rstrip(b" \t")
        elif name in _SINGLE:
            self._fail(_unreadable(f"the header {name.decode('ascii')} stands more than once"))
        else:
            self._headers[name] += b", " + value.rstrip(b" \t")

    def on_headers_complete(self) -> None:
        """Decide how the body comes."""
        status = self._parser.get_status_code() if self._parser is not None else 0
        if self.answer is not None or status < 200:
            return
        self._status = status
        self._in_body = True
        self._quiet = 0
        coding = self._headers.get(b"transfer-encoding")
        length = self._headers.get(b"content-length")
        if coding is not None and (coding.lower() != b"chunked" or length is not None):
            self._fail(_unreadable("it does not say plainly where its body ends"))
        if length is not None and (not length.isdigit() or len(length) > 18):
            self._fail(_unreadable("its Content-Length is not a number"))
        if length is not None and int(length) > self._max_answer and status not in _BODILESS:
            self._fail(too_large(self._max_answer))
        try:
            gzipped = is_gzipped(self._headers.get(b"content-encoding"))
        except UnknownCoding:
            self._fail(_unreadable("its Content-Encoding was not asked for and is not served"))
        self._until_close = coding is None and length is None and status not in _BODILESS
        self._body = BodyReader(self._max_answer, Inflater(self._max_answer) if gzipped else None)

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        self._quiet = 0

    def on_body(self, data: bytes) -> None:
        """Keep a piece of the body."""
        self._quiet = 0
        if self.answer is not None or self._body is None:
            return
        try:
            self._body.take(data)
        except BodyTooLarge:
            self._fail(too_large(self._max_answer))
        except CorruptGzip:
            self._fail(_unreadable("its body says that it is gzip and is not"))

    def on_message_complete(self) -> None:
        """The answer is whole, unless it was an interim one."""
        if self.answer is not None or self._parser is None:
            return
        status = self._parser.get_status_code()
        if status < 200:
            if status == 101:
                self._fail(_unreadable("it changes to another protocol"))
            self._headers.clear()
            return
        self.reusable = self._parser.should_keep_alive()
        self._complete()

    def _complete(self) -> None:
        assert self._body is not None
        try:
            body = self._body.finish() if self._body.received else b""
        except CorruptGzip:
            self._problem = _unreadable("its gzip body is cut short")
            return
        self.answer = HttpAnswer(self._status, self._headers, body)

    def _fail(self, problem: Refusal) -> None:
        self._problem = problem
        raise problem


def broken(begun: bool) -> Refusal:
    """The connection ended before the answer did."""
    how = "in the middle of its answer" if begun else "before it answered"
    return Refusal(
        rules.PRV_BROKEN,
        f"The provider closed the connection {how}; whether it acted on the request is not known.",
        {"cause": "cut-short" if begun else "no-answer"},
    )


def too_large(limit: int) -> Refusal:
    """The answer is over what the caller takes."""
    return Refusal(rules.PRV_SIZE, f"The provider's answer is larger than {limit} bytes.", {"limit": str(limit)})


def _unreadable(why: str) -> Refusal:
    return Refusal(rules.PRV_ANSWER, f"The provider's answer cannot be read as HTTP: {why}.", {"cause": "http"})
