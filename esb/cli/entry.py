"""Where the command `esb` begins: the process's own habits, then the command."""

import atexit
import gc
from typing import Final

from esb.cli.main import main

_MANY: Final = 100_000


def run() -> None:
    """Run the command, with a garbage collector that does not look through what start-up makes again and again.

    Nearly all that is made while modules are imported stays, and with the usual threshold the collector looks at it
    some hundred times; at the end it looks at all of it twice more.  Together that was a third of what it costs to
    start and end a bus.  A serving bus goes back to the usual threshold (:func:`esb.server.spare_what_stays`).
    """
    gc.set_threshold(_MANY, 20, 50)
    atexit.register(gc.freeze)
    main()
