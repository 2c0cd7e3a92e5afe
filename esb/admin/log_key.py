"""The evidence log's own key: an Ed25519 key in the home, made when it is first needed."""

from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from esb.audit.log_key import LogSigner
from esb.certs.keys import KeyUnusable, generate_key, load_key, store_key


def open_log_signer(path: Path, passphrase: bytes, origin: str) -> LogSigner:
    """Open the log's key; the first who needs it makes it.  Several processes may come here at once.

    Args:
        path: the key's file, encrypted under the passphrase of the home's keys.
        origin: the log's name (:func:`log_origin`).

    Raises:
        KeyUnusable: it cannot be made or opened, or is no Ed25519 key.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            store_key(generate_key("ed25519"), path, passphrase)
        except KeyUnusable:
            if not path.exists():  # else another process was first, and its key is the one
                raise
    key = load_key(path, passphrase)
    public = key.public_key()
    if not isinstance(public, Ed25519PublicKey):
        raise KeyUnusable(
            f"{path} is no Ed25519 key, and checkpoints are signed with nothing else: name another in keys.log_key"
        )
    return LogSigner(origin, public.public_bytes_raw(), key.sign)


def log_origin(configured: str, address: str) -> str:
    """The log's name: as configured, else the public address's host (and port) and ``/log``.

    It should never change: whoever has kept a checkpoint knows the log by it.
    """
    return configured or f"{urlsplit(address).netloc}/log"
