import gzip
import zlib

import pytest

from esb.transport.inflate import CorruptGzip, InflatedTooLarge, Inflater

TEXT = b"<Envelope>" * 1000
PACKED = gzip.compress(TEXT, mtime=0)


def inflate(data: bytes, step: int, limit: int) -> bytes:
    inflater = Inflater(limit)
    out = b"".join(inflater.feed(data[at : at + step]) for at in range(0, len(data), step))
    inflater.finish()
    return out


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_gzip_comes_out_however_it_comes_in(step: int) -> None:
    assert inflate(PACKED, step, len(TEXT)) == TEXT


@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_one_byte_over_the_limit_is_refused(step: int) -> None:
    with pytest.raises(InflatedTooLarge):
        inflate(PACKED, step, len(TEXT) - 1)


def test_a_limit_of_zero_lets_nothing_out() -> None:
    Inflater(0).feed(gzip.compress(b"", mtime=0)[:-1])
    with pytest.raises(InflatedTooLarge):
        Inflater(0).feed(gzip.compress(b"x", mtime=0))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PACKED + PACKED, id="a second member"),
        pytest.param(PACKED + b"\0", id="a byte behind the end"),
        pytest.param(PACKED[:-8] + b"\0" * 8, id="a wrong check sum"),
        pytest.param(zlib.compress(TEXT), id="zlib"),
        pytest.param(zlib.compress(TEXT)[2:-4], id="raw deflate"),
        pytest.param(TEXT, id="plain text"),
    ],
)
@pytest.mark.parametrize("step", [1, 100_000])
def test_what_is_not_exactly_one_member_is_refused(data: bytes, step: int) -> None:
    with pytest.raises(CorruptGzip):
        inflate(data, step, 10**6)


@pytest.mark.parametrize("length", [0, 1, 10, len(PACKED) - 1])
def test_a_member_that_is_cut_short_is_refused(length: int) -> None:
    inflater = Inflater(10**6)
    inflater.feed(PACKED[:length])
    with pytest.raises(CorruptGzip):
        inflater.finish()
