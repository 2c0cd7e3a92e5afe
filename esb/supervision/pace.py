"""How soon a worker that died is replaced: at once, and ever more slowly when its like die young."""

from typing import Final

_YOUNG: Final = 10.0  # seconds: who dies before has hardly worked
_FIRST: Final = 0.5
_LONGEST: Final = 30.0


class Pace:
    """The deaths of one slot's workers.  Seconds are monotonic."""

    def __init__(self) -> None:
        self.young_deaths = 0

    def died(self, lived: float) -> float:
        """A worker has died after ``lived`` seconds.  Returns how many seconds to wait before the next is started."""
        if lived >= _YOUNG:
            self.young_deaths = 0
            return 0.0
        self.young_deaths += 1
        if self.young_deaths == 1:
            return 0.0
        return min(_LONGEST, float(_FIRST * 2 ** min(self.young_deaths - 2, 10)))

    def renewed(self) -> None:
        """Something was changed that may have been the cause: begin anew."""
        self.young_deaths = 0
