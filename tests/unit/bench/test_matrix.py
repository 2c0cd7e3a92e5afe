"""The matrix holds every dimension, each case once, and those of one bus together."""

from dataclasses import replace

from esb.bench.case import DATABASES, Case, Keys, Setting
from esb.bench.matrix import CONNECTIONS, SIZES, Dimensions, by_setting, full, is_standard, once
from esb.bench.signing import Style


def test_nothing_said_is_the_standard_case() -> None:
    assert Dimensions().cases() == [Case()]


def test_every_combination_is_measured() -> None:
    cases = Dimensions(connections=(1, 16), keys=tuple(Keys), tls=(False, True)).cases()
    assert len(set(cases)) == 2 * 3 * 2


def test_the_whole_matrix_has_every_value_of_every_dimension_and_no_case_twice() -> None:
    cases = full()
    assert len(cases) == len(set(cases))
    assert {(case.request, case.answer) for case in cases} == set(SIZES)
    assert {case.connections for case in cases} == set(CONNECTIONS)
    assert {case.setting.keys for case in cases} == set(Keys)
    assert {case.setting.database for case in cases} == set(DATABASES)
    assert {case.setting.tls for case in cases} == {case.provider_signed for case in cases} == {False, True}
    assert {case.style for case in cases} == set(Style)
    assert {case.setting.workers for case in cases} == {1, 2}


def test_one_bus_serves_all_cases_of_its_setting() -> None:
    cases = full()
    grouped = by_setting(cases)
    assert sorted(map(str, cases)) == sorted(str(case) for group in grouped.values() for case in group)
    assert all(case.setting == setting for setting, group in grouped.items() for case in group)


def test_the_naive_peer_is_set_against_the_standard_exchange_alone() -> None:
    standard = [Case(), Case(Setting(Keys.RSA)), Case(Setting(database="postgresql"))]
    others = [
        replace(Case(), connections=64), replace(Case(), answer=9), Case(Setting(tls=True)), Case(Setting(workers=2)),
        Case(style=Style.FOREIGN), Case(provider_signed=False),
    ]  # fmt: skip
    assert [is_standard(case) for case in (*standard, *others)] == [True] * 3 + [False] * 6


def test_once_keeps_the_first_order() -> None:
    assert once([Case(), Case(Setting(tls=True)), Case()]) == [Case(), Case(Setting(tls=True))]
