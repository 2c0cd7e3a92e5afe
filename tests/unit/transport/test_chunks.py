import pytest

from esb.transport.chunks import ChunkReader
from esb.transport.framing import BadRequest


def read(data: bytes, step: int) -> tuple[bytes, int]:
    taken: list[bytes] = []
    reader = ChunkReader(taken.append)
    for at in range(0, len(data), step):
        end = reader.feed(data[at : at + step])
        if end >= 0:
            return b"".join(taken), at + end
    return b"".join(taken), -1


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_chunks_are_joined_however_they_come(step: int) -> None:
    data = b"5\r\nhello\r\nA\r\n, world of\r\n0\r\n\r\n"
    assert read(data, step) == (b"hello, world of", len(data))


@pytest.mark.parametrize("step", [1, 4, 1000])
def test_what_follows_the_body_is_left(step: int) -> None:
    data = b"1\r\nx\r\n0\r\n\r\nGET /next"
    assert read(data, step) == (b"x", 11)


def test_an_empty_body_is_only_the_last_chunk() -> None:
    assert read(b"0\r\n\r\n", 1000) == (b"", 5)


def test_sizes_may_have_leading_zeros_and_either_case() -> None:
    assert read(b"00000005\r\nhello\r\n0a\r\n0123456789\r\n000\r\n\r\n", 1000)[0] == b"hello0123456789"


@pytest.mark.parametrize("data", [b"5\r\nhel", b"5", b"5\r", b"5\r\nhello", b"5\r\nhello\r", b"0\r\n", b"0\r\n\r", b""])
def test_an_unfinished_body_is_waited_for(data: bytes) -> None:
    assert read(data, 1000)[1] == -1


@pytest.mark.parametrize(
    "data", [b"5;a\r\n", b"x\r\n", b"5\n", b"\r\n", b"123456789\r\n", b"1\r\nxy", b"0\r\nTrailer: x"]
)
def test_other_framing_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        read(data, 1)
