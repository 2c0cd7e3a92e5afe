"""A witness's door: ``POST /add-checkpoint`` (C2SP tlog-witness), and what it thinks of each log, for monitors.

Anybody may post here; what decides is the signature on the checkpoint.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Final

from esb.audit.witness import Seen, Witness, WitnessAnswer
from esb.audit.witness_request import PATH
from esb.kernel.faults import EsbError
from esb.kernel.http import HttpRequest, HttpResponse

_TEXT: Final = "text/plain; charset=utf-8"
_MOST_WAITING: Final = 64


class WitnessDoor:
    """Answers for a witness.

    Args:
        witness: decides, off the reactor.
        logs: every log that is witnessed, as it is remembered.
        run: runs a blocking function off the reactor.
        doubted: told of a log that should be looked at, with a checkpoint whose proof did not hold, or empty octets.
    """

    def __init__(
        self,
        witness: Witness,
        logs: Callable[[], list[Seen]],
        run: Callable[[Callable[[], HttpResponse]], Awaitable[HttpResponse]],
        doubted: Callable[[str, bytes], None],
    ) -> None:
        self._witness = witness
        self._logs = logs
        self._run = run
        self._doubted = doubted
        self._waiting = 0

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        if request.method == "POST" and request.path == PATH:
            return await self._in_turn(lambda: self._add(request.body))
        if request.method not in ("GET", "HEAD"):
            return _plain(405 if request.path == PATH else 404, f"Post checkpoints to {PATH}.")
        if request.path == "/healthz":
            return _plain(200, "ok")
        if request.path == "/key":
            return _plain(200, self._witness.key.text)
        if request.path == "/logs":
            return await self._in_turn(self._tell)
        return _plain(404, f"Here are {PATH}, /key, /logs and /healthz.")

    async def refuse(self, problem: Exception, request: HttpRequest) -> HttpResponse:
        """Answer what the transport could not take in whole."""
        return _plain(400, "This is no request that a witness answers.")

    async def _in_turn(self, work: Callable[[], HttpResponse]) -> HttpResponse:
        if self._waiting >= _MOST_WAITING:
            return HttpResponse(503, _TEXT, b"Too many are asking: try again shortly.\n", (("Retry-After", "2"),))
        self._waiting += 1
        try:
            return await self._run(work)
        finally:
            self._waiting -= 1

    def _add(self, body: bytes) -> HttpResponse:
        try:
            answer: WitnessAnswer = self._witness.add_checkpoint(body)
        except EsbError:
            # What it remembers cannot be read or written: whoever runs it is told in its log.
            return _plain(500, "This witness cannot sign now.")
        if answer.origin:
            self._doubted(answer.origin, answer.doubt)
        return HttpResponse(answer.status, answer.content_type, answer.body)

    def _tell(self) -> HttpResponse:
        """503 while a log is not as it was, so that any monitor sees it."""
        try:
            logs = self._logs()
        except EsbError:
            return _plain(500, "What this witness remembers cannot be read.")
        told = [
            {
                "log": seen.log.name,
                "size": seen.head.size,
                "cosigned": seen.at,
                "problem": "two histories" if seen.forked else "cut back" if seen.proof else "",
            }
            for seen in logs
        ]
        status = 503 if any(seen.proof for seen in logs) else 200
        return HttpResponse(status, "application/json", json.dumps(told, indent=1).encode() + b"\n")


def _plain(status: int, text: str) -> HttpResponse:
    return HttpResponse(status, _TEXT, f"{text}\n".encode())
