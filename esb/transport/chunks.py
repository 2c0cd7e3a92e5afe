"""The chunked transfer coding, read strictly (RFC 9112 section 7.1).

llhttp takes chunk extensions and hides trailers; both have been used to smuggle requests and no SOAP client sends
them, so they are refused here, with every other form that two recipients could read differently.
"""

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from esb.transport.framing import BadRequest

_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
_SIZE_SO_FAR: Final = re.compile(rb"[0-9A-Fa-f]{1,8}\r?")
_LONGEST_SIZE_LINE: Final = 10
_CRLF: Final = b"\r\n"


class _State(Enum):
    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    LAST_END = auto()


class ChunkReader:
    """Takes a chunked body apart as it comes.

    Args:
        take: is given each piece of the body's data, in order.
    """

    __slots__ = ("_left", "_line", "_state", "_take")

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._state = _State.SIZE
        self._left = 0
        self._line = b""

    def feed(self, data: bytes) -> int:
        """Read ``data``, which continues where the last call ended.

        Returns:
            The index in ``data`` just after the end of the body, or -1 if the body goes on.

        Raises:
            BadRequest: 400 where the framing is not exactly that of the RFC, or has an extension or a trailer.
        """
        at = 0
        while at < len(data):
            match self._state:
                case _State.DATA:
                    at = self._read_data(data, at)
                case _State.SIZE:
                    at = self._read_size(data, at)
                case _State.DATA_END:
                    at = self._read_end(data, at, "a chunk ends with CR LF after exactly its size")
                case _State.LAST_END:
                    at = self._read_end(data, at, "a chunked body ends with CR LF after its last chunk: no trailers")
                    if self._line == _CRLF:
                        return at
        return -1

    def _read_size(self, data: bytes, at: int) -> int:
        known = len(self._line)
        self._line += data[at : at + _LONGEST_SIZE_LINE - known]
        whole = _SIZE.match(self._line)
        if whole is None:
            if not _SIZE_SO_FAR.fullmatch(self._line):
                raise BadRequest(
                    400, "a chunk begins with its size in 1 to 8 hexadecimal digits and CR LF: no extensions"
                )
            return at + len(self._line) - known
        self._left = int(whole[1], 16)
        self._line = b""
        self._state = _State.DATA if self._left else _State.LAST_END
        return at + whole.end() - known

    def _read_data(self, data: bytes, at: int) -> int:
        piece = data[at : at + self._left]
        self._left -= len(piece)
        self._take(piece)
        if not self._left:
            self._state = _State.DATA_END
        return at + len(piece)

    def _read_end(self, data: bytes, at: int, otherwise: str) -> int:
        known = len(self._line)
        self._line += data[at : at + 2 - known]
        if not _CRLF.startswith(self._line):
            raise BadRequest(400, otherwise)
        at += len(self._line) - known
        if self._state is _State.DATA_END and self._line == _CRLF:
            self._line = b""
            self._state = _State.SIZE
        return at
