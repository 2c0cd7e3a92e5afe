"""Whom a change of a service touches."""

import pytest

from esb.kernel.names import ServiceId
from esb.registry.acts import Act
from esb.registry.affected import consumers_of
from esb.registry.grants import Leave, add_grant, revoke_grant


@pytest.mark.parametrize(("now", "consumers"), [(999.0, set()), (1_000.0, {"DSMF"}), (2_000.0, set())])
def test_only_who_may_ask_now(act: Act, service: ServiceId, now: float, consumers: set[str]) -> None:
    add_grant(act, "DSMF/Pension", service, Leave("p", "Law 1", 1_000.0, 2_000.0))
    assert consumers_of(act.session, "DIN", None, now) == consumers


def test_who_may_ask_later_is_meant_where_that_is_said(act: Act, service: ServiceId) -> None:
    add_grant(act, "DSMF", service, Leave("p", "Law 1", 1_000.0, 2_000.0))
    found = [consumers_of(act.session, "DIN", {service.text}, now, later=True) for now in (999.0, 1_500.0, 2_000.0)]
    assert found == [{"DSMF"}, {"DSMF"}, set()]


def test_a_revoked_grant_touches_nobody(act: Act, service: ServiceId) -> None:
    number = add_grant(act, "DSMF", service, Leave("p", "Law 1", 1_000.0))
    assert consumers_of(act.session, "DIN", {service.text}, 1_500.0) == {"DSMF"}
    assert consumers_of(act.session, "DIN", {"DIN/IAMAS/Other/v1"}, 1_500.0) == set()
    revoke_grant(act, number, "over")
    assert consumers_of(act.session, "DIN", None, 1_500.0) == set()
