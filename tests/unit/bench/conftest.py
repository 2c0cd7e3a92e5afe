"""A real bus with a real provider, as every measurement has them: started once for all tests of a worker."""

from collections.abc import Iterator

import pytest

from esb.bench.case import Case, Setting
from esb.bench.databases import Databases
from esb.bench.serving import Bench, serving
from esb.bench.signing import Style

CASES = [Case(), Case(style=Style.FOREIGN), Case(provider_signed=False)]


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    """A bus that serves the cases of :data:`CASES`."""
    with Databases() as databases, serving(Setting(), CASES, databases, None) as running:
        yield running
