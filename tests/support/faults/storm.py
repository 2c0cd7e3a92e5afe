"""A storm of kills: SIGKILL at random moments of load, to the bus or its workers, their supervisor and the provider.

``python -m support.faults.storm --kills 1000 --workers 3`` tells how it goes and ends with what the checker says.
Each victim's successor is started at once; the clients go on all the while.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from support.faults.checker import Verdict
from support.faults.load import Load, loading
from support.faults.postgres import Postgres
from support.faults.processes import until
from support.faults.scene import Scene, make_template

_EARLY = 0.15  # how likely a bus is killed before it is ready
_LULL = 60.0  # seconds within which somebody must be answered, whatever is killed


class Storm:
    """Kills in one scene.

    Args:
        workers: how many the scene's bus was started with; 0 for a single process.
        chance: decides who is killed, and when.
    """

    def __init__(self, scene: Scene, load: Load, workers: int, chance: random.Random) -> None:
        self.kills: Counter[str] = Counter()
        self._scene = scene
        self._load = load
        self._workers = workers
        self._chance = chance

    @property
    def total(self) -> int:
        """How many were killed so far."""
        return self.kills.total()

    def round(self, most: int) -> None:
        """The life of one bus, from its start to its end, with at most so many kills."""
        until_kills, bus = self.total + most, self._scene.bus
        if not bus.runs:
            bus.spawn()
        if self._chance.random() < _EARLY:
            time.sleep(self._chance.uniform(0.0, 1.5))
        else:
            revive(self._scene)
            self._see_good()
            for strike in self._strikes():
                time.sleep(self._chance.uniform(0.0, 0.4))
                if self.total >= until_kills - 1:
                    break
                strike()
            time.sleep(self._chance.uniform(0.0, 0.4))
        if self.total < until_kills:
            bus.kill()
            self.kills["supervisor" if self._workers else "bus"] += 1

    def _strikes(self) -> list[Callable[[], None]]:
        strikes = [self._kill_provider] * self._chance.choice((0, 1, 1, 2))
        if self._workers:
            until(lambda: len(self._scene.bus.children) >= self._workers, 60, "all workers run")
            # Each slot once: its next worker is started at once, those after it ever later, and for good reason.
            strikes += [lambda pid=pid: self._kill_worker(pid) for pid in self._scene.bus.children]  # type: ignore[misc]
        self._chance.shuffle(strikes)
        return strikes

    def _kill_provider(self) -> None:
        self._scene.provider.kill()
        self.kills["provider"] += 1
        self._scene.provider.start()

    def _kill_worker(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.kills["worker"] += 1

    def _see_good(self) -> None:
        good = self._load.good
        until(lambda: self._load.good >= good + 5, _LULL, "somebody is answered")


def revive(scene: Scene) -> None:
    """Start the bus until it is ready, as an init system does: again, should the orphans of a supervisor that was
    killed still hold the port."""

    def ready() -> bool:
        if not scene.bus.runs:
            time.sleep(0.2)
            scene.bus.spawn()
        return scene.bus.ready() == 200

    until(ready, 90, "the bus is ready")


def storm(
    scene: Scene,
    kills: int,
    *,
    workers: int = 0,
    seed: int = 0,
    seconds: float = 3600.0,
    rate: float = 150.0,
    retries: float = 0.5,
    connections: int = 8,
    tell: Callable[[Storm, Load], None] = lambda _storm, _load: None,
) -> Counter[str]:
    """Kill so many, and leave a bus that serves again by itself.

    Args:
        scene: its bus need not run yet.
        seed: of who is killed, and when.
        seconds: after which no more are killed.
        retries: how likely a client asks again with the same bytes when its connection broke.
        tell: told how it goes, after each round.

    Returns:
        How many of each kind were killed.
    """
    until_then = time.monotonic() + seconds
    with loading(scene.load(rate=rate, connections=connections, retries=retries)) as load:
        raging = Storm(scene, load, workers, random.Random(seed))
        while raging.total < kills and time.monotonic() < until_then:
            raging.round(kills - raging.total)
            tell(raging, load)
        revive(scene)
        scene.well()
    return raging.kills


def _tell(kills: int, began: float) -> Callable[[Storm, Load], None]:
    def tell(raging: Storm, load: Load) -> None:
        done, passed = raging.total, time.monotonic() - began
        left = (kills - done) * passed / max(1, done)
        victims = ", ".join(f"{count} {who}" for who, count in sorted(raging.kills.items()))
        line = f"{done:5} of {kills} kills ({victims}); {load.good} answered, {load.counts['broken']} broken, "
        line += f"{load.counts['refused']} refused; {passed:.0f} s, about {left:.0f} s left"
        print(f"\r{line}\033[K" if sys.stdout.isatty() else line, end="" if sys.stdout.isatty() else "\n", flush=True)

    return tell


def _summary(kills: Counter[str], verdict: Verdict) -> None:
    print("killed: " + ", ".join(f"{count} {who}" for who, count in sorted(kills.items())))
    print("counted: " + ", ".join(f"{name} {count}" for name, count in sorted(verdict.counts.items())))
    for finding in verdict.findings[:50]:
        print(f"WRONG: {finding.what}: {finding.where}")
    print("nothing lost, nothing doubled" if not verdict.findings else f"{len(verdict.findings)} findings")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=3, help="0 for a bus of a single process")
    parser.add_argument("--seconds", type=float, default=1500.0, help="kill no more after so long")
    parser.add_argument("--rate", type=float, default=80.0, help="questions a second")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--tls", action="store_true", help="clients come over mutual TLS and are answered again")
    parser.add_argument("--postgres", action="store_true", help="keep the log in PostgreSQL")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="shluz-storm-"))
    print(f"seed {arguments.seed}; everything is kept in {folder}", flush=True)
    server = Postgres() if arguments.postgres else None
    scene = Scene(
        make_template(folder / "template"),
        folder,
        evidence=server.start().url if server else "",
        arguments=("--workers", str(arguments.workers)) if arguments.workers else (),
        every=5,
        tls=arguments.tls,
    )
    failure, kills = "", Counter[str]()
    try:
        try:
            kills = storm(
                scene,
                arguments.kills,
                workers=arguments.workers,
                seed=arguments.seed,
                seconds=arguments.seconds,
                rate=arguments.rate,
                tell=_tell(arguments.kills, time.monotonic()),
            )
        except AssertionError as error:  # what became of the evidence is to be known all the more
            failure = str(error)
        print("\nchecking the evidence", flush=True)
        verdict = scene.verdict()
    finally:
        scene.close()
        if server:
            server.close()
    _summary(kills, verdict)
    if failure:
        print(f"BROKEN OFF: {failure}")
    return 1 if failure or verdict.findings or verdict.counts["hung"] else 0


if __name__ == "__main__":
    sys.exit(main())
