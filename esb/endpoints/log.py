"""The log's door: its last checkpoint and its tiles, for whoever watches that it is only ever added to.

``/log/checkpoint``, ``/log/tile/LEVEL/NUMBER`` (c2sp.org/tlog-tiles) and ``/log/key``.  Only hashes are given out, of
leaves that hold a random id each: what was asked, and by whom, cannot be told from them.  Entries are not published.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from esb.audit.record import StoreUnavailable
from esb.audit.sequencer import PROMISED
from esb.audit.tiles import HASH_BYTES, read_tile_path, width_at
from esb.audit.tree_reader import Published, TreeReader
from esb.kernel.http import HttpRequest, HttpResponse

ROOT: Final = "/log/"
_TEXT: Final = "text/plain; charset=utf-8"
_TILES: Final = "application/octet-stream"
_FOREVER: Final = (("Cache-Control", "public, max-age=31536000, immutable"),)
_BRIEFLY: Final = (("Cache-Control", "no-cache"),)
_MOST_WAITING: Final = 32


@dataclass(frozen=True, slots=True)
class Quorum:
    """Witnesses, by name, and how many of them count as enough."""

    names: frozenset[str] = frozenset()
    count: int = 1


class LogDoor:
    """Publishes the tree.

    Args:
        reader: reads it, off the reactor.
        run: runs a blocking function off the reactor, in threads that no message waits for.
        key: the log's public key, as verifiers are given it (``NAME+ID+KEY``).
        quorum: witnesses who cosign; none where there are none.
        now: Unix seconds.
    """

    def __init__(
        self,
        reader: TreeReader,
        run: Callable[[Callable[[], HttpResponse]], Awaitable[HttpResponse]],
        key: str,
        quorum: Quorum = Quorum(),
        now: Callable[[], float] = time.time,
    ) -> None:
        self._reader = reader
        self._run = run
        self._key = key
        self._quorum = quorum
        self._now = now
        self._waiting = 0
        self._covered = 0  # leaves that a checkpoint has covered: whoever reads all tiles asks for it once

    async def get(self, request: HttpRequest) -> HttpResponse:
        """Answer a GET below /log/."""
        path = request.path.removeprefix(ROOT)
        if path == "key":
            return HttpResponse(200, _TEXT, f"{self._key}\n".encode(), _BRIEFLY)
        if self._waiting >= _MOST_WAITING:
            return HttpResponse(503, _TEXT, b"Too many are asking: try again shortly.\n", (("Retry-After", "2"),))
        self._waiting += 1
        try:
            return await self._run(lambda: self._answer(path))
        finally:
            self._waiting -= 1

    def _answer(self, path: str) -> HttpResponse:
        try:
            if path == "checkpoint":
                return self._checkpoint()
            if path.startswith("tile/"):
                return self._tile(path.removeprefix("tile/"))
        except StoreUnavailable:
            return HttpResponse(503, _TEXT, b"The log's tree cannot be read now.\n", (("Retry-After", "10"),))
        return HttpResponse(404, _TEXT, b"Here are /log/checkpoint, /log/key and /log/tile/LEVEL/NUMBER.\n")

    def _checkpoint(self) -> HttpResponse:
        latest = self._reader.latest()
        if latest is None:
            return HttpResponse(404, _TEXT, b"Nothing is in the log yet.\n", _BRIEFLY)
        point = self._chosen(latest)
        lines = "".join(self._reader.cosignatures(point.size).values())
        return HttpResponse(200, _TEXT, point.note + lines.encode(), _BRIEFLY)

    def _chosen(self, latest: Published) -> Published:
        """The newest checkpoint that the quorum has cosigned, while what it lacks is young; else the newest.

        On a busy log the newest is always a moment old and cosigned by nobody yet.
        """
        if not self._quorum.names:
            return latest
        size = self._reader.cosigned_by(self._quorum.names, self._quorum.count)
        point = None if not size else self._reader.checkpoint(size)
        made = None if point is None or point.size == latest.size else self._reader.made_at(point.size)
        if point is None or (made is not None and self._now() - made / 1_000_000 > PROMISED):
            return latest
        return point

    def _tile(self, path: str) -> HttpResponse:
        found = read_tile_path(path)
        if found is not None and found[0].level >= 0:
            place, width = found
            # Only what a published checkpoint covers: the tree may be ahead of it.
            if width > width_at(self._covered, place) and (latest := self._reader.latest()) is not None:
                self._covered = latest.size
            if width <= width_at(self._covered, place):
                tile = self._reader.tile(place, self._covered)
                if tile is not None:
                    return HttpResponse(200, _TILES, tile[: width * HASH_BYTES], _FOREVER)
        return HttpResponse(404, _TEXT, b"The log has no such tile.\n", _BRIEFLY)
