import gc
import gzip

import pytest

from esb.kernel.faults import Refusal
from esb.kernel.http import HttpAnswer
from esb.transport.answers import AnswerReader
from esb.transport.limits import ClientLimits

OK = b"HTTP/1.1 200 OK\r\n"
LIMITS = ClientLimits(header_bytes=1000, headers=20)


def reader_after(data: bytes, step: int = 10**6, most: int = 100) -> AnswerReader:
    reader = AnswerReader(LIMITS, most)
    for at in range(0, len(data), step):
        reader.feed(data[at : at + step])
    return reader


def refused(data: bytes, step: int = 10**6, most: int = 100, finish: bool = False) -> str:
    with pytest.raises(Refusal) as caught:
        reader_after(data, step, most).finish() if finish else reader_after(data, step, most)
    return caught.value.rule.id


@pytest.mark.parametrize("step", [1, 5, 10**6])
@pytest.mark.parametrize(
    ("data", "status", "body", "reusable"),
    [
        (OK + b"Content-Length: 2\r\n\r\nhi", 200, b"hi", True),
        (OK + b"Content-Length: 0\r\n\r\n", 200, b"", True),
        (b"HTTP/1.1 500 \r\nContent-Length: 2\r\n\r\nhi", 500, b"hi", True),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, b"", True),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", 200, b"hi", True),
        (OK + b"Transfer-Encoding: Chunked\r\n\r\n2;x=y\r\nhi\r\n0\r\nTrailer: x\r\n\r\n", 200, b"hi", True),
        (OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nhi", 200, b"hi", True),
        (b"HTTP/1.1 103 Hints\r\nX: y\r\n\r\n" * 3 + OK + b"Content-Length: 2\r\n\r\nhi", 200, b"hi", True),
    ],
)
def test_an_answer_is_read_however_it_comes(data: bytes, status: int, body: bytes, reusable: bool, step: int) -> None:
    reader = reader_after(data, step)
    assert reader.answer is not None
    assert (reader.answer.status, reader.answer.body, reader.reusable) == (status, body, reusable)


def test_headers_are_lower_case_and_joined_and_those_of_interim_answers_are_gone() -> None:
    reader = reader_after(b"HTTP/1.1 100 C\r\nX: no\r\n\r\n" + OK + b"A: 1\r\na: 2 \r\nContent-Length: 0\r\n\r\n")
    assert reader.answer == HttpAnswer(200, {b"a": b"1, 2", b"content-length": b"0"}, b"")


@pytest.mark.parametrize("step", [1, 10**6])
def test_an_answer_without_a_length_ends_with_the_connection(step: int) -> None:
    reader = reader_after(OK + b"\r\nhi", step)
    assert reader.answer is None
    reader.finish()
    assert reader.answer == HttpAnswer(200, {}, b"hi")
    assert not reader.reusable


@pytest.mark.parametrize(
    "data",
    [b"", b"HTTP", OK, OK + b"Content-Length: 3\r\n\r\nhi", OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"],
)
def test_an_answer_that_is_cut_short_is_no_answer(data: bytes) -> None:
    assert refused(data, finish=True) == "PRV-06"


@pytest.mark.parametrize("step", [1, 10**6])
def test_gzip_is_taken_apart_although_nobody_asked(step: int) -> None:
    packed = gzip.compress(b"x" * 100, mtime=0)
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    reader = reader_after(head + packed, step)
    assert reader.answer is not None
    assert reader.answer.body == b"x" * 100


def test_an_empty_body_needs_no_gzip() -> None:
    assert reader_after(OK + b"Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n").answer is not None


@pytest.mark.parametrize("step", [1, 10**6])
@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 101\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n65\r\n" + b"x" * 101,
        OK + b"\r\n" + b"x" * 101,
        OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 101, mtime=0),
    ],
)
def test_an_answer_over_the_limit_is_refused_as_soon_as_it_shows(data: bytes, step: int) -> None:
    assert refused(data, step) == "PRV-07"


@pytest.mark.parametrize("step", [1, 10**6])
@pytest.mark.parametrize(
    "data",
    [
        b"rubbish\r\n\r\n",
        b"<html>\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 200 OK\n\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
        OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
        OK + b"Content-Length: 2, 2\r\n\r\nhi",
        OK + b"Content-Length: +2\r\n\r\nhi",
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: gzip\r\n\r\nx",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nx\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nhi\r\n0\r\n\r\n",
        OK + b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx",
        OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
        OK + b"Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 0\r\n\r\n",
        OK + b"X : y\r\n\r\n",
        OK + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        OK + b"X: a\0b\r\n\r\n",
        OK + b"X: 1\r\n" * 21 + b"\r\n",
        OK + b"X: " + b"y" * 2000,
        b"HTTP/1.1 200 " + b"y" * 2000,
        b"HTTP/1.1 103 Hints\r\nX: y\r\n\r\n" * 100,
    ],
)
def test_an_answer_that_cannot_be_read_in_one_way_is_refused(data: bytes, step: int) -> None:
    assert refused(data, step) == "PRV-03"


def test_trailers_without_end_are_refused() -> None:
    assert refused(OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: " + b"y" * 2000, step=500) == "PRV-03"


def test_gzip_that_is_cut_short_is_refused_at_the_end() -> None:
    packed = gzip.compress(b"x", mtime=0)[:-1]
    assert refused(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed) == "PRV-03"
    assert refused(OK + b"Content-Encoding: gzip\r\n\r\n" + packed, finish=True) == "PRV-03"


@pytest.mark.parametrize("more", [b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"H"])
def test_an_answer_with_something_behind_it_ends_its_connection(more: bytes) -> None:
    """Else the next call would be given an answer to a question it did not ask."""
    reader = reader_after(OK + b"Content-Length: 2\r\n\r\nhi" + more)
    assert reader.answer is not None
    assert reader.answer.body == b"hi"
    assert not reader.reusable


def test_a_refusal_says_nothing_of_the_answer() -> None:
    with pytest.raises(Refusal) as caught:
        reader_after(b"secret rubbish\r\n")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("data", [OK + b"Content-Length: 2\r\n\r\nhi", OK + b"Content-Length: 9\r\n\r\nhi"])
def test_a_closed_reader_leaves_nothing_to_the_collector(data: bytes) -> None:
    """Whole or broken off: an answer of megabytes must not wait for a collection of garbage, which comes seldom."""
    gc.collect()
    gc.disable()
    try:
        reader = reader_after(data)
        reader.close()
        reader.feed(b"more")
        del reader
        assert [one for one in gc.get_objects() if isinstance(one, AnswerReader)] == []
    finally:
        gc.enable()
