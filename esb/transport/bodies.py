"""Gathers one body within its limits, gunzipping it on the way."""

from esb.kernel.faults import EsbError
from esb.transport.inflate import InflatedTooLarge, Inflater


class BodyTooLarge(EsbError):
    """A body is over its limit, on the wire or after gunzip."""


class BodyReader:
    """Takes a body piece by piece.

    Pieces are copied into one buffer: a list of them would let a sender of one-byte chunks take forty times the memory.

    Args:
        limit: the most bytes on the wire, without chunk framing.
        inflater: gunzips the body; None when it comes as it is.
    """

    __slots__ = ("_data", "_inflater", "_limit", "received")

    def __init__(self, limit: int, inflater: Inflater | None) -> None:
        self._limit = limit
        self._inflater = inflater
        self._data = bytearray()
        self.received = 0

    @property
    def held(self) -> int:
        """Bytes of body kept so far, after gunzip."""
        return len(self._data)

    def take(self, piece: bytes) -> None:
        """Add ``piece``.

        Raises:
            BodyTooLarge: a limit is passed.
            CorruptGzip: the body says gzip and is not.
        """
        self.received += len(piece)
        if self.received > self._limit:
            raise BodyTooLarge("the body is over the limit")
        if self._inflater is None:
            self._data += piece
            return
        try:
            self._data += self._inflater.feed(piece)
        except InflatedTooLarge as error:
            raise BodyTooLarge("the inflated body is over the limit") from error

    def finish(self) -> bytes:
        """The whole body.

        Raises:
            CorruptGzip: the gzip data is cut short.
        """
        if self._inflater is not None:
            self._inflater.finish()
        return bytes(self._data)
