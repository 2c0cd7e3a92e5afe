"""A witness at work on the reactor: its door, its turn, and the looks that it takes by itself."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.doors import served
from support.reactor import on_reactor, reactor

from esb.admin.witness_home import WitnessError, WitnessHome
from esb.audit.log_key import LogSigner
from esb.audit.notes import COSIGNATURE, NoteKey, open_checkpoint
from esb.audit.witness_request import AddCheckpoint
from esb.kernel.clock import SystemClock
from esb.kernel.http import HttpRequest, HttpResponse
from esb.witnessing import Witnessing

_PRIVATE = Ed25519PrivateKey.generate()
SIGNER = LogSigner("bus.example/log", _PRIVATE.public_key().public_bytes_raw(), _PRIVATE.sign)
KEY = NoteKey("reserve.example/w1", COSIGNATURE, SIGNER.public)
ONE, OTHER = SIGNER.checkpoint(1, bytes(32)), SIGNER.checkpoint(1, bytes(31) + b"\1")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WitnessHome:
    """One with a key that lies nowhere: to decrypt a file takes the time."""
    for part in ("logs", "proofs"):
        (tmp_path / "w" / part).mkdir(parents=True)
    (tmp_path / "w" / "witness.json").write_text('{"name": "reserve.example/w1"}')
    monkeypatch.setattr(WitnessHome, "key", lambda _: (KEY, SIGNER))
    return WitnessHome(tmp_path / "w")


@pytest.fixture
def log(home: WitnessHome) -> Iterator[dict[str, bytes]]:
    """What a log publishes; a root is its only leaf's hash, so that its tile is that."""
    published = {"/log/checkpoint": ONE, "/log/tile/0/000.p/1": bytes(32)}

    async def handle(request: HttpRequest) -> HttpResponse:
        found = published.get(request.path)
        return HttpResponse(200 if found else 404, "text/plain", found or b"")

    with served(handle) as base:
        home.add(SIGNER.key, f"{base}/log")
        yield published


def get(port: int, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", body, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def until(true: object) -> None:
    end = time.monotonic() + 10
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


def test_it_cosigns_what_is_posted_and_finds_what_is_published(home: WitnessHome, log: dict[str, bytes]) -> None:
    alarms: list[str] = []
    witnessing = Witnessing(home, SystemClock(), 0.05, 0, alarm=alarms.append)
    with pytest.raises(WitnessError, match="two with one key"):
        Witnessing(WitnessHome(home.folder), SystemClock(), 60, 60)
    port = on_reactor(lambda: witnessing.listen(reactor, "127.0.0.1", 0))
    try:
        status, line = get(port, "/add-checkpoint", AddCheckpoint(0, (), ONE).octets())
        assert status == 200
        assert open_checkpoint(ONE + line, SIGNER.key, [KEY])[1]
        assert get(port, "/key")[1].decode().strip() == KEY.text
        assert get(port, "/logs")[0] == 200
        log["/log/checkpoint"] = OTHER
        until(lambda: alarms)
        status, body = get(port, "/logs")
        assert (status, json.loads(body)[0]["problem"]) == (503, "two histories")
    finally:
        on_reactor(witnessing.stop)
    other = Witnessing(WitnessHome(home.folder), SystemClock(), 60, 60)
    on_reactor(other.stop)


def test_a_doubtful_post_is_followed_by_a_look(home: WitnessHome, log: dict[str, bytes]) -> None:
    witnessing = Witnessing(home, SystemClock(), 3_600, 60)
    port = on_reactor(lambda: witnessing.listen(reactor, "127.0.0.1", 0))
    try:
        until(lambda: home.logs()[0].head.size == 1)  # its first look
        two = SIGNER.checkpoint(2, bytes(32))
        assert get(port, "/add-checkpoint", AddCheckpoint(1, (bytes(32),), two).octets())[0] == 422
        time.sleep(1.5)
        assert not home.logs()[0].forked, "its tiles cannot be had, which accuses nobody"
    finally:
        on_reactor(witnessing.stop)


def test_a_port_that_is_taken_is_told(home: WitnessHome) -> None:
    async def nobody(_: HttpRequest) -> HttpResponse:
        return HttpResponse(404, "text/plain", b"")

    witnessing = Witnessing(home, SystemClock(), 60, 60)
    with served(nobody) as base, pytest.raises(WitnessError, match="cannot be listened on"):
        on_reactor(lambda: witnessing.listen(reactor, "127.0.0.1", int(base.rpartition(":")[2])))
    home.unlock()
