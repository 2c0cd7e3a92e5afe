"""What is told: figures of each subject, ratios of those measured by turns, and everything for a program."""

import json

from esb.bench.case import Case
from esb.bench.report import HEADERS, as_json, machine, over, ratios, rows, shares
from esb.bench.rounds import Round, Summary
from esb.bench.run import BUS, FLOOR, NAIVE, Result


def summary(cpu: float, rate: float, latency: float = 5.0) -> Summary:
    return Summary(tuple(Round(100, cpu + n, 669.0, 600.0, rate, latency, latency, latency, 90.0) for n in range(3)))


RESULT = Result(Case(), {BUS: summary(1_000, 800), FLOOR: summary(500, 1_600, 0.0), NAIVE: summary(18_000, 40)})


def test_ratios_are_of_medians() -> None:
    assert ratios([RESULT]) == [
        f"{Case()}: the bus takes 2.00 × the floor's CPU and 1/18.0 of the naive peer's, and has 20.0 × its throughput."
    ]
    assert over(RESULT, NAIVE, "per_second") == 20
    assert ratios([Result(Case(), {BUS: summary(1, 1)})]) == []


def test_the_trees_share_is_of_all_threads() -> None:
    rounds = tuple(
        Round(100, 1_000, 669.0, 600.0, 800, threads={"main": 900.0, "sequencer": used, "timestamps": 5.0})
        for used in (5.0, 15.0)
    )
    (said,) = shares([Result(Case(), {BUS: Summary(rounds)})])
    assert "main 900 µs (98.4%), sequencer 10 µs (1.1%)" in said
    assert "takes 15 µs an exchange, 1.6%." in said
    assert shares([RESULT]) == []


def test_every_row_fits_the_headers_and_the_floor_has_no_latency() -> None:
    cells = rows([RESULT])
    assert {len(row) for row in cells} == {len(HEADERS)}
    assert [row[0].strip() for row in cells] == ["1.5 KB → 3 KB p256 sqlite ×16", BUS, FLOOR, NAIVE]
    by_name = {row[0].strip(): dict(zip(HEADERS, row, strict=True)) for row in cells}
    assert (by_name[BUS]["CPU µs"], by_name[BUS]["a second"], by_name[BUS]["p99 ms"]) == ("1,001", "800", "5.0")
    assert (by_name[FLOOR]["a second"], by_name[FLOOR]["p50 ms"]) == ("", "")


def test_json_holds_every_round_and_the_machine() -> None:
    facts = json.loads(json.dumps(as_json([RESULT])))
    assert facts["machine"]["cores"] == machine()["cores"] >= 1
    subjects = facts["cases"][0]["subjects"]
    assert [each["cpu_us"] for each in subjects[BUS]["rounds"]] == [1_000, 1_001, 1_002]
