"""The checks in their order, and running them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from esb.admin.checks import alike, answer, contract, exchange, fin, latency, reach, schemas, served, tls
from esb.admin.checks.model import Context, Report, Result
from esb.wsdl.pack import pack


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, what it asks, by which reasons it can fail or warn, and the function."""

    name: str
    title: str
    reasons: frozenset[str]
    run: Callable[[Context], Result]


CHECKS: Final = tuple(
    Check(module.NAME, module.TITLE, module.REASONS, module.check)
    for module in (contract, served, schemas, fin, alike, tls, reach, exchange, answer, latency)
)
"""Every check; what a later one needs, an earlier one has found out."""

TITLES: Final = MappingProxyType({one.name: one.title for one in CHECKS})


def run_checks(context: Context, told: Callable[[Result], None]) -> Report:
    """Run every check in order.  Blocks for as long as their bounds allow; never on a reactor.

    Args:
        told: is told each result as it comes.
    """
    results = []
    for one in CHECKS:
        result = one.run(context)
        told(result)
        results.append(result)
    subject = context.subject
    digest = None if subject.contract is None else hashlib.sha256(pack(subject.contract)).hexdigest()
    return Report(subject.name, subject.terms.endpoint, digest, context.now, tuple(results))
