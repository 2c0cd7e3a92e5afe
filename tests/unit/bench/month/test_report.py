"""The report has every agency, the published twenty, and a verdict that cannot be overlooked."""

from fractions import Fraction

import pytest

from esb.bench.month.compare import Comparison, Line
from esb.bench.month.report import Figures, as_json, tell, verdict
from esb.bench.month.tally import Count
from esb.sample.mix import national_month, part_of

MONTH = national_month()
FIGURES = Figures(
    requests=704_970,
    seconds=1_000.0,
    p50=0.030,
    p95=0.055,
    p99=0.0612,
    wrong=0,
    verified=1_687,
    bus_cpu=704.97,
    provider_cpu=35.2485,
    asking_cpu=140.994,
    bus_memory=150_000_000,
    provider_memory=30_000_000,
    log_bytes=12_000_000_000,
    counted=7.25,
)


def _line(number: int) -> Line:
    count = Count(number, number)
    return Line(number, count, count, count)


WHOLE = Comparison({service.id.text: _line(service.uses) for service in MONTH.services}, ())


def _told(every: bool = False, comparison: Comparison = WHOLE) -> list[str]:
    return list(tell(MONTH, FIGURES, comparison, every_service=every))


def test_the_figures_are_told() -> None:
    text = "\n".join(_told())
    for words in (
        "the whole month: 704,970 exchanges in 16:40",
        "rate       705 a second",
        "p50 30.0 ms, p95 55.0 ms, p99 61.2 ms",
        "refused or failed: 0",
        "bus 1,000 µs, providers 50 µs, consumers 200 µs",
        "bus 150 MB, providers 30 MB",
        "12.0 GB, 17,022 bytes an exchange; counted in 7.2 s",
    ):
        assert words in text


def test_every_agency_stands_beside_what_was_published() -> None:
    lines = _told()
    for agency in MONTH.agencies:
        (line,) = (
            line
            for line in lines
            if line.split()[:2] == [str(agency.rank), agency.code] and agency.name_en[:30] in line
        )
        assert line.split()[-6:] == [*[f"{agency.uses:,}"] * 5, "yes"]
    (whole,) = (line for line in lines if line.strip().startswith("All  "))
    assert whole.split()[-6:] == [*["704,970"] * 5, "yes"]


def test_the_published_services_come_by_rank_and_the_others_in_one_line() -> None:
    lines = _told()
    services = lines[lines.index("By service") + 2 :]
    assert [line.split()[0] for line in services[:20]] == [str(rank) for rank in range(1, 21)]
    assert "257 other services" in services[20]
    assert services[20].split()[-5:] == [*["41,996"] * 4, "yes"]


def test_every_service_is_told_when_asked_for() -> None:
    lines = _told(every=True)
    services = lines[lines.index("By service") + 2 : lines.index("", lines.index("By service"))]
    assert len(services) == 277


def test_a_part_says_that_it_is_one() -> None:
    part = part_of(MONTH, Fraction("0.01"))
    whole = Comparison({service.id.text: _line(service.uses) for service in part.services}, ())
    text = "\n".join(tell(part, FIGURES, whole, every_service=False))
    assert "0.01 of the month" in text
    assert "7,050 published (of this part)" in text


def test_a_disagreement_is_marked_and_told() -> None:
    name = MONTH.services[0].id.text
    lines = {**WHOLE.lines, name: Line(133_324, Count(133_324, 1), Count(133_324, 1), Count(133_325, 2))}
    told = _told(comparison=Comparison(lines, tuple(f"problem {number}" for number in range(50))))
    assert sum(line.endswith(" NO") for line in told) == 3  # the service, its agency, and all together
    assert "They do NOT agree (50 times):" in told
    assert told[-1] == "  … and 10 more"


def test_agreement_is_said_in_one_sentence() -> None:
    assert next(iter(verdict(MONTH, WHOLE))).startswith("All agree to the last request: 704,970 published, answered")


def test_programs_get_all_of_it() -> None:
    data = as_json(MONTH, FIGURES, WHOLE)
    assert data["problems"] == []
    assert isinstance(data["services"], dict)
    assert len(data["services"]) == 277
    assert isinstance(data["figures"], dict)
    assert data["figures"]["rate"] == pytest.approx(704.97)
