"""Who asks: the portal for the citizens, and the agencies one another.

The bulletin does not say who asked.  The rule here: of a service's uses nine in ten come through the portal (EHP),
which asks for the citizen before the screen; seven in a hundred and three in a hundred come from two agencies that need
the fact for their own work, chosen by counting on through the table, so that every agency asks somebody.
"""

from dataclasses import dataclass
from typing import Final

from esb.sample.mix import Month, Service
from esb.sample.shares import apportion

PORTAL: Final = "EHP"
_SHARES: Final = (90, 7, 3)
_AGENCY_STEP: Final = 7
_SERVICE_STEP: Final = 3
_SECOND: Final = 11  # how far behind the first partner the second stands in the table


@dataclass(frozen=True, slots=True)
class Asking:
    """How often one consumer (a member's code) asks one service."""

    consumer: str
    service: Service
    uses: int


def consumers_of(month: Month) -> tuple[Asking, ...]:
    """Every pair of a service and one of its three consumers, those that ask nothing in this part of the month too.

    They are who is given a grant; the uses sum to the month's.
    """
    agencies = [agency.code for agency in month.agencies if agency.code != PORTAL]
    asking: list[Asking] = []
    for place, agency in enumerate(month.agencies):
        others = [code for code in agencies if code != agency.code]
        for number, service in enumerate(month.by_agency[agency.code]):
            first = place * _AGENCY_STEP + number * _SERVICE_STEP
            partners = (others[at % len(others)] for at in (first, first + _SECOND))
            for consumer, uses in zip((PORTAL, *partners), apportion(service.uses, _SHARES), strict=True):
                asking.append(Asking(consumer, service, uses))
    return tuple(asking)
