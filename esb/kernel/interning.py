"""Forgetting names: libxml2 keeps each name that a thread ever parsed once, and lxml never lets go of them.

Names of elements and attributes, prefixes, namespace names and short texts go into one dictionary a thread, which
saves time while they repeat.  A sender who makes them up anew in each message would fill memory for ever, though no
message is over a limit.  lxml has no call that empties the dictionary, but makes a new one for a thread that has none.
"""

import ctypes
from typing import Final

# Where lxml keeps a thread's dictionary: in the thread's own state, under this name (lxml, src/lxml/parser.pxi).
_KEY: Final = "_ParserDictionaryContext"
_thread_state: Final = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyThreadState_GetDict", ctypes.pythonapi))


def forget_names() -> None:
    """Let the calling thread begin a new dictionary with the next parser that it makes.

    Documents and parsers that are in use keep the old one until they are gone, as if another thread had parsed them.
    """
    address = _thread_state()
    if address is not None:
        # The reference is borrowed, which a py_object result would not respect; the cast takes one of its own.
        ctypes.cast(address, ctypes.py_object).value.pop(_KEY, None)
