"""Whether the month as it was replayed is the month as it was published: four counts, to the last request.

What was to be asked (from the bulletin), what the consumers were answered, what the bus has evidence of, and what the
providers' journals say.  Numbers must be equal for every service; and the consumers, the log and the providers must
have seen the very same exchanges.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from esb.bench.month.evidence import Evidence
from esb.bench.month.journal import Journal
from esb.bench.month.tally import NOTHING, Count
from esb.sample.consumers import Asking
from esb.sample.mix import Month


@dataclass(frozen=True, slots=True)
class Line:
    """One service, or one agency, counted four times."""

    wanted: int
    answered: Count
    logged: Count
    served: Count

    @property
    def agrees(self) -> bool:
        """Whether all four are equal, and the three that know exchanges mean the same ones."""
        return self.wanted == self.logged.number and self.answered == self.logged == self.served

    def __add__(self, other: "Line") -> "Line":
        return Line(
            self.wanted + other.wanted,
            self.answered + other.answered,
            self.logged + other.logged,
            self.served + other.served,
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """The four counts of every service by name, and every disagreement, a sentence each."""

    lines: Mapping[str, Line]
    problems: tuple[str, ...]

    def total(self, names: Sequence[str]) -> Line:
        """The counts of several services together."""
        return sum((self.lines[name] for name in names), start=Line(0, NOTHING, NOTHING, NOTHING))


def compare(
    month: Month,
    asking: Sequence[Asking],
    answered: Mapping[str, Count],
    by_pair: Mapping[tuple[str, str], int],
    evidence: Evidence,
    journal: Journal,
) -> Comparison:
    """Lay the counts side by side.

    Args:
        asking: who was to ask what, how often.
        answered: what the consumers counted, by service; ``by_pair`` the same by service and consumer.
    """
    lines = {
        service.id.text: Line(
            service.uses,
            answered.get(service.id.text, NOTHING),
            evidence.answers.get(service.id.text, NOTHING),
            journal.served.get(service.id.text, NOTHING),
        )
        for service in month.services
    }
    return Comparison(lines, tuple(_problems(lines, asking, by_pair, evidence, journal)))


def _problems(
    lines: Mapping[str, Line],
    asking: Sequence[Asking],
    by_pair: Mapping[tuple[str, str], int],
    evidence: Evidence,
    journal: Journal,
) -> Iterator[str]:
    for name, line in lines.items():
        numbers = (line.wanted, line.answered.number, line.logged.number, line.served.number)
        if len(set(numbers)) > 1:
            yield (
                f"{name}: to be asked {numbers[0]:,}, answered {numbers[1]:,}, in the evidence log {numbers[2]:,}, in "
                f"the provider's journal {numbers[3]:,}"
            )
        elif not line.agrees:
            yield f"{name}: as many in all counts, but not the same exchanges"
        if evidence.requests.get(name, NOTHING) != line.logged:
            yield f"{name}: the evidence log's requests are not those that its answers belong to"
    for each in asking:
        pair = each.service.id.text, each.consumer
        found = by_pair.get(pair, 0), evidence.by_pair.get(pair, 0)
        if found != (each.uses, each.uses):
            yield (
                f"{pair[0]} asked by {pair[1]}: to be asked {each.uses:,}, answered {found[0]:,}, in the evidence log "
                f"{found[1]:,}"
            )
    known = {(each.service.id.text, each.consumer) for each in asking}
    for name in sorted({*evidence.requests, *evidence.answers, *journal.served} - set(lines)):
        yield f"{name}: counted, and no service of the month"
    for name, consumer in sorted(set(evidence.by_pair) - known):
        yield f"{name}: answered to {consumer}, who has no part in it"
    for outcome, number in sorted(evidence.others.items()):
        yield f"the evidence log holds {number:,} records of {outcome}"
    if journal.strange:
        yield f"the providers were asked {journal.strange:,} times what they did not understand"
