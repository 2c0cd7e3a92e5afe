"""What makes a worker end with its supervisor, whatever ended that."""

import ctypes
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # prctl(2)


def end_with_parent() -> None:
    """Have the kernel send SIGTERM to this process when the one that started it ends.

    A belt beside the channel, whose end a worker notices only once its reactor runs.  Without it, elsewhere than on
    Linux, nothing happens.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
