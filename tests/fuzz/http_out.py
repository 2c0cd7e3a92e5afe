"""HTTP from providers: any stream is an answer or a refusal, the same however it is cut."""

from fuzz.dice import Dice
from fuzz.target import Found, Target

from esb.kernel.faults import Refusal
from esb.kernel.http import HttpAnswer
from esb.transport.answers import AnswerReader
from esb.transport.limits import ClientLimits

LIMITS = ClientLimits(header_bytes=1500, headers=20)
_MOST = 400
_RULES = frozenset({"PRV-03", "PRV-06", "PRV-07"})


def one(data: bytes) -> None:
    """The first octets say how the rest is cut."""
    dice, stream = Dice(data[:12]), data[12:]
    answer, rule = read([stream], stream)
    again, again_rule = read(dice.cut(stream), stream)
    apart, apart_rule = read([stream[at : at + 1] for at in range(min(len(stream), 600))] + [stream[600:]], stream)
    if not (answer == again == apart):
        raise Found("cut otherwise, the answer is another", stream)
    # A body that is both too large and no gzip is refused by whichever shows first.
    if {rule, again_rule, apart_rule} not in ({rule}, {"PRV-03", "PRV-07"}):
        raise Found(f"cut otherwise, it is refused by another rule: {rule} {again_rule} {apart_rule}", stream)


def read(pieces: list[bytes], stream: bytes) -> tuple[HttpAnswer | None, str]:
    """The answer, or the rule that refuses it."""
    reader = AnswerReader(LIMITS, _MOST)
    try:
        for piece in pieces:
            if reader.answer is None:
                reader.feed(piece)
        if reader.answer is None:
            reader.finish()
    except Refusal as refusal:
        if refusal.rule.id not in _RULES:
            raise Found(f"refused by {refusal.rule.id}", stream) from refusal
        return None, refusal.rule.id
    answer = reader.answer
    if answer is None or len(answer.body) > _MOST or not 200 <= answer.status <= 999:
        raise Found("what came out is no answer within the limits", stream)
    return answer, ""


WORDS = (
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 101 X\r\n", b"HTTP/1.0 500 X\r\n", b"\r\n",
    b"HTTP/1.1 204 No Content\r\n", b"HTTP/1.1 304 X\r\n", b"Content-Length: 3\r\n", b"Content-Length: 999\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"Connection: close\r\n", b"0\r\n\r\n",
    b"3\r\nabc\r\n", b"Content-Encoding: gzip\r\n", b"Upgrade: x\r\n", b"Connection: upgrade\r\n", b"\n", b"\r", b":",
    b"\x00", b"\xff", b"X: " + b"y" * 700 + b"\r\n", b"X: 1\r\n" * 19, b"ICY 200 OK\r\n", b"HTTP/9.9 200\r\n",
)  # fmt: skip


def seeds() -> list[bytes]:
    """Lawful answers of each framing."""
    import gzip

    packed = gzip.compress(b"abc" * 50, mtime=0)
    streams = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
        b"HTTP/1.0 500 Oh\r\nContent-Type: text/xml\r\n\r\nuntil the end",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed),
    ]
    return [bytes(12) + each for each in streams] + [bytes(range(5, 17)) + each for each in streams]


TARGET = Target("http-out", one, seeds, WORDS, longest=2500)
