"""A small month: four agencies, among them the portal, so that whole runs are quick."""

from dataclasses import replace
from fractions import Fraction

import pytest

from esb.bench.month.mix import Month, national_month, part_of

_AGENCIES = ("EHP", "DIN", "BP", "DIDK")


@pytest.fixture(scope="session")
def small_month() -> Month:
    """Twelve services of four agencies, asked 71 times in all."""
    whole = national_month()
    month = replace(
        whole,
        agencies=tuple(agency for agency in whole.agencies if agency.code in _AGENCIES),
        services=tuple(service for service in whole.services if service.agency in _AGENCIES),
    )
    return part_of(month, Fraction(2, 1000))
