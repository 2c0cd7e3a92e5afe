"""Rules by which persons are told later: their boundaries, to the microsecond."""

import pytest

from esb.kernel.names import ServiceId
from esb.registry.acts import Act
from esb.registry.deferrals import Deferral, deferral_of, request_deferral
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.grants import Leave, add_grant
from esb.registry.subject_models import Telling

DAY = 86_400.0


@pytest.mark.parametrize(
    ("rule", "asked", "told"),
    [
        (Deferral(Telling.HIDDEN, until=2_000.5), 1_000.0, 2_000.5),
        (Deferral(Telling.COUNTED, until=2_000.5), 1_999.0, 2_000.5),
        (Deferral(Telling.HIDDEN, days=10), 1_000.25, 1_000.25 + 10 * DAY),
    ],
)
def test_told_from_the_very_moment_on(rule: Deferral, asked: float, told: float) -> None:
    at = int(asked * 1_000_000)
    assert rule.defers(at, told - 0.000_01)
    assert not rule.defers(at, told)


def test_what_is_told_whole_is_never_deferred() -> None:
    assert not Deferral(Telling.WHOLE).defers(1, 0.0)


@pytest.mark.parametrize(
    "rule",
    [
        Deferral(Telling.HIDDEN),
        Deferral(Telling.HIDDEN, until=9_000.0, days=2),
        Deferral(Telling.HIDDEN, days=0),
        Deferral(Telling.HIDDEN, days=40_000),
        Deferral(Telling.HIDDEN, until=1_000.0),
        Deferral(Telling.WHOLE, days=2),
    ],
)
def test_what_is_no_rule(act: Act, service: ServiceId, rule: Deferral) -> None:
    grant = add_grant(act, "DSMF", service, Leave("test", "Law 1", 1.0))
    with pytest.raises(Invalid):
        request_deferral(act, grant, rule, "Law")


def test_one_waits_at_a_time_and_only_what_is_deferred_is_ended(act: Act, service: ServiceId) -> None:
    grant = add_grant(act, "DSMF", service, Leave("test", "Law 1", 1.0))
    with pytest.raises(Conflict, match="nothing to end"):
        request_deferral(act, grant, Deferral(Telling.WHOLE), "Law")
    request_deferral(act, grant, Deferral(Telling.HIDDEN, days=2), "Law")
    with pytest.raises(Conflict, match="waits"):
        request_deferral(act, grant, Deferral(Telling.COUNTED, days=2), "Law")
    assert deferral_of(act.session, grant) is None
    with pytest.raises(NotFound):
        request_deferral(act, 99, Deferral(Telling.HIDDEN, days=2), "Law")
