"""A crew does every job in the order of the jobs, in as many processes as it has, and runs but a few ahead."""

import os
from collections.abc import Iterator
from functools import partial

import pytest

from esb.audit.crew import Crew


def tools(name: str) -> tuple[str, int]:
    return name, os.getpid()


def work(tool: tuple[str, int], job: int) -> tuple[str, int, int]:
    if job < 0:
        raise ValueError(job)
    return *tool, job * job


def test_one_process_works_alone_with_its_own_tools() -> None:
    with Crew(partial(tools, "made"), ("own", 1), 1) as crew:
        assert list(crew.map(work, range(3))) == [("own", 1, 0), ("own", 1, 1), ("own", 1, 4)]
    with Crew(partial(tools, "made"), ("own", 1), 8) as crew:
        assert list(crew.map(work, [])) == []
        assert list(crew.map(work, [5])) == [("own", 1, 25)]


def test_processes_have_tools_of_their_own_and_are_handed_a_few_jobs_ahead() -> None:
    taken: list[int] = []

    def jobs() -> Iterator[int]:
        for number in range(40):
            taken.append(number)
            yield number

    with Crew(partial(tools, "made"), ("own", 1), 2) as crew:
        results = crew.map(work, jobs())
        first = next(results)
        assert len(taken) <= 9
        found = [first, *results]
        with pytest.raises(ValueError, match="-1"):
            list(crew.map(work, [1, -1, 2]))
    assert [square for _, _, square in found] == [number * number for number in range(40)]
    assert {name for name, _, _ in found} == {"made"}
    assert os.getpid() not in {pid for _, pid, _ in found}
