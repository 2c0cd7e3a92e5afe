"""Work that several processes share: handed out a little ahead, so that none waits, and given back in its order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

T = TypeVar("T")
J = TypeVar("J")
R = TypeVar("R")

_AHEAD: Final = 4  # jobs for each process that are handed out before their turn: what they give stays in memory


class Crew(Generic[T]):
    """Processes that each have tools of their own, made once.  Within ``with``; they end with it.

    Args:
        make: makes the tools; can be named, because processes are spawned and not forked: none may share this one's
            open databases.
        own: this process's tools, by which it works alone where there is but one process or one job.
        processes: how many there are at most.
    """

    def __init__(self, make: Callable[[], T], own: T, processes: int) -> None:
        self._make = make
        self._own = own
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def map(self, work: Callable[[T, J], R], jobs: Iterable[J]) -> Iterator[R]:
        """Do every job; gives what they come to in the order of the jobs.

        Args:
            work: can be named; raises what this raises.
        """
        left = iter(jobs)
        first = list(islice(left, 2))
        if self._processes <= 1 or len(first) < 2:
            for job in chain(first, left):
                yield work(self._own, job)
            return
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._processes, get_context("spawn"), _begin, (self._make,))
        waiting: deque[Future[R]] = deque()
        for job in chain(first, left):
            if len(waiting) >= _AHEAD * self._processes:
                yield waiting.popleft().result()
            waiting.append(self._pool.submit(_do, work, job))
        while waiting:
            yield waiting.popleft().result()


_tools: list[Any] = []  # of this process, where it is one of a crew's


def _begin(make: Callable[[], T]) -> None:
    _tools[:] = [make()]


def _do(work: Callable[[Any, J], R], job: J) -> R:
    return work(_tools[0], job)
