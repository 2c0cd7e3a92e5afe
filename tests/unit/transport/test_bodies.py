import gzip

import pytest

from esb.transport.bodies import BodyReader, BodyTooLarge
from esb.transport.inflate import CorruptGzip, Inflater


def test_pieces_become_one_body() -> None:
    body = BodyReader(10, None)
    body.take(b"hello")
    body.take(b"world")
    assert body.finish() == b"helloworld"
    assert body.received == 10


def test_a_byte_over_the_limit_is_refused_when_it_comes() -> None:
    body = BodyReader(10, None)
    body.take(b"helloworld")
    with pytest.raises(BodyTooLarge):
        body.take(b"!")


def test_gzip_is_limited_on_the_wire_and_after() -> None:
    packed = gzip.compress(b"x" * 1000, mtime=0)
    body = BodyReader(len(packed), Inflater(1000))
    body.take(packed)
    assert body.finish() == b"x" * 1000
    with pytest.raises(BodyTooLarge):
        BodyReader(len(packed), Inflater(999)).take(packed)
    with pytest.raises(BodyTooLarge):
        BodyReader(len(packed) - 1, Inflater(1000)).take(packed)


def test_gzip_that_is_cut_short_is_no_body() -> None:
    body = BodyReader(1000, Inflater(1000))
    body.take(gzip.compress(b"x", mtime=0)[:-1])
    with pytest.raises(CorruptGzip):
        body.finish()
