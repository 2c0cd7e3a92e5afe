"""What must hold for every stream of bytes that a provider can send."""

from hypothesis import given
from hypothesis import strategies as st

from esb.kernel.faults import Refusal
from esb.kernel.http import HttpAnswer
from esb.transport.answers import AnswerReader
from esb.transport.limits import ClientLimits

LIMITS = ClientLimits(header_bytes=2000, headers=20)
PIECES = st.sampled_from(
    b"HTTP/1.1 200 OK\r\n|HTTP/1.1 100 Continue\r\n\r\n|HTTP/1.0 500 X\r\n|HTTP/1.1 204 No Content\r\n|abc|"
    b"Content-Length: 3\r\n|Content-Length: 999\r\n|Transfer-Encoding: chunked\r\n|Connection: close\r\n|0\r\n\r\n|"
    b"3\r\nabc\r\n|\r\n|Content-Encoding: gzip\r\n|X: y\r\n|\n|\r|:|\x00".split(b"|")
)


def read(pieces: list[bytes]) -> tuple[HttpAnswer | None, bool, str]:
    """The answer, whether its connection may be used again, and the rule of a refusal."""
    reader = AnswerReader(LIMITS, 100)
    try:
        for piece in pieces:
            if reader.answer is None:
                reader.feed(piece)
        if reader.answer is None:
            reader.finish()
    except Refusal as refusal:
        return None, False, refusal.rule.id
    return reader.answer, reader.reusable, ""


@given(st.lists(PIECES | st.binary(max_size=10), max_size=30))
def test_any_stream_is_an_answer_or_a_refusal_and_the_same_in_single_bytes(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    answer, _, rule = read([data])
    apart, _, rule_apart = read([data[at : at + 1] for at in range(len(data))])
    assert answer == apart
    assert rule == rule_apart
    assert (answer is None) == (rule in {"PRV-03", "PRV-06", "PRV-07"})


@given(st.binary(max_size=100), st.integers(200, 599).filter(lambda status: status not in (204, 304)), st.booleans())
def test_a_lawful_answer_comes_back_as_it_was_written(body: bytes, status: int, chunked: bool) -> None:
    head = b"HTTP/1.1 %d Reason\r\n" % status
    if chunked:
        framed = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
        data = head + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"
    else:
        data = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    answer, reusable, _ = read([data])
    assert answer is not None
    assert (answer.status, answer.body, reusable) == (status, body, True)
