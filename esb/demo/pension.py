"""A pension calculator: the demonstration's typed service, hosted by the bus under the name ``pension``.

It estimates an old-age labour pension in the manner of Azerbaijan's insurance-pension law.  The figures below are an
illustration for the demonstration and not a statement of the law in force:

- the age of entitlement is 65 years, and 25 years (300 months) of insurance are needed;
- the pension capital is what was saved before, and 25 % of the average monthly earnings for each insured month;
- the monthly pension is the capital divided by 144 months, the expected time of payment;
- whoever is entitled gets at least the minimum of 320.00 AZN; whoever is not gets none.
"""

from datetime import date
from decimal import ROUND_HALF_UP
from decimal import Decimal as Number
from typing import Any, Final

from esb.adapters.hosted.typed import (
    Boolean,
    ComplexModel,
    Date,
    Decimal,
    Fault,
    HostedService,
    Integer,
    ServiceBase,
    Unicode,
    operation,
)

NAMESPACE: Final = "urn:shluz:demo:pension:1"
AGE: Final = 65
NEEDED_MONTHS: Final = 300
RATE: Final = Number("0.25")
PAYMENT_MONTHS: Final = 144
MINIMUM: Final = Number("320.00")
_QAPIK: Final = Number("0.01")


# A fresh type each time: Spyne names a type with facets after the element that it meets it in first.
def _amount(**more: Any) -> Any:
    return Decimal(**{"min_occurs": 1, "nillable": False, "ge": 0, "total_digits": 14, "fraction_digits": 2, **more})


def _day() -> Any:
    return Date(min_occurs=1, nillable=False, ge=date(1900, 1, 1), le=date(2200, 1, 1))


class Insured(ComplexModel):  # type: ignore[misc]
    """What is known of an insured person, and the day for which the pension is asked."""

    __namespace__ = NAMESPACE
    born = _day()
    months = Integer(min_occurs=1, nillable=False, ge=0, le=1200)
    earnings = _amount()
    saved = _amount(min_occurs=0)
    day = _day()


class Estimate(ComplexModel):  # type: ignore[misc]
    """The pension, in AZN a month, and how it came about."""

    __namespace__ = NAMESPACE
    entitled = Boolean(min_occurs=1, nillable=False)
    since = Date(min_occurs=1, nillable=False)
    capital = _amount()
    monthly = _amount()
    minimum = Boolean(min_occurs=1, nillable=False)
    reason = Unicode(min_occurs=1, nillable=False)


def estimate(_: Any, insured: Insured) -> Estimate:
    """Estimate an old-age labour pension."""
    if insured.day < insured.born:
        raise Fault("Client.DayBeforeBirth", "The day asked for is before the day of birth.")
    since = entitled_since(insured.born)
    capital = _money((insured.saved or Number(0)) + insured.earnings * RATE * insured.months)
    if insured.day < since:
        reason = f"the age of {AGE} is not reached"
    elif insured.months < NEEDED_MONTHS:
        reason = f"{NEEDED_MONTHS - insured.months} months of insurance are missing"
    else:
        own = _money(capital / PAYMENT_MONTHS)
        return Estimate(
            entitled=True,
            since=since,
            capital=capital,
            monthly=max(own, MINIMUM),
            minimum=own < MINIMUM,
            reason=f"{capital} AZN over {PAYMENT_MONTHS} months" + (", raised to the minimum" if own < MINIMUM else ""),
        )
    return Estimate(entitled=False, since=since, capital=capital, monthly=Number("0.00"), minimum=False, reason=reason)


def entitled_since(born: date) -> date:
    """The day on which the age of entitlement is reached; for a birthday on 29 February, 1 March of a common year."""
    year = born.year + AGE
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def _money(value: Number) -> Number:
    return value.quantize(_QAPIK, ROUND_HALF_UP)


class PensionService(ServiceBase):  # type: ignore[misc]
    """Estimates of old-age labour pensions, for the demonstration."""

    estimate = operation(
        "estimatePension",
        Insured.customize(min_occurs=1, nillable=False),
        returns=Estimate.customize(min_occurs=1, nillable=False),
        answer="estimate",
    )(estimate)


PENSION = HostedService(PensionService, NAMESPACE, "Pension")
