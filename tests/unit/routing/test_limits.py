"""Quotas and load: counted exactly, refused with the time to wait, and given back."""

import pytest

from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.routing.limits import Load, OwnCounts, Quotas

DAY = 86_400
NOON = 20_000 * DAY + DAY / 2


def refusal(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value


def take(quotas, grant, now, times=1):
    for _ in range(times):
        quotas.take(grant, now)


def test_a_grant_without_quota_is_never_counted(make_grant):
    counts = OwnCounts()
    quotas = Quotas(counts)
    take(quotas, make_grant(), NOON, 1000)
    quotas.give_back(make_grant(), NOON)
    assert len(counts) == 0


def test_so_many_a_second_and_no_more_until_the_next(make_grant):
    quotas, grant = Quotas(), make_grant(per_second=3)
    take(quotas, grant, NOON + 0.1, 3)
    refused = refusal(quotas.take, grant, NOON + 0.9)
    assert (refused.rule, refused.retry_after) == (rules.ACC_QUOTA_SECOND, 1)
    take(quotas, grant, NOON + 1.0, 3)


def test_so_many_a_day_and_no_more_until_midnight_utc(make_grant):
    quotas, grant = Quotas(), make_grant(per_day=2)
    take(quotas, grant, NOON, 2)
    refused = refusal(quotas.take, grant, NOON + 0.5)
    assert (refused.rule, refused.retry_after) == (rules.ACC_QUOTA_DAY, DAY // 2)
    assert refusal(quotas.take, grant, NOON + DAY / 2 - 0.01).retry_after == 1
    take(quotas, grant, NOON + DAY / 2, 2)


def test_what_is_refused_is_not_counted(make_grant):
    quotas, grant = Quotas(), make_grant(per_second=1, per_day=2)
    take(quotas, grant, NOON)
    for _ in range(5):
        assert refusal(quotas.take, grant, NOON).rule is rules.ACC_QUOTA_SECOND
    take(quotas, grant, NOON + 1)
    assert refusal(quotas.take, grant, NOON + 2).rule is rules.ACC_QUOTA_DAY


def test_a_quota_of_nothing_lets_nothing_in(make_grant):
    assert refusal(Quotas().take, make_grant(per_day=0), NOON).rule is rules.ACC_QUOTA_DAY
    assert refusal(Quotas().take, make_grant(per_second=0), NOON).rule is rules.ACC_QUOTA_SECOND


def test_grants_are_counted_apart(make_grant):
    quotas = Quotas()
    take(quotas, make_grant(1, per_day=1), NOON)
    take(quotas, make_grant(2, per_day=1), NOON)


def test_a_changed_quota_counts_what_was_used_before(make_grant):
    quotas = Quotas()
    take(quotas, make_grant(per_day=5), NOON, 3)
    assert refusal(quotas.take, make_grant(per_day=3), NOON).rule is rules.ACC_QUOTA_DAY
    take(quotas, make_grant(per_day=4), NOON)


def test_after_a_restart_the_day_goes_on(make_grant):
    quotas, grant = Quotas(), make_grant(7, per_second=1, per_day=10)
    quotas.restore(lambda: {7: 9}, NOON)
    take(quotas, grant, NOON)
    assert refusal(quotas.take, grant, NOON + 1).rule is rules.ACC_QUOTA_DAY
    take(quotas, grant, NOON + DAY)


def test_the_bus_is_full_at_its_limit_and_has_room_again():
    load = Load(2, 10)
    load.enter()
    load.enter()
    refused = refusal(load.enter)
    assert refused.rule is rules.BUS_LOAD
    assert refused.retry_after
    assert load.in_flight == 2
    load.leave()
    load.enter()


def test_a_slow_provider_takes_its_own_share_only():
    load = Load(10, 2)
    load.enter_service("A")
    load.enter_service("A")
    assert refusal(load.enter_service, "A").rule is rules.BUS_LOAD
    load.enter_service("B")
    load.leave_service("A")
    load.enter_service("A")


def test_services_without_requests_are_forgotten():
    load = Load(10, 2)
    for number in range(100):
        load.enter_service(str(number))
        load.enter_service(str(number))
        load.leave_service(str(number))
        load.leave_service(str(number))
    assert load._by_service == {}


def test_what_was_not_accepted_is_given_back(make_grant):
    quotas, grant = Quotas(), make_grant(per_second=1, per_day=2)
    take(quotas, grant, NOON)
    quotas.give_back(grant, NOON)
    take(quotas, grant, NOON)
    assert refusal(quotas.take, grant, NOON).rule is rules.ACC_QUOTA_SECOND
    take(quotas, grant, NOON + 1)
    assert refusal(quotas.take, grant, NOON + 2).rule is rules.ACC_QUOTA_DAY


def test_nothing_is_given_back_twice_or_to_another_day(make_grant):
    quotas, grant = Quotas(), make_grant(per_day=1)
    quotas.give_back(grant, NOON)
    take(quotas, grant, NOON)
    quotas.give_back(grant, NOON + DAY)
    assert refusal(quotas.take, grant, NOON).rule is rules.ACC_QUOTA_DAY
    for _ in range(3):
        quotas.give_back(grant, NOON)
    take(quotas, grant, NOON)
    assert refusal(quotas.take, grant, NOON).rule is rules.ACC_QUOTA_DAY
