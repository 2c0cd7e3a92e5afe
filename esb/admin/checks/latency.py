"""Check ``latency``: how long the provider takes, over a bounded number of exchanges through the bus."""

import statistics
import time
from typing import Final

from esb.admin.checks.model import Context, Finding, NotTried, Result, judged, not_applicable

NAME: Final = "latency"
TITLE: Final = "The provider answers in time"
REASONS: Final = frozenset({"latency-median", "latency-p95", "latency-broken"})


def check(context: Context) -> Result:
    """Fails above the bounds on the median and on the 95th percentile, and when an exchange fails on the way."""
    if not context.tried or context.tried[-1].refusal:
        return not_applicable(NAME, "no exchange has passed")
    bounds = context.bounds
    seconds: list[float] = []
    end = time.monotonic() + bounds.total_seconds
    for _ in range(bounds.calls):
        if time.monotonic() > end:
            break
        try:
            exchanged = context.try_once()
        except NotTried as error:
            return not_applicable(NAME, str(error))
        if exchanged.refusal:
            text = f"exchange {len(seconds) + 1} of {bounds.calls} failed: {exchanged.refusal}"
            return judged(NAME, [Finding("latency-broken", text, "answer every request")], {"calls": len(seconds)})
        seconds.append(exchanged.seconds)
    seconds.sort()
    median = statistics.median(seconds) if seconds else bounds.total_seconds
    p95 = seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))] if seconds else bounds.total_seconds
    facts = {"calls": len(seconds), "median_seconds": round(median, 4), "p95_seconds": round(p95, 4)}
    findings = [
        Finding(rule, f"{what} is {found:.3f} s, and {limit:g} s are the most", "make the service faster")
        for rule, what, found, limit in (
            ("latency-median", "the median", median, bounds.median_seconds),
            ("latency-p95", "the 95th percentile", p95, bounds.p95_seconds),
        )
        if found > limit
    ]
    return judged(NAME, findings, facts)
