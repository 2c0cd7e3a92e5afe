"""Bodies that cost more than they should: what is held never passes the limit, whatever was sent."""

import gzip
import tracemalloc
import zlib
from collections import deque
from collections.abc import Iterator

import pytest

from esb.kernel.faults import Refusal
from esb.transport.answers import AnswerReader
from esb.transport.limits import ClientLimits, ServerLimits
from esb.transport.requests import Refused, RequestReader

LIMIT = 1_000_000
LIMITS = ServerLimits(body_bytes=LIMIT, inflated_bytes=LIMIT)
HEAD = b"POST / HTTP/1.1\r\nHost: bus\r\n"


def chunked(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        piece = data[at : at + size]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)


def most_held(head: bytes, pieces: Iterator[bytes]) -> tuple[str, int]:
    """How the reading ended, and the most memory that it took."""
    reader = RequestReader(LIMITS)
    tracemalloc.start()
    try:
        reader.feed(head)
        event = reader.next()
        for piece in pieces:
            if event is not None:
                break
            reader.feed(piece)
            event = reader.next()
        return event.refusal.rule.id if isinstance(event, Refused) else "taken", tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_gzip_bomb_is_refused_at_the_limit() -> None:
    bomb = gzip.compress(bytes(200_000_000), 9, mtime=0)
    assert len(bomb) < LIMIT
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    rule, held = most_held(head, iter([bomb[at : at + 65536] for at in range(0, len(bomb), 65536)]))
    assert rule == "MSG-04"
    assert held < 4 * LIMIT


def test_a_bomb_inside_a_bomb_is_taken_apart_once_only() -> None:
    inner = gzip.compress(bytes(50_000_000), 9, mtime=0)
    outer = gzip.compress(inner, mtime=0)
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(outer)
    rule, held = most_held(head, iter([outer]))
    assert rule == "taken"
    assert held < 4 * LIMIT


def test_chunks_of_one_byte_hold_no_more_than_their_bytes() -> None:
    """A list of the pieces would take forty times as much."""
    rule, held = most_held(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunked(bytes(100_000), 1))
    assert rule == "taken"
    assert held < 400_000


def test_chunks_without_end_are_refused_at_the_limit() -> None:
    rule, held = most_held(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunked(bytes(100_000_000), 60_000))
    assert rule == "MSG-04"
    assert held < 4 * LIMIT


def test_a_huge_chunk_size_reserves_nothing() -> None:
    rule, held = most_held(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", iter([b"ffffffff\r\n", b"x" * 1000]))
    assert rule == "taken"  # still waiting for more
    assert held < 100_000


def test_a_declared_length_reserves_nothing() -> None:
    _, held = most_held(HEAD + b"Content-Length: %d\r\n\r\n" % LIMIT, iter([b"x"]))
    assert held < 100_000


def test_a_providers_bomb_is_refused_at_the_limit() -> None:
    engine = zlib.compressobj(9, wbits=31)
    bomb = engine.compress(bytes(200_000_000)) + engine.flush()
    reader = AnswerReader(ClientLimits(), LIMIT)
    tracemalloc.start()
    reader.feed(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
    with pytest.raises(Refusal) as caught:
        deque(map(reader.feed, chunked(bomb, 60_000)), maxlen=0)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.rule.id == "PRV-07"
    assert held < 4 * LIMIT
