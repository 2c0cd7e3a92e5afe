"""A small month: four agencies, among them the portal, so that a run is quick; and one run for all who only look."""

import io
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import pytest

from esb.bench.month.run import Replayed, Setup, replay
from esb.sample.mix import Month, national_month, part_of

_AGENCIES = ("EHP", "DIN", "BP", "DIDK")


@pytest.fixture(scope="session")
def small_month() -> Month:
    """Twelve services of four agencies, asked 71 times in all."""
    whole = national_month()
    month = replace(
        whole,
        agencies=tuple(agency for agency in whole.agencies if agency.code in _AGENCIES),
        services=tuple(service for service in whole.services if service.agency in _AGENCIES),
    )
    return part_of(month, Fraction(2, 1000))


@dataclass(frozen=True)
class SmallRun:
    """The small month replayed: what came of it, the home that was kept, and what was said meanwhile."""

    replayed: Replayed
    home: Path
    said: list[str]
    shown: str


@pytest.fixture(scope="session")
def small_run(small_month: Month, tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """One run for all tests that only look at it."""
    home = tmp_path_factory.mktemp("kept") / "home"
    said: list[str] = []
    stream = io.StringIO()
    replayed = replay(Setup(small_month, connections=8, home=home), said.append, stream)
    return SmallRun(replayed, home, said, stream.getvalue())
