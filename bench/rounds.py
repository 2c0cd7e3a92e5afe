"""Rounds and what they say: figures of one, medians and spread of several, and rounds of several subjects by turns."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from esb.bench.calibrate import scaled


@dataclass(frozen=True, slots=True)
class Round:
    """What one round measured.

    Attributes:
        exchanges: how many.
        cpu_us: CPU that the subject's processes took for one, raw.
        calibration_us: what an RSA-2048 signature took during the round.
        idle_calibration_us: and around it, when the machine had nothing else of ours to do.
        per_second: exchanges a second.
        p50_ms, p95_ms, p99_ms: latencies; 0 where there is no wire.
        memory_mb: what the subject held at the end.
        beside: how much of another core the rest of the bench was busy, as a part of the round's time.
        threads: CPU of an exchange by the name of the thread, raw; empty where threads are not told apart.
    """

    exchanges: int
    cpu_us: float
    calibration_us: float
    idle_calibration_us: float
    per_second: float
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0
    memory_mb: float = 0.0
    beside: float = 0.0
    threads: Mapping[str, float] = field(default_factory=dict)

    @property
    def scaled_us(self) -> float:
        """The CPU of an exchange on the quiet core."""
        return scaled(self.cpu_us, self.calibration_us)


@dataclass(frozen=True, slots=True)
class Summary:
    """Several rounds of one subject."""

    rounds: tuple[Round, ...]

    def median(self, figure: str) -> float:
        """The median of a figure of :class:`Round`."""
        return statistics.median(float(getattr(each, figure)) for each in self.rounds)

    def spread(self, figure: str) -> float:
        """From the least to the most, as a part of the median; 0 where that is 0."""
        values = [float(getattr(each, figure)) for each in self.rounds]
        middle = statistics.median(values)
        return (max(values) - min(values)) / middle if middle else 0.0

    def threads(self) -> dict[str, float]:
        """CPU of an exchange by thread, over all rounds; the most first."""
        names = {name for each in self.rounds for name in each.threads}
        total = sum(each.exchanges for each in self.rounds)
        used = {
            name: sum(each.threads.get(name, 0.0) * each.exchanges for each in self.rounds) / total for name in names
        }
        return dict(sorted(used.items(), key=lambda item: -item[1]))

    def as_json(self) -> dict[str, Any]:
        """Medians, the spread of CPU, and every round."""
        names = [name for name in (*Round.__dataclass_fields__, "scaled_us") if name != "threads"]
        return {
            "median": {name: self.median(name) for name in names},
            "threads": self.threads(),
            "spread": {name: self.spread(name) for name in ("cpu_us", "scaled_us", "per_second")},
            "rounds": [{**asdict(each), "scaled_us": each.scaled_us} for each in self.rounds],
        }


def ratio(one: Summary, other: Summary, figure: str) -> float:
    """How many times as large a figure is: the median over the turns that both were measured in.

    Two rounds of one turn are neighbours in time, so what the machine did meanwhile is in both.
    """
    pairs = zip(one.rounds, other.rounds, strict=True)
    return statistics.median(float(getattr(a, figure)) / float(getattr(b, figure)) for a, b in pairs)


class Subject(Protocol):
    """What can be measured by rounds."""

    def warm_up(self) -> None:
        """Do what the first exchanges pay for: connections, schemas, caches."""

    def round(self) -> Round:
        """Measure once.

        Raises:
            WrongAnswer: an answer was not the one that was due.
        """


def interleave(
    subjects: Mapping[str, Subject], rounds: int, told: Callable[[str, int, Round], None]
) -> dict[str, Summary]:
    """Measure all subjects by turns, so that whatever else the machine does hits them alike.

    Args:
        told: is told each subject, the number of its round and the round, for whoever waits.
    """
    for subject in subjects.values():
        subject.warm_up()
    found: dict[str, list[Round]] = {name: [] for name in subjects}
    for number in range(rounds):
        # Each time in another order: who goes first finds the machine rested.
        for name in _turned(list(subjects), number):
            found[name].append(subjects[name].round())
            told(name, number, found[name][-1])
    return {name: Summary(tuple(each)) for name, each in found.items()}


def _turned(names: Sequence[str], by: int) -> Sequence[str]:
    at = by % len(names)
    return [*names[at:], *names[:at]]
