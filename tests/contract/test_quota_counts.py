"""What everything that counts quotas promises: counts of one process, and counts that several share."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esb.kernel import rules
from esb.kernel.directory import Grant
from esb.kernel.faults import Refusal
from esb.routing.limits import Counts, OwnCounts, Quotas
from esb.supervision.counts import SharedCounts

DAY = 86_400
NOON = 20_000 * DAY + DAY / 2
Make = Callable[[], Counts]


def grant(number: int = 1, per_second: int | None = None, per_day: int | None = None) -> Grant:
    return Grant(number, "MAS", "X/Y/Z/v1", None, "p", "l", 0.0, None, per_second, per_day, frozenset())


@pytest.fixture
def table() -> Iterator[int]:
    fd = os.memfd_create("test")
    yield fd
    # Whatever maps it still does.
    os.close(fd)


@pytest.fixture(params=["own", "shared"])
def counts(request: pytest.FixtureRequest) -> Counts:
    return OwnCounts() if request.param == "own" else SharedCounts(request.getfixturevalue("table"))


def took(quotas: Quotas, of: Grant, now: float) -> str:
    """The rule that was in the way, "" when it was let through."""
    try:
        quotas.take(of, now)
    except Refusal as refusal:
        return refusal.rule.id
    return ""


def test_what_was_changed_is_found_again(counts: Counts) -> None:
    for number in (5, 2**62, 5):
        used = counts.hold(number)
        used.second, used.in_second, used.day, used.in_day = 1_800_000_000, used.in_second + 3, 20_833, used.in_day + 4
        counts.free(number, used)
    used = counts.hold(5)
    counts.free(5, used)
    assert (used.second, used.in_second, used.day, used.in_day) == (1_800_000_000, 6, 20_833, 8)


def test_quotas_hold_whatever_is_asked(counts: Counts) -> None:
    quotas, of = Quotas(counts), grant(per_second=2, per_day=5)
    assert [took(quotas, of, NOON) for _ in range(3)] == ["", "", rules.ACC_QUOTA_SECOND.id]
    assert [took(quotas, of, NOON + 1) for _ in range(2)] == ["", ""]
    assert [took(quotas, of, NOON + 2) for _ in range(2)] == ["", rules.ACC_QUOTA_DAY.id]
    assert took(quotas, of, NOON + DAY) == ""


def test_what_is_given_back_may_be_used(counts: Counts) -> None:
    quotas, of = Quotas(counts), grant(per_second=1, per_day=1)
    assert [took(quotas, of, NOON), took(quotas, of, NOON)] == ["", rules.ACC_QUOTA_DAY.id]
    quotas.give_back(of, NOON)
    assert [took(quotas, of, NOON), took(quotas, of, NOON)] == ["", rules.ACC_QUOTA_DAY.id]


def test_the_day_goes_on_from_what_the_log_says(counts: Counts) -> None:
    quotas = Quotas(counts)
    quotas.restore(lambda: {1: 4, 2: 1}, NOON)
    assert [took(quotas, grant(1, per_day=5), NOON) for _ in range(2)] == ["", rules.ACC_QUOTA_DAY.id]
    assert took(quotas, grant(2, per_day=1), NOON) == rules.ACC_QUOTA_DAY.id
    assert took(quotas, grant(1, per_day=5), NOON + DAY) == ""


def test_who_reads_the_clock_first_and_comes_second_opens_no_second_anew(counts: Counts) -> None:
    """Two processes meet around the turn of a second, and of a day: neither forgets what the other used."""
    for at, of in ((NOON, grant(1, per_second=1)), (NOON + DAY / 2, grant(2, per_day=1))):
        quotas = Quotas(counts)
        assert took(quotas, of, at + 0.001) == ""
        assert took(quotas, of, at - 0.001) != ""
        assert took(quotas, of, at + 0.002) != ""


def test_a_clock_that_was_set_back_does_not_stop_a_grant_for_long(counts: Counts) -> None:
    quotas, of = Quotas(counts), grant(per_second=1)
    assert took(quotas, of, NOON + 3600) == ""
    assert took(quotas, of, NOON) == ""


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from([0.0, 0.3, 0.7, 1.0, 60.0, DAY / 2]), st.booleans()), max_size=60
    ),
    st.integers(0, 3),
    st.integers(0, 6),
)
def test_shared_and_own_counts_decide_alike(
    steps: list[tuple[int, float, bool]], per_second: int, per_day: int
) -> None:
    fd = os.memfd_create("test")
    try:
        own, shared, now = Quotas(OwnCounts()), Quotas(SharedCounts(fd)), NOON
        for number, later, back in steps:
            now += later
            of = grant(number, per_second, per_day)
            assert took(own, of, now) == took(shared, of, now)
            if back:
                own.give_back(of, now)
                shared.give_back(of, now)
    finally:
        os.close(fd)


# Several processes


def _take_many(fd: int, times: int, grants: int, now: float, told: Connection) -> None:
    quotas, passed = Quotas(SharedCounts(fd)), [0] * grants
    told.recv()
    for _ in range(times):
        for number in range(grants):
            passed[number] += not took(quotas, grant(number, per_second=50, per_day=120), now)
    told.send(passed)


_fork = multiprocessing.get_context("fork")


@pytest.mark.parametrize(("second", "quota"), [(0, 50), (1, 50), (2, 20)])
def test_processes_together_let_through_exactly_the_quota(table: int, second: int, quota: int) -> None:
    """Of 120 a day and 50 a second: 50, 50, and then the 20 that the day still has."""
    pipes, children = [], []
    for earlier in range(second):
        for number in range(7):
            for _ in range(50):
                took(Quotas(SharedCounts(table)), grant(number, per_second=50, per_day=120), NOON + earlier)
    for _ in range(4):
        mine, its = _fork.Pipe()
        child = _fork.Process(target=_take_many, args=(table, 40, 7, NOON + second, its))
        child.start()
        pipes.append(mine)
        children.append(child)
    for pipe in pipes:
        pipe.send("now")
    passed = [pipe.recv() for pipe in pipes]
    for child in children:
        child.join(10)
    assert [sum(each) for each in zip(*passed, strict=True)] == [quota] * 7


def _hold_and_wait(fd: int, told: Connection) -> None:
    counts = SharedCounts(fd)
    used = counts.hold(1)
    used.roll(NOON)
    used.in_day += 1
    counts._write(counts._places[1], used)
    told.send("held")
    signal.pause()


def test_a_killed_process_leaves_nothing_locked(table: int) -> None:
    mine, its = _fork.Pipe()
    child = _fork.Process(target=_hold_and_wait, args=(table, its))
    child.start()
    assert mine.recv() == "held"
    quotas, of = Quotas(SharedCounts(table)), grant(per_day=2)
    # While it is stopped in the middle, nobody waits for it for long.
    assert took(quotas, of, NOON) == rules.BUS_LOAD.id
    assert took(quotas, grant(2, per_day=2), NOON) == ""
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(10)
    # What it had counted is counted: rather one too many than one too few.
    assert [took(quotas, of, NOON), took(quotas, of, NOON)] == ["", rules.ACC_QUOTA_DAY.id]


def test_grants_that_one_process_adds_the_others_find(table: int) -> None:
    first, second = SharedCounts(table), SharedCounts(table)
    for number in range(5000):  # more than the table begins with
        one = (first, second)[number % 2]
        used = one.hold(number)
        used.in_day = number
        one.free(number, used)
    for number in range(5000):
        used = (second, first)[number % 2].hold(number)
        (second, first)[number % 2].free(number, used)
        assert used.in_day == number


def test_the_log_is_asked_once_for_all(table: int) -> None:
    """Whoever comes while the first still reads waits for it; who comes later, after a restart, finds it done."""
    asked: list[int] = []

    def log() -> dict[int, int]:
        asked.append(1)
        return {1: 4}

    Quotas(SharedCounts(table)).restore(log, NOON)
    pid = os.fork()
    if pid == 0:
        later = Quotas(SharedCounts(table))
        later.restore(log, NOON)
        right = len(asked) == 1 and took(later, grant(per_day=5), NOON) == "" and took(later, grant(per_day=5), NOON)
        os._exit(0 if right else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert took(Quotas(SharedCounts(table)), grant(per_day=5), NOON) == rules.ACC_QUOTA_DAY.id


def test_a_day_that_could_not_be_read_is_read_by_the_next(table: int) -> None:
    def broken() -> dict[int, int]:
        raise OSError("no log")

    with pytest.raises(OSError, match="no log"):
        Quotas(SharedCounts(table)).restore(broken, NOON)
    quotas = Quotas(SharedCounts(table))
    quotas.restore(lambda: {1: 5}, NOON)
    assert took(quotas, grant(per_day=5), NOON) == rules.ACC_QUOTA_DAY.id


def test_locks_survive_the_tables_growth(table: int) -> None:
    """A mapping's own descriptor, once closed, would give back every lock of the process."""
    holder = SharedCounts(table)
    used = holder.hold(0)
    growing = threading.Thread(target=lambda: [holder.free(n, holder.hold(n)) for n in range(1, 5000)])
    growing.start()
    growing.join(60)
    pid = os.fork()
    if pid == 0:
        rule = took(Quotas(SharedCounts(table)), grant(0, per_day=5), NOON)
        os._exit(0 if rule == rules.BUS_LOAD.id else 1)
    assert os.waitpid(pid, 0)[1] == 0
    holder.free(0, used)
