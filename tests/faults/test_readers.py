"""Clients that read slowly, read nothing, or are gone before their answer: memory stays bounded, evidence complete."""

import random
import socket
import struct
import time
from collections.abc import Callable

import pytest
from support.faults.load import loading, person, posted, question
from support.faults.outage import delivered
from support.faults.processes import until
from support.faults.scene import Scene

_MIB = 1024 * 1024
_RESET = struct.pack("ii", 1, 0)


def connected(scene: Scene, window: int = 0) -> socket.socket:
    """A client's socket that keeps at most ``window`` bytes unread, where given."""
    client = socket.socket()
    if window:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    client.settimeout(20)
    client.connect(("127.0.0.1", scene.bus.port))
    return client


def gone(client: socket.socket) -> None:
    """Vanish without a word."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    client.close()


def wire(scene: Scene, number: int) -> bytes:
    """A question of a person that no load asks for."""
    return posted(question(scene.consumer, person(number + 4_000 * 10_000_000))[1])


@pytest.mark.timeout(600)
def test_readers_of_a_byte_at_a_time(play: Callable[..., Scene], full: bool) -> None:
    """Large answers wait for slow readers, and are all that waits; others are served meanwhile."""
    clients, size = (60, 2 * _MIB) if full else (20, _MIB)
    scene = play(timeout=10.0)
    scene.provider.behave("big", size)
    assert scene.ask()["status"] == 200
    before = scene.bus.memory
    peaks = []
    for turn in range(8):
        seen = delivered(scene)
        slow = [connected(scene, 4096) for _ in range(clients)]
        for number, client in enumerate(slow):
            client.sendall(wire(scene, turn * 1000 + number))
        until(lambda seen=seen: delivered(scene) >= seen + clients, 60, "all were delivered")  # type: ignore[misc]
        for _ in range(3):
            for client in slow:
                assert len(client.recv(1)) == 1
            assert scene.ask()["status"] == 200
        peaks.append(scene.bus.memory - before)
        for client in slow:
            gone(client)
    # An answer is held as octets, on its way to the log and to the socket; and it does not add up.
    assert max(peaks) < clients * size * 6 + 64 * _MIB, peaks
    assert peaks[-1] < peaks[0] + clients * size + 32 * _MIB, peaks
    scene.provider.behave("good")
    scene.well()
    verdict = scene.expect_sound()
    assert verdict.counts["without an end"] == 0
    assert verdict.counts["answer"] >= 8 * clients


def test_a_reader_of_nothing_that_asks_on_and_on(play: Callable[..., Scene]) -> None:
    """Questions piped into one connection: the next is not begun before the answer to the last has found its reader."""
    scene = play(timeout=10.0)
    scene.provider.behave("big", _MIB)
    assert scene.ask()["status"] == 200
    before, seen = scene.bus.memory, delivered(scene)
    greedy = connected(scene, 4096)
    greedy.settimeout(1.0)
    try:
        for number in range(200):
            greedy.sendall(wire(scene, number))
    except TimeoutError:
        pass  # the bus reads no more of it: just right
    for _ in range(3):
        assert scene.ask()["status"] == 200
        time.sleep(0.2)
    assert delivered(scene) - seen < 40
    assert scene.bus.memory - before < 128 * _MIB
    gone(greedy)
    scene.provider.behave("good")
    scene.well()
    scene.expect_sound()


@pytest.mark.timeout(600)
def test_clients_that_are_gone_before_their_answer(play: Callable[..., Scene], full: bool) -> None:
    """At any moment: in the middle of the question, while the provider works, or with the answer half read."""
    scene = play()
    scene.provider.behave("slow", 0.05)
    chance = random.Random(5)
    with loading(scene.load(rate=40)) as load:
        for number in range(600 if full else 120):
            client = connected(scene)
            octets = wire(scene, number)
            part = chance.choice((len(octets), len(octets), chance.randrange(len(octets))))
            client.sendall(octets[:part])
            time.sleep(chance.uniform(0, 0.03))
            if chance.random() < 0.3 and part == len(octets):
                client.recv(chance.randrange(1, 2000))
            gone(client)
        good = load.good
        until(lambda: load.good >= good + 20, 20, "others are answered")
    # What was delivered has an end on record, though nobody is there to hear it.
    until(lambda: scene.verdict().counts["without an end"] == 0, what="every exchange has its end")
    verdict = scene.expect_sound()
    assert verdict.counts["request"] == verdict.counts["delivered"]
    assert load.counts["broken"] == 0
