"""Compiled judges, kept: at most so many, the longest unused given up first."""

from collections import OrderedDict
from threading import Lock

from esb.kernel.contract import Contract
from esb.schemas.compile import compile_judge
from esb.schemas.judge import Judge


class JudgeStore:
    """Judges by contract digest.

    Args:
        most: how many are kept; a typical one takes some hundred kilobytes, the check allows one up to 64 MiB.
    """

    def __init__(self, most: int = 512) -> None:
        if most < 1:
            raise ValueError("a store keeps at least one judge")
        self._most = most
        self._judges: OrderedDict[str, Judge] = OrderedDict()
        self._lock = Lock()
        self._compiling: dict[str, Lock] = {}

    def get(self, digest: str) -> Judge | None:
        """The judge of a contract if it is at hand; never compiles, never blocks on a compilation."""
        with self._lock:
            judge = self._judges.get(digest)
            if judge is not None:
                self._judges.move_to_end(digest)
            return judge

    def load(self, digest: str, contract: Contract) -> Judge:
        """The judge of a contract, compiled now if need be.  Blocking: call it in a thread.

        Several threads that ask for one contract wait for one compilation.

        Raises:
            Unfit: the contract's schemas do not compile; nothing is kept, and the next call tries again.
        """
        with self._lock:
            turn = self._compiling.setdefault(digest, Lock())
        with turn:
            try:
                judge = self.get(digest)
                if judge is None:
                    judge = compile_judge(contract)
                    self._keep(digest, judge)
                return judge
            finally:
                with self._lock:
                    self._compiling.pop(digest, None)

    def _keep(self, digest: str, judge: Judge) -> None:
        with self._lock:
            self._judges[digest] = judge
            self._judges.move_to_end(digest)
            while len(self._judges) > self._most:
                self._judges.popitem(last=False)
