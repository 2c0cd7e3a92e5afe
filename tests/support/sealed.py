"""A master key of a test's own, and a log that is sealed under it."""

import secrets
from functools import partial

from esb.admin.body_key import Masters
from esb.certs.master_key import FileMaster

MASTERS = Masters(FileMaster(secrets.token_bytes(32)))
OTHERS = Masters(FileMaster(secrets.token_bytes(32)))
OPEN = partial(Masters, MASTERS.current)
"""What opens the first, and can be handed to another process."""
MARKER = b"FIN-7XK2P9Q-plaintext-marker"
"""Stands in messages that no file may hold."""
