"""A witness's door: what is posted where, and what monitors are told."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from support.rig import done

from esb.audit.log_key import LogSigner
from esb.audit.notes import COSIGNATURE, NoteKey
from esb.audit.witness import Seen, WitnessAnswer
from esb.endpoints.witness import WitnessDoor
from esb.kernel.faults import EsbError
from esb.kernel.http import HttpRequest, HttpResponse, Peer

KEY = NoteKey("reserve.example/w1", COSIGNATURE, bytes(32))
LOG = LogSigner("bus.example/log", bytes(32), lambda _: bytes(64))
SEEN = Seen(LOG.key, "https://x", LOG.checkpoint(7, bytes(32)), 99)


class Scene:
    def __init__(self, answer: Any = None, logs: Any = None) -> None:
        self.doubts: list[tuple[str, bytes]] = []

        def add(_body: bytes) -> WitnessAnswer:
            if isinstance(answer, Exception):
                raise answer
            return answer  # type: ignore[no-any-return]

        def told() -> list[Seen]:
            if isinstance(logs, Exception):
                raise logs
            return logs  # type: ignore[no-any-return]

        async def run(work: Callable[[], HttpResponse]) -> HttpResponse:
            return work()

        witness: Any = SimpleNamespace(key=KEY, add_checkpoint=add)
        self.door = WitnessDoor(witness, told, run, lambda *doubt: self.doubts.append(doubt))

    def ask(self, method: str, path: str) -> HttpResponse:
        return done(self.door.handle(HttpRequest(method, path, "", {}, b"", Peer("192.0.2.7"))))


def test_checkpoints_are_posted_and_doubts_passed_on() -> None:
    scene = Scene(WitnessAnswer(409, "text/x.tlog.size", b"7\n", "bus.example/log", b"note"))
    answer = scene.ask("POST", "/add-checkpoint")
    assert (answer.status, answer.content_type, answer.body) == (409, "text/x.tlog.size", b"7\n")
    assert scene.doubts == [("bus.example/log", b"note")]
    scene = Scene(WitnessAnswer(200, "text/plain", b"line\n"))
    assert scene.ask("POST", "/add-checkpoint").status == 200
    assert scene.doubts == []
    assert Scene(EsbError("disk")).ask("POST", "/add-checkpoint").status == 500


def test_what_else_is_here() -> None:
    scene = Scene()
    assert scene.ask("GET", "/key").body.decode().strip() == KEY.text
    assert scene.ask("GET", "/healthz").status == 200
    assert scene.ask("GET", "/").status == 404
    assert scene.ask("POST", "/other").status == 404
    assert scene.ask("PUT", "/add-checkpoint").status == 405
    assert done(scene.door.refuse(EsbError("x"), HttpRequest("GET", "/", "", {}, b"", Peer("x")))).status == 400


def test_monitors_see_a_log_that_is_not_as_it_was() -> None:
    answer = Scene(logs=[SEEN]).ask("GET", "/logs")
    assert (answer.status, json.loads(answer.body)) == (
        200,
        [{"log": "bus.example/log", "size": 7, "cosigned": 99, "problem": ""}],
    )
    for forked, words in ((True, "two histories"), (False, "cut back")):
        answer = Scene(logs=[Seen(LOG.key, "https://x", SEEN.note, 99, 0, "file", forked)]).ask("GET", "/logs")
        assert (answer.status, json.loads(answer.body)[0]["problem"]) == (503, words)
    assert Scene(logs=EsbError("x")).ask("GET", "/logs").status == 500


def test_too_many_are_told_to_come_again() -> None:
    scene = Scene(logs=[])
    scene.door._waiting = 64
    assert scene.ask("GET", "/logs").status == 503
