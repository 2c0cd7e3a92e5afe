import pytest

from esb.kernel.clock import ManualClock
from esb.kernel.http import HttpResponse
from esb.transport.responses import DateLine, bare, render

DATE = b"Date: now\r\n"


def rendered(response: HttpResponse, **how: bool) -> bytes:
    usual = {"gzipped": False, "head_only": False, "close": False, "http_1_0": False}
    return render(response, DATE, **(usual | how))


def test_an_answer_is_written_whole() -> None:
    response = HttpResponse(500, "text/xml; charset=utf-8", b"<fault/>", (("Retry-After", "5"),))
    assert rendered(response) == (
        b"HTTP/1.1 500 Internal Server Error\r\nRetry-After: 5\r\nContent-Type: text/xml; charset=utf-8\r\n"
        b"Date: now\r\nContent-Length: 8\r\n\r\n<fault/>"
    )


def test_an_answer_to_head_has_the_length_and_not_the_body() -> None:
    answer = rendered(HttpResponse(200, "text/xml", b"<a/>"), head_only=True)
    assert b"Content-Length: 4\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_content_has_no_length(status: int) -> None:
    answer = rendered(HttpResponse(status, "", b""))
    assert b"Content-Length" not in answer
    assert b"Content-Type" not in answer
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ({"close": True}, b"Connection: close\r\n"),
        ({"http_1_0": True}, b"Connection: keep-alive\r\n"),
        ({"close": True, "http_1_0": True}, b"Connection: close\r\n"),
        ({"gzipped": True}, b"Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n"),
    ],
)
def test_what_the_client_must_know_is_said(how: dict[str, bool], line: bytes) -> None:
    assert line in rendered(HttpResponse(200, "text/xml", b""), **how)


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x", "a\nb", "a\rb", "a\0b", "ş", " a", "a ", "\x7f", "a\x1b"])
def test_nothing_can_be_smuggled_into_a_header(value: str) -> None:
    with pytest.raises(ValueError, match="must not hold"):
        rendered(HttpResponse(200, "text/xml", b"", (("X", value),)))
    with pytest.raises(ValueError, match="must not hold"):
        rendered(HttpResponse(200, value, b""))


@pytest.mark.parametrize(
    "name", ["", "a b", "a:", "a\r\nb", "ş", "Content-Length", "transfer-encoding", "CONNECTION", "Date"]
)
def test_a_header_that_is_the_transports_own_or_none_at_all_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="may set"):
        rendered(HttpResponse(200, "text/xml", b"", ((name, "x"),)))


@pytest.mark.parametrize("status", [0, 100, 101, 199, 600, 1000, -1])
def test_only_a_final_status_goes_out(status: int) -> None:
    with pytest.raises(ValueError, match="final"):
        rendered(HttpResponse(status, "text/xml", b""))


def test_a_status_without_a_name_goes_out() -> None:
    assert rendered(HttpResponse(499, "", b"")).startswith(b"HTTP/1.1 499 Unassigned\r\n")


def test_the_date_is_made_once_a_second() -> None:
    clock = ManualClock(784111777.2)
    date = DateLine(clock)
    assert date() == b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    assert date() is date()
    clock.advance(1)
    assert date() == b"Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n"


def test_a_plain_answer_to_overload_says_when_to_come_back() -> None:
    assert bare(503, "full").headers == (("Retry-After", "1"),)
    assert bare(400, "bad") == HttpResponse(400, "text/plain; charset=utf-8", b"bad\n")
