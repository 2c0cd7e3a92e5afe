"""The month as services with their uses: what was published, and the rest shared out by a stated rule.

The top twenty services are as published.  What their agencies had besides, and all that the other agencies had, lies on
services without figures of their own.  An agency's remaining uses are spread over them by Zipf's law, which use of
services follows roughly: the k-th gets a share in proportion to 1/k.  Each gets at least one use (all 277 were used),
and none more than the twentieth of the list (else it would stand there).  Everything is whole numbers, and each
agency's total is kept.  See :mod:`esb.sample.shares`.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import groupby
from typing import Final

from esb.kernel.names import ServiceId
from esb.sample.kinds import Kind, generic_kind, top_kind
from esb.sample.published import Agency, read_published
from esb.sample.shares import apportion, spread

SYSTEM: Final = "EXIDMET"
"""The system of every agency that offers its electronic services (*elektron xidmətlər*)."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the month.

    Attributes:
        rank: its place in the published list of the most used; None for the others.
        uses: requests in the month, or in the part of it that is replayed.
        published: as the bulletin says; None where it gives no figure for the service alone.
    """

    id: ServiceId
    rank: int | None
    name_az: str
    name_en: str
    kind: Kind
    uses: int
    published: int | None

    @property
    def agency(self) -> str:
        """The provider's code."""
        return self.id.member


@dataclass(frozen=True)
class Month:
    """All agencies by rank, and all services: agency by agency, the most used first.

    ``part`` is how much of the month this is, 1 for all of it.
    """

    agencies: tuple[Agency, ...]
    services: tuple[Service, ...]
    part: Fraction

    @cached_property
    def uses(self) -> int:
        """Requests in all."""
        return sum(service.uses for service in self.services)

    @cached_property
    def by_agency(self) -> dict[str, tuple[Service, ...]]:
        """The services of each agency."""
        return {code: tuple(each) for code, each in groupby(self.services, lambda service: service.agency)}


def national_month() -> Month:
    """The whole of February 2015."""
    published = read_published()
    most = published.top[-1].uses
    services: list[Service] = []
    for agency in published.agencies:
        top = [service for service in published.top if service.agency == agency.code]
        for each in top:
            kind, code = top_kind(each.rank)
            identity = ServiceId(agency.code, SYSTEM, code, "v1")
            services.append(Service(identity, each.rank, each.name_az, each.name_en, kind, each.uses, each.uses))
        others = agency.services - len(top)
        for number, uses in enumerate(spread(agency.uses - sum(each.uses for each in top), others, 1, most), 1):
            identity = ServiceId(agency.code, SYSTEM, f"Service{number:02}", "v1")
            names = f"{agency.name_az}: elektron xidmət {number}", f"{agency.name_en}: electronic service {number}"
            services.append(Service(identity, None, *names, generic_kind(), uses, None))
    return Month(published.agencies, tuple(services), Fraction(1))


def part_of(month: Month, part: Fraction) -> Month:
    """A smaller month with the same mix: ``part`` of all requests, shared out to agencies and then to their services.

    Args:
        part: above 0, at most 1.

    Raises:
        ValueError: it is not, or leaves no request.
    """
    if not 0 < part <= 1:
        raise ValueError(f"{float(part):g} is not a part of the month: give a number above 0, at most 1")
    total = round(month.uses * part)
    if not total:
        raise ValueError(f"{float(part):g} of {month.uses:,} requests is none: give a larger part")
    groups = list(month.by_agency.values())
    shares = apportion(total, [sum(service.uses for service in group) for group in groups])
    services = tuple(
        replace(service, uses=uses)
        for group, share in zip(groups, shares, strict=True)
        for service, uses in zip(group, apportion(share, [service.uses for service in group]), strict=True)
    )
    return Month(month.agencies, services, part)
