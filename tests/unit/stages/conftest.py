"""A way for each test of a stage."""

import pytest
from support.rig import Rig

from esb.kernel.soap import SoapVersion


@pytest.fixture
def rig() -> Rig:
    """A way of its own, with time that stands still."""
    return Rig()


@pytest.fixture(params=list(SoapVersion), ids=["soap11", "soap12"])
def version(request: pytest.FixtureRequest) -> SoapVersion:
    """Both versions of SOAP."""
    value = request.param
    assert isinstance(value, SoapVersion)
    return value
