"""Maintenance and outages; what databases have to do with it is in tests/contract/test_notices.py."""

import pytest

from esb.kernel.names import ServiceId
from esb.registry.acts import Act
from esb.registry.errors import NotFound
from esb.registry.interruptions import AHEAD, announce_maintenance, cancel_maintenance


def test_two_days_to_the_second_is_in_time(act: Act, service: ServiceId) -> None:
    assert not announce_maintenance(act, "DIN", None, act.now + AHEAD, act.now + AHEAD + 1, "why").late
    assert announce_maintenance(act, "DIN", [service.text], act.now + AHEAD - 1, act.now + AHEAD, "why").late


def test_what_was_not_announced_is_not_taken_back(act: Act) -> None:
    with pytest.raises(NotFound, match="was not announced"):
        cancel_maintenance(act, 7, "why")
