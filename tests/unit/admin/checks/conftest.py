"""A provider on loopback that is all right until a test makes it wrong, and what applies with it."""

from collections.abc import Iterator

import pytest
from support.applicant import Applicant
from support.provider import Provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def applicant(provider: Provider) -> Applicant:
    return Applicant(provider.url)
