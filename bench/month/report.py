"""The month told: figures, the tables by agency and by service, and the verdict."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from esb.bench.month.compare import Comparison, Line
from esb.bench.month.progress import clock_text
from esb.bench.month.room import gigabytes
from esb.sample.mix import Month, Service

_MOST_PROBLEMS: Final = 40
_NAME: Final = 44  # characters of a name in a table


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        seconds: from the first question to the last answer.
        p50, p95, p99: seconds of an exchange, as its consumer sees it.
        wrong: answers that were not the right ones.
        verified: exchanges verified whole.
        bus_cpu, provider_cpu, asking_cpu: seconds of CPU of the bus with all its workers, of the providers, and of
            those who ask.
        bus_memory, provider_memory: bytes at the end.
        log_bytes: what the evidence log takes.
        counted: seconds that counting the log took.
    """

    requests: int
    seconds: float
    p50: float
    p95: float
    p99: float
    wrong: int
    verified: int
    bus_cpu: float
    provider_cpu: float
    asking_cpu: float
    bus_memory: int
    provider_memory: int
    log_bytes: int
    counted: float

    @property
    def rate(self) -> float:
        """Exchanges a second."""
        return self.requests / self.seconds


def tell(month: Month, figures: Figures, comparison: Comparison, *, every_service: bool) -> Iterator[str]:
    """The whole report, line by line.

    Args:
        every_service: the table of services goes on after the published twenty.
    """
    yield ""
    yield from _figures(month, figures)
    yield ""
    yield from _agencies(month, comparison)
    yield ""
    yield from _services(month, comparison, every_service)
    yield ""
    yield from verdict(month, comparison)


def verdict(month: Month, comparison: Comparison) -> Iterator[str]:
    """Whether all agree; if not, where not."""
    if not comparison.problems:
        yield (
            f"All agree to the last request: {month.uses:,} published"
            f"{'' if month.part == 1 else ' (of this part)'}, answered, in the evidence log, and in the providers' "
            "journals; and they are the same exchanges."
        )
        return
    yield f"They do NOT agree ({len(comparison.problems):,} times):"
    for problem in comparison.problems[:_MOST_PROBLEMS]:
        yield f"  - {problem}"
    if len(comparison.problems) > _MOST_PROBLEMS:
        yield f"  … and {len(comparison.problems) - _MOST_PROBLEMS:,} more"


def as_json(month: Month, figures: Figures, comparison: Comparison) -> dict[str, object]:
    """The same for programs: figures, and the four counts of each service."""
    return {
        "part": str(month.part),
        "figures": {**asdict(figures), "rate": figures.rate},
        "services": {
            name: {
                "wanted": line.wanted,
                "answered": line.answered.number,
                "evidence": line.logged.number,
                "provider": line.served.number,
            }
            for name, line in comparison.lines.items()
        },
        "problems": list(comparison.problems),
    }


def _figures(month: Month, figures: Figures) -> Iterator[str]:
    whole = "the whole month" if month.part == 1 else f"{float(month.part):g} of the month"
    yield f"February 2015, {whole}: {figures.requests:,} exchanges in {clock_text(figures.seconds)}"
    yield f"  rate       {figures.rate:,.0f} a second"
    yield (
        f"  latency    p50 {figures.p50 * 1000:.1f} ms, p95 {figures.p95 * 1000:.1f} ms, "
        f"p99 {figures.p99 * 1000:.1f} ms"
    )
    yield f"  refused or failed: {figures.wrong:,}"
    yield f"  verified whole (signature by libxmlsec, receipt, both records): {figures.verified:,}"
    bus, provider, asking = (
        f"{seconds / figures.requests * 1e6:,.0f} µs"
        for seconds in (figures.bus_cpu, figures.provider_cpu, figures.asking_cpu)
    )
    yield f"  CPU        an exchange: bus {bus}, providers {provider}, consumers {asking}"
    yield f"  memory     bus {gigabytes(figures.bus_memory)}, providers {gigabytes(figures.provider_memory)}"
    yield (
        f"  evidence   {gigabytes(figures.log_bytes)}, {figures.log_bytes / figures.requests:,.0f} bytes an exchange; "
        f"counted in {figures.counted:.1f} s"
    )


def _agencies(month: Month, comparison: Comparison) -> Iterator[str]:
    rows = []
    for agency in month.agencies:
        names = [service.id.text for service in month.by_agency[agency.code]]
        line = comparison.total(names)
        rows.append((str(agency.rank), agency.code, agency.name_en, f"{agency.uses:,}", *_counts(line)))
    total = comparison.total(list(comparison.lines))
    rows.append(("", "", "All", f"{sum(agency.uses for agency in month.agencies):,}", *_counts(total)))
    yield "By agency"
    yield from _table(("", "code", "agency", "published", *_HEADS), rows)


def _services(month: Month, comparison: Comparison, every: bool) -> Iterator[str]:
    ranked = sorted((service for service in month.services if service.rank), key=lambda service: service.rank or 0)
    others = [service for service in month.services if not service.rank]
    yield "By service"
    shown: Sequence[Service] = [*ranked, *others] if every else ranked
    rows = []
    for service in shown:
        published = "–" if service.published is None else f"{service.published:,}"
        rank = "" if service.rank is None else str(service.rank)
        counts = _counts(comparison.lines[service.id.text])
        rows.append((rank, service.agency, service.name_en, published, *counts))
    if not every:
        line = comparison.total([service.id.text for service in others])
        rows.append(("", "", f"{len(others)} other services, published by agency", "–", *_counts(line)))
    yield from _table(("", "code", "service", "published", *_HEADS), rows)


_HEADS: Final = ("due", "answered", "evidence", "providers", "agree")


def _counts(line: Line) -> tuple[str, ...]:
    numbers = (line.wanted, line.answered.number, line.logged.number, line.served.number)
    return (*(f"{number:,}" for number in numbers), "yes" if line.agrees else "NO")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    cut = [[cell if len(cell) <= _NAME else cell[: _NAME - 1] + "…" for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in (heads, *cut)) for at in range(len(heads))]
    for row in (heads, *cut):
        cells = [
            cell.ljust(width) if at in (1, 2) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  " + "  ".join(cells).rstrip()
