"""`esb demo` from beginning to end."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from esb.audit.entry import Kind
from esb.demo import opinion, tell
from esb.demo.people import make_population
from esb.demo.scenes import make_scenes
from esb.demo.stage import Stage, folder_for_home, set_stage
from esb.demo.story import Played, play

_NOT_REAL = (
    "Everybody in this demo is made up: names, FINs and contracts are generated. The agencies are real, those of the "
    "national portal's bulletin of February 2015."
)


@dataclass(frozen=True, slots=True)
class Result:
    """How the demo went: every scene, and what the evidence log held in the end."""

    scenes: tuple[Played, ...]
    records: int
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether every scene was as it should be."""
        return all(scene.ok for scene in self.scenes)

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "ok": self.ok,
            "seconds": round(self.seconds, 1),
            "xmlsec1": opinion.command() is not None,
            "records": self.records,
            "scenes": [scene.as_json() for scene in self.scenes],
        }


def run(
    page: tell.Page,
    step: Callable[[str], None],
    home: Path | None = None,
    keep: Callable[[Stage], None] | None = None,
) -> Result:
    """Set the stage, play every scene, tell it, and take the stage down, also on an error or Ctrl-C.

    Args:
        page: where the story goes.
        step: is told what is being set up; the empty text means that it is done.
        home: a new or empty folder; None takes a temporary one.  It is removed at the end, but for one that was
            chosen and is to be kept.
        keep: called with everything running, until it returns; None ends at once.

    Raises:
        EsbError: something could not be set up; the text says what.
    """
    began = time.monotonic()
    page.say(page.paint(tell.wrapped(_NOT_REAL), "yellow"))
    scenes = make_scenes(make_population())
    stays = keep is not None and home is not None
    with _signals_end_in_order(), folder_for_home(home, stays) as path, set_stage(path, step) as stage:
        step("")
        played = []
        for number, scene in enumerate(scenes, 1):
            played.append(play(scene, stage))
            tell.tell(page, number, played[-1], stage.place)
        # What was set up stands in the log as well; the story is told of what was asked.
        records = [each for each in stage.evidence.recent(1_000) if each.entry.kind is not Kind.CHANGE]
        page.say("\n" + page.paint("What the evidence log holds (esb log search)", "cyan"))
        page.say(tell.log_table(page, records))
        result = Result(tuple(played), len(records), time.monotonic() - began)
        tell.summary(page, result.scenes, result.seconds)
        if keep is not None:
            keep(stage)
    return result


@contextmanager
def _signals_end_in_order() -> Iterator[None]:
    """SIGTERM and SIGHUP end the demo as Ctrl-C does, which also ends it where a shell had SIGINT ignored."""

    told: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        told.append(number)
        if len(told) == 1:  # a second one must not break off the taking down, which is bounded in time
            raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
