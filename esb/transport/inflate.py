"""gzip taken apart with a limit on what comes out (RFC 1952)."""

import zlib

from esb.kernel.faults import EsbError


class CorruptGzip(EsbError):
    """The data is not exactly one whole gzip member."""


class InflatedTooLarge(EsbError):
    """More comes out of the data than the limit allows.  No more than the limit was ever made."""


class Inflater:
    """Gunzips a body as it comes.

    One member only: a second one, or anything behind it, is refused, because recipients differ in whether they read it.

    Args:
        limit: the most bytes that may come out.
    """

    __slots__ = ("_engine", "_left")

    def __init__(self, limit: int) -> None:
        self._engine = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._left = limit

    def feed(self, data: bytes) -> bytes:
        """Take the next piece; return what it gives, possibly nothing.

        Raises:
            CorruptGzip: the data is not gzip, or goes on after its end.
            InflatedTooLarge: the limit is passed.
        """
        try:
            # One byte over the limit is asked for: a limit of zero would mean "no limit" to zlib.
            out = self._engine.decompress(data, self._left + 1)
        except zlib.error as error:
            raise CorruptGzip("the data is not gzip") from error
        if len(out) > self._left or self._engine.unconsumed_tail:
            raise InflatedTooLarge("the data inflates beyond the limit")
        if self._engine.unused_data:
            raise CorruptGzip("the gzip data goes on after its end")
        self._left -= len(out)
        return out

    def finish(self) -> None:
        """Say that no more comes.

        Raises:
            CorruptGzip: the data ended too early.
        """
        if not self._engine.eof:
            raise CorruptGzip("the gzip data is cut short")
