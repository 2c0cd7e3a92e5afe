"""What a message claims to be signed with, before anything of it is verified.

It decides nothing about the message: only which of the bus's own keys signs the fault that refuses it.
"""

import re
from typing import Final

_NAME: Final = b"SignatureMethod"
_WITHIN: Final = 262_144  # octets; a header of the profile's limits is smaller
_ALGORITHM: Final = re.compile(rb"""[^<>]{0,256}?[ \t\r\n]Algorithm[ \t\r\n]*=[ \t\r\n]*["']([!-~]{1,128}?)["']""")


def claimed_algorithm(data: bytes) -> str:
    """The algorithm that the first ds:SignatureMethod in a message's octets names, "" where none is found.

    A search in the octets: cheap, without belief, and never an error.

    Args:
        data: a message in UTF-8, in any state.
    """
    at = data.find(_NAME, 0, _WITHIN)
    found = _ALGORITHM.match(data, at + len(_NAME)) if at >= 0 else None
    return "" if found is None else found.group(1).decode("ascii")
