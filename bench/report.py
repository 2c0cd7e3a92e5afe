"""What a run says, for a person and for a program."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from esb.bench.rounds import ratio
from esb.bench.run import BUS, FLOOR, NAIVE, Result, now_text

HEADERS = ("", "CPU µs", "scaled", "±", "a second", "p50 ms", "p95 ms", "p99 ms", "MB", "RSA µs")

TREE = ("sequencer", "timestamps", "witnesses")
"""Threads that do nothing but grow the evidence log's tree and have its checkpoints dated and cosigned."""

NOTE = (
    "CPU is that of the subject's processes for one exchange, user and system; scaled is to a core on which an\n"
    "RSA-2048 signature takes 669 µs; ± is the spread of the scaled figure from least to most.  A figure counts on a\n"
    "quiet machine; a ratio of two that were measured by turns counts on any."
)


def rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """The cells under :data:`HEADERS`."""
    cells: list[tuple[str, ...]] = []
    for result in results:
        cells.append((str(result.case), *[""] * (len(HEADERS) - 1)))
        for name, summary in result.summaries.items():
            served = summary.median("p50_ms") > 0
            cells.append(
                (
                    f"  {name}",
                    f"{summary.median('cpu_us'):,.0f}",
                    f"{summary.median('scaled_us'):,.0f}",
                    f"{summary.spread('scaled_us'):.0%}",
                    f"{summary.median('per_second'):,.0f}" if served else "",
                    *(f"{summary.median(each):.1f}" if served else "" for each in ("p50_ms", "p95_ms", "p99_ms")),
                    f"{summary.median('memory_mb'):,.0f}",
                    f"{summary.median('calibration_us'):,.0f}",
                )
            )
    return cells


def ratios(results: Sequence[Result]) -> list[str]:
    """The sentences that hold on any machine."""
    said = []
    for result in results:
        parts = []
        if FLOOR in result.summaries:
            parts.append(f"{over(result, FLOOR, 'scaled_us'):.2f} × the floor's CPU")
        if NAIVE in result.summaries:
            parts.append(f"1/{1 / over(result, NAIVE, 'scaled_us'):.1f} of the naive peer's")
        if parts:
            text = f"{result.case}: the bus takes {' and '.join(parts)}"
            if NAIVE in result.summaries:
                text += f", and has {over(result, NAIVE, 'per_second'):.1f} × its throughput"
            said.append(text + ".")
    return said


def shares(results: Sequence[Result]) -> list[str]:
    """Where the bus's CPU goes, by thread, and what of it is the evidence log's tree."""
    said = []
    for result in results:
        threads = result.summaries[BUS].threads()
        total = sum(threads.values())
        if total:
            parts = [f"{name} {used:,.0f} µs ({used / total:.1%})" for name, used in threads.items()]
            tree = sum(threads.get(name, 0.0) for name in TREE)
            said.append(
                f"{result.case}: the bus by thread: {', '.join(parts)}; the evidence tree ({', '.join(TREE)}) takes "
                f"{tree:,.0f} µs an exchange, {tree / total:.1%}."
            )
    return said


def over(result: Result, yardstick: str, figure: str) -> float:
    """The bus's figure over a yardstick's, turn by turn."""
    return ratio(result.summaries[BUS], result.summaries[yardstick], figure)


def machine() -> dict[str, Any]:
    """What it was measured on."""
    model = next(
        (
            text.partition(":")[2].strip()
            for text in Path("/proc/cpuinfo").read_text().splitlines()
            if text.startswith("model name")
        ),
        platform.processor(),
    )
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()}


def as_json(results: Sequence[Result]) -> dict[str, Any]:
    """Everything that was measured, round by round."""
    return {
        "at": now_text(),
        "machine": machine(),
        "cases": [
            {
                "case": str(result.case),
                "subjects": {name: summary.as_json() for name, summary in result.summaries.items()},
            }
            for result in results
        ],
    }
