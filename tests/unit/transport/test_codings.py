import gzip as library

import pytest

from esb.transport.codings import UnknownCoding, accepts_gzip, gzip, is_gzipped


@pytest.mark.parametrize(
    ("header", "gzipped"),
    [(None, False), (b"", False), (b"identity", False), (b"gzip", True), (b"GZIP", True), (b"x-gzip", True)],
)
def test_served_codings_are_known(header: bytes | None, gzipped: bool) -> None:
    assert is_gzipped(header) is gzipped


@pytest.mark.parametrize(
    "header", [b"deflate", b"br", b"gzip, gzip", b"gzip,identity", b"zstd", b"gzip;q=1", b"rubbish \xff"]
)
def test_other_codings_are_refused(header: bytes) -> None:
    with pytest.raises(UnknownCoding):
        is_gzipped(header)


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        (b"gzip", True),
        (b"GZip", True),
        (b"gzip, deflate", True),
        (b"deflate, gzip;q=0.5", True),
        (b"gzip;q=1.000", True),
        (b"gzip ; Q = 0.001", True),
        (b"x-gzip", True),
        (b"*", True),
        (b"*;q=0.1", True),
        (b"gzip;q=0", False),
        (b"gzip;q=0.000", False),
        (b"*;q=0", False),
        (b"gzip;q=0, *", False),
        (b"identity", False),
        (b"identity;q=1, gzip;q=0.5", False),
        (b"identity;q=0.5, gzip", True),
        (b"", False),
        (b"deflate, br", False),
        (b"gzip;q=2", False),
        (b"gzip;q=x", False),
        (b"gzipped", False),
        (b"gzip;level=9", False),
        (b",,gzip,,", True),
    ],
)
def test_gzip_goes_only_to_those_who_ask(header: bytes, asked: bool) -> None:
    assert accepts_gzip(header) is asked


def test_gzip_can_be_read_by_others() -> None:
    assert library.decompress(gzip(b"x" * 5000)) == b"x" * 5000
