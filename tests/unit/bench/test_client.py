"""The client counts, judges every answer, and never takes a lost or half answer for one."""

import asyncio
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from esb.bench import client
from esb.bench.client import Address, Load, Question, WrongAnswer, drive, drive_open, post

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], "asyncio.Future[None] | object"]


@contextmanager
def server(handle: Serve) -> Iterator[Address]:
    """A server of its own loop and thread."""
    ready: list[int] = []
    started = threading.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        listening = await asyncio.start_server(handle, "127.0.0.1", 0)  # type: ignore[arg-type]
        ready.append(listening.sockets[0].getsockname()[1])
        started.set()

    def work() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(run())
        loop.run_forever()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(5)
    try:
        yield Address("127.0.0.1", ready[0])
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


async def read_request(reader: asyncio.StreamReader) -> bytes | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        return None


def answering(*pieces: bytes) -> Serve:
    """Answer every request with these pieces, a moment between them; %b is the request's body."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (body := await read_request(reader)) is not None:
            for piece in pieces:
                writer.write(piece.replace(b"%b", body))
                await asyncio.sleep(0.001)
        writer.close()

    return handle


def questions(address: Address, count: int, seen: list[bytes]) -> Iterator[Question]:
    for number in range(count):

        def check(status: int, body: bytes, number: int = number) -> None:
            if (status, body) != (200, b"%04d" % number):
                raise WrongAnswer(f"{status} {body!r} for {number}")
            seen.append(body)

        yield Question(post(address, "/x", b"%04d" % number, "urn:x"), check)


def test_every_question_is_asked_once_and_its_own_answer_judged() -> None:
    seen: list[bytes] = []
    ticks: list[int] = []
    asked_before_ready: list[int] = []
    with server(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n%b")) as address:
        load = drive(
            address,
            questions(address, 50, seen),
            7,
            lambda: ticks.append(1),
            lambda: asked_before_ready.append(len(seen)),
        )
    assert asked_before_ready == [0]
    assert sorted(seen) == [b"%04d" % number for number in range(50)]
    assert (len(load.latencies), len(ticks)) == (50, 50)
    assert load.rate > 0


def test_an_answer_in_pieces_is_put_together() -> None:
    seen: list[bytes] = []
    pieces = (b"HTTP/1.1 200 OK\r\ncontent-le", b"ngth: 4\r\nX: y\r\n\r", b"\n%b"[:1], b"%b")
    with server(answering(*pieces)) as address:
        drive(address, questions(address, 3, seen), 1)
    assert seen == [b"0000", b"0001", b"0002"]


def test_nothing_to_ask_is_no_error() -> None:
    with server(answering(b"")) as address:
        assert drive(address, [], 2).latencies == ()
        assert drive_open(address, [], 10, 2, random.Random(1)).latencies == ()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\n%b", "500"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n9999", "9999"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n%bmore", "more came"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "no HTTP/1.1 answer"),
        (b"SSH-2.0-x\r\n\r\n", "no HTTP/1.1 answer"),
    ],
)
@pytest.mark.parametrize("run", ["closed", "open"])
def test_a_wrong_answer_ends_the_run(answer: bytes, said: str, run: str) -> None:
    drives = {"closed": drive, "open": partial(drive_open, rate=500, chance=random.Random(1))}
    with server(answering(answer)) as address, pytest.raises(WrongAnswer, match=said):
        drives[run](address, questions(address, 20, []), connections=2)


def test_a_connection_that_is_lost_before_its_answer_ends_the_run() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nhalf")
        writer.close()

    with server(handle) as address, pytest.raises(WrongAnswer, match="owed an answer"):
        drive(address, questions(address, 5, []), 1)


def test_silence_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client._Run, "PATIENCE", 0.1)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await reader.read()

    with server(handle) as address, pytest.raises(WrongAnswer, match="no answer came"):
        drive(address, questions(address, 1, []), 1)


def test_an_error_in_signing_on_the_way_ends_the_run() -> None:
    def broken(address: Address) -> Iterator[Question]:
        yield from questions(address, 3, [])
        raise KeyError("hole")

    with server(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n%b")) as address, pytest.raises(KeyError):
        drive(address, broken(address), 1)


def test_an_open_loop_asks_all_and_counts_from_when_each_was_due() -> None:
    seen: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (body := await read_request(reader)) is not None:
            await asyncio.sleep(0.02)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + body)
        writer.close()

    with server(handle) as address:
        # One connection carries fifty a second; asked for five hundred, all but the first wait in line.
        load = drive_open(address, questions(address, 20, seen), 500, 1, random.Random(1))
    assert len(seen) == 20
    assert load.latencies[-1] > 5 * load.latencies[0]


def test_quantiles() -> None:
    load = Load(2.0, tuple(number / 100 for number in range(100)))
    assert (load.quantile(0.5), load.quantile(0.99), load.quantile(1.0), load.rate) == (0.5, 0.99, 0.99, 50)
