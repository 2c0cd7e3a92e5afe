"""What the portal's bulletin published of February 2015: its tables, and whether they say the same as its totals."""

import csv
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Final

from esb.kernel.faults import EsbError

REQUESTS: Final = 704_970
SERVICES: Final = 277
AGENCIES: Final = 43
"""The bulletin's own totals."""

_AGENCIES: Final = "usage-2015-02-by-provider.csv"
_TOP: Final = "usage-2015-02-top-services.csv"


class DataUnsound(EsbError):
    """The tables contradict one another or the bulletin's totals; the text says where."""


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency: how many of its services were used in the month, and how often in all."""

    rank: int
    code: str
    name_az: str
    name_en: str
    services: int
    uses: int


@dataclass(frozen=True, slots=True)
class TopService:
    """One of the services that were used most; ``agency`` is its provider's code."""

    rank: int
    name_az: str
    name_en: str
    agency: str
    uses: int


@dataclass(frozen=True, slots=True)
class Published:
    """Both tables, each by rank."""

    agencies: tuple[Agency, ...]
    top: tuple[TopService, ...]


def read_published() -> Published:
    """Read the tables that lie in ``data``, checked.

    Raises:
        DataUnsound: they were changed and no longer agree.
    """
    agencies = tuple(
        Agency(int(row["rank"]), row["code"], row["name_az"], row["name_en"], int(row["services"]), int(row["uses"]))
        for row in _rows(_AGENCIES)
    )
    top = tuple(
        TopService(int(row["rank"]), row["name_az"], row["name_en"], row["provider_code"], int(row["uses"]))
        for row in _rows(_TOP)
    )
    published = Published(agencies, top)
    problems = find_problems(published)
    if problems:
        raise DataUnsound("The month's tables do not agree:\n" + "\n".join(f"  - {problem}" for problem in problems))
    return published


def find_problems(published: Published) -> list[str]:
    """Where the tables contradict the bulletin's totals, one another, or themselves; a sentence each."""
    agencies, top = published.agencies, published.top
    problems = [
        f"the agencies' {what} sum to {found:,}, and the bulletin says {said:,}"
        for what, found, said in (
            ("uses", sum(agency.uses for agency in agencies), REQUESTS),
            ("services", sum(agency.services for agency in agencies), SERVICES),
            ("rows", len(agencies), AGENCIES),
        )
        if found != said
    ]
    for name, places in (
        ("agencies", [(agency.rank, agency.uses) for agency in agencies]),
        ("top services", [(service.rank, service.uses) for service in top]),
    ):
        if [rank for rank, _ in places] != list(range(1, len(places) + 1)):
            problems.append(f"the ranks of the {name} have a gap or a double")
        if any(above < below for (_, above), (_, below) in pairwise(places)):
            problems.append(f"the {name} do not stand in the order of their uses")
    counted: Counter[str] = Counter()
    used: Counter[str] = Counter()
    for service in top:
        counted[service.agency] += 1
        used[service.agency] += service.uses
    known = {agency.code: agency for agency in agencies}
    if len(known) != len(agencies):
        problems.append("two agencies have one code")
    for code in used:
        if code not in known:
            problems.append(f"a top service belongs to {code}, which is no agency of the month")
        elif counted[code] > known[code].services or used[code] > known[code].uses:
            problems.append(f"the top services of {code} are more than all that it had")
    # Who is not in the list of the most used was used at most as often as its last, and at least once.
    most = top[-1].uses if top else 0
    for agency in agencies:
        others, left = agency.services - counted[agency.code], agency.uses - used[agency.code]
        if not others <= left <= others * most:
            problems.append(f"{agency.code} has {left:,} uses left for its {others} other services")
    return problems


def _rows(name: str) -> "csv.DictReader[str]":
    text = files("esb.sample").joinpath("data", name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())
