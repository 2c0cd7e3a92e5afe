import gzip

import pytest

from esb.kernel.faults import Code
from esb.transport.framing import BadRequest
from esb.transport.limits import ServerLimits
from esb.transport.requests import Continue, Event, Refused, RequestReader, Stage, Whole

LIMITS = ServerLimits(header_bytes=300, body_bytes=100, inflated_bytes=200, bare_body_bytes=10)
POST = b"POST / HTTP/1.1\r\nHost: bus\r\n"
GET = b"GET / HTTP/1.1\r\nHost: bus\r\n"


def read(*pieces: bytes) -> list[Event]:
    reader, events = RequestReader(LIMITS), []
    for piece in pieces:
        reader.feed(piece)
        while (event := reader.next()) is not None:
            events.append(event)
            if isinstance(event, Refused):
                return events
    return events


def bodies(events: list[Event]) -> list[bytes]:
    return [event.body for event in events if isinstance(event, Whole)]


def refusal(events: list[Event]) -> tuple[Code, str]:
    (event,) = events
    assert isinstance(event, Refused)
    return event.refusal.code, event.refusal.rule.id


def test_requests_are_taken_one_after_the_other() -> None:
    data = (
        POST
        + b"Content-Length: 5\r\n\r\nhello"
        + GET
        + b"\r\n"
        + POST
        + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
    )
    assert bodies(read(data * 2)) == [b"hello", b"", b"x"] * 2


def test_one_empty_line_before_a_request_is_forgiven() -> None:
    assert bodies(read(b"\r\n" + GET + b"\r\n", b"\r\n", GET + b"\r\n")) == [b"", b""]
    with pytest.raises(BadRequest):
        read(b"\r\n", b"\r\n", GET + b"\r\n")


def test_the_stage_tells_which_time_limit_runs() -> None:
    reader = RequestReader(LIMITS)
    stages = []
    for piece in (b"POST / HTTP/1.1\r\n", b"Host: bus\r\nContent-Length: 2\r\n\r\n", b"h", b"i"):
        reader.feed(piece)
        reader.next()
        stages.append((reader.stage, reader.body_received))
    assert stages == [(Stage.HEAD, 0), (Stage.BODY, 0), (Stage.BODY, 1), (Stage.BETWEEN, 0)]


def test_leave_to_send_is_given_only_while_the_body_is_awaited() -> None:
    head = POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    events = read(head, b"hello")
    assert isinstance(events[0], Continue)
    assert bodies(events) == [b"hello"]
    assert [type(event) for event in read(head + b"h", b"ello")] == [Whole]
    assert [type(event) for event in read(POST + b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n")] == [Whole]


def test_leave_to_send_is_not_given_for_what_will_be_refused() -> None:
    assert refusal(read(POST + b"Expect: 100-continue\r\nContent-Length: 101\r\n\r\n")) == (Code.TOO_LARGE, "MSG-04")
    assert (
        refusal(read(POST + b"Expect: 100-continue\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\n"))[1]
        == "MSG-03"
    )


def test_a_declared_length_over_the_limit_is_refused_unread() -> None:
    assert refusal(read(POST + b"Content-Length: 101\r\n\r\n")) == (Code.TOO_LARGE, "MSG-04")
    assert bodies(read(POST + b"Content-Length: 100\r\n\r\n" + b"x" * 100)) == [b"x" * 100]


def test_chunks_that_grow_over_the_limit_are_refused() -> None:
    head = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    assert refusal(read(head, b"64\r\n" + b"x" * 100 + b"\r\n", b"1\r\nx\r\n")) == (Code.TOO_LARGE, "MSG-04")


def test_a_body_that_inflates_over_the_limit_is_refused() -> None:
    packed = gzip.compress(b"x" * 201, mtime=0)
    head = POST + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    assert refusal(read(head + packed)) == (Code.TOO_LARGE, "MSG-04")


@pytest.mark.parametrize("coding", [b"gzip", b"x-gzip", b"GZip"])
def test_gzip_is_taken_apart(coding: bytes) -> None:
    packed = gzip.compress(b"x" * 200, mtime=0)
    head = POST + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (coding, len(packed))
    assert bodies(read(head + packed + GET + b"\r\n")) == [b"x" * 200, b""]


@pytest.mark.parametrize("body", [b"plain", gzip.compress(b"x", mtime=0)[:-1], gzip.compress(b"x", mtime=0) * 2])
def test_a_body_that_lies_about_gzip_is_refused(body: bytes) -> None:
    head = POST + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert refusal(read(head + body)) == (Code.UNSUPPORTED_MEDIA, "MSG-03")


@pytest.mark.parametrize("coding", [b"deflate", b"br", b"gzip, gzip"])
def test_other_codings_are_refused_unread(coding: bytes) -> None:
    assert refusal(read(POST + b"Content-Encoding: " + coding + b"\r\nContent-Length: 5\r\n\r\n")) == (
        Code.UNSUPPORTED_MEDIA,
        "MSG-03",
    )


def test_a_body_without_meaning_is_read_only_while_it_is_small() -> None:
    assert bodies(read(GET + b"Content-Length: 10\r\n\r\n" + b"x" * 10)) == [b"x" * 10]
    assert refusal(read(GET + b"Content-Length: 11\r\n\r\n"))[1] == "MSG-04"
    assert refusal(read(GET + b"Transfer-Encoding: chunked\r\n\r\nB\r\n" + b"x" * 11))[1] == "MSG-04"


def test_a_head_over_the_limit_is_refused_whole_or_in_parts() -> None:
    long = GET + b"X: " + b"y" * 300 + b"\r\n\r\n"
    for pieces in ([long], [long[at : at + 1] for at in range(len(long))]):
        with pytest.raises(BadRequest) as caught:
            read(*pieces)
        assert caught.value.status == 431


def test_a_refusal_tells_the_limit_and_no_content() -> None:
    (event,) = read(POST + b"Content-Length: 101\r\n\r\nsecret")
    assert isinstance(event, Refused)
    assert event.refusal.particulars == {"limit": "100", "declared": "101"}
    assert "secret" not in str(event.refusal)
