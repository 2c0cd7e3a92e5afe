"""The pension calculator: its formula, case by case."""

from datetime import date
from decimal import Decimal

import pytest

from esb.adapters.hosted.typed import Fault
from esb.demo.pension import MINIMUM, Insured, entitled_since, estimate


def insured(**facts: object) -> Insured:
    person = {
        "born": date(1955, 5, 12),
        "months": 400,
        "earnings": Decimal("1200.00"),
        "saved": None,
        "day": date(2024, 1, 1),
    }
    return Insured(**{**person, **facts})


@pytest.mark.parametrize(
    ("months", "earnings", "saved", "capital", "monthly", "minimum"),
    [
        (400, "1200.00", None, "120000.00", "833.33", False),
        (300, "1000.00", "5000.00", "80000.00", "555.56", False),
        (300, "614.40", None, "46080.00", "320.00", False),
        (300, "614.30", None, "46072.50", "320.00", True),
        (300, "0", None, "0.00", "320.00", True),
    ],
)
def test_the_formula(months: int, earnings: str, saved: str | None, capital: str, monthly: str, minimum: bool) -> None:
    found = estimate(
        None, insured(months=months, earnings=Decimal(earnings), saved=None if saved is None else Decimal(saved))
    )
    assert (found.entitled, found.capital, found.monthly, found.minimum) == (
        True,
        Decimal(capital),
        Decimal(monthly),
        minimum,
    )
    assert capital in found.reason


def test_who_is_too_young_gets_none_yet() -> None:
    found = estimate(None, insured(day=date(2020, 5, 11)))
    assert (found.entitled, found.monthly, found.since) == (False, 0, date(2020, 5, 12))
    assert "age of 65" in found.reason
    assert estimate(None, insured(day=date(2020, 5, 12))).entitled


def test_who_lacks_insurance_is_told_how_much() -> None:
    found = estimate(None, insured(months=299))
    assert (found.entitled, found.monthly) == (False, 0)
    assert found.reason == "1 months of insurance are missing"


def test_a_day_before_birth_is_the_askers_fault() -> None:
    with pytest.raises(Fault) as told:
        estimate(None, insured(day=date(1955, 5, 11)))
    assert told.value.faultcode == "Client.DayBeforeBirth"


@pytest.mark.parametrize(
    ("born", "since"),
    [
        (date(1960, 3, 1), date(2025, 3, 1)),
        (date(1960, 2, 29), date(2025, 3, 1)),
        (date(2035, 2, 28), date(2100, 2, 28)),
        (date(2200, 1, 1), date(2265, 1, 1)),
    ],
)
def test_the_day_of_entitlement(born: date, since: date) -> None:
    assert entitled_since(born) == since


def test_the_minimum_is_never_undercut() -> None:
    assert estimate(None, insured(earnings=Decimal("1.00"))).monthly == MINIMUM
