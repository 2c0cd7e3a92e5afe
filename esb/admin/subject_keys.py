"""The keys that persons' pseudonyms are made under: opened by a serving bus, and by whoever looks a person up.

Each is an encrypted key file like the bus's others, numbered by epoch.  The file holds an Ed25519 key, because that is
what every tool of the house keeps and opens; the key of pseudonyms is derived from it, and it is used for nothing else.
Records of an earlier epoch are found by its key, so no key is ever thrown away while there are such records.
"""

import hmac
import re
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from esb.certs.keys import KeyUnusable, generate_key, load_key, store_key
from esb.kernel.directory import Directory
from esb.kernel.pseudonyms import Pseudonyms
from esb.registry.acts import acting

_NAME: Final = re.compile(r"([1-9][0-9]{0,3})\.key")
_DERIVED: Final = b"shluz pseudonyms of persons, v1"


class SubjectKeys:
    """What a serving bus makes pseudonyms with; opened once a service names persons.

    Args:
        folder: of the keys.
        passphrase: of the home's keys.

    Attributes:
        pseudonyms: made under the newest key; None until it was needed.
    """

    def __init__(self, folder: Path, passphrase: bytes) -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._epoch = 0
        self.pseudonyms: Pseudonyms | None = None
        self._every: tuple[list[int], Pseudonyms] | None = None

    def ready(self, directory: Directory) -> None:
        """Open the newest key where a service of the directory names persons; the first who needs one makes it.

        Blocking: to open a key takes a fifth of a second, which it does once an epoch.

        Raises:
            KeyUnusable: it cannot be made or opened.
        """
        if not any(
            operation.subjects is not None
            for service in directory.services.values()
            for operation in service.operations.values()
        ):
            return
        known = epochs(self._folder)
        if not known:
            make_first_key(self._folder, self._passphrase)
            known = epochs(self._folder)
        if known[-1] != self._epoch:
            self.pseudonyms = Pseudonyms([_opened(self._folder, known[-1], self._passphrase)])
            self._epoch = known[-1]

    def every(self) -> Pseudonyms:
        """What a person is looked up by: made under every key that is there.  Blocking, when there is another.

        Raises:
            KeyUnusable: there is none, or one cannot be opened.
        """
        known = epochs(self._folder)
        if self._every is None or self._every[0] != known:
            self._every = known, open_every_key(self._folder, self._passphrase)
        return self._every[1]


def epochs(folder: Path) -> list[int]:
    """The numbers of the keys that are there, the newest last."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise KeyUnusable(f"the folder of keys {folder} cannot be read: {error.strerror}") from error
    return sorted(int(found.group(1)) for name in names if (found := _NAME.fullmatch(name)))


def make_first_key(folder: Path, passphrase: bytes) -> None:
    """Make the first key, unless there is one.  Several processes may come here at once.

    Raises:
        KeyUnusable: it cannot be made.
    """
    if epochs(folder):
        return
    try:
        _make(folder, 1, passphrase)
    except KeyUnusable:
        if not epochs(folder):  # else another process was first, and its key is the one
            raise


def rotate_key(engine: Engine, folder: Path, passphrase: bytes, *, author: str, now: float) -> int:
    """Begin a new epoch: pseudonyms are made under a new key from now on; returns its number.

    The act is recorded after the key is there, and serving buses take it up by that.

    Raises:
        KeyUnusable: it cannot be made.
    """
    known = epochs(folder)
    number = (known[-1] if known else 0) + 1
    _make(folder, number, passphrase)
    with acting(engine, author, now) as act:
        act.record("make", "key", f"subjects-{number}", {"kind": "pseudonyms", "epoch": number, "place": str(folder)})
    return number


def open_every_key(folder: Path, passphrase: bytes) -> Pseudonyms:
    """Open the key of every epoch, to look a person up by.

    Raises:
        KeyUnusable: there is none yet, or one cannot be opened.
    """
    known = epochs(folder)
    if not known:
        raise KeyUnusable(
            f"there is no key of pseudonyms in {folder}: no service of this bus has named persons yet (esb service "
            "subject), or the keys are elsewhere (keys.subjects)"
        )
    return Pseudonyms([_opened(folder, epoch, passphrase) for epoch in known])


def _make(folder: Path, epoch: int, passphrase: bytes) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise KeyUnusable(f"the folder of keys {folder} cannot be made: {error.strerror}") from error
    store_key(generate_key("ed25519"), folder / f"{epoch}.key", passphrase)


def _opened(folder: Path, epoch: int, passphrase: bytes) -> bytes:
    path = folder / f"{epoch}.key"
    key = load_key(path, passphrase).private_key
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path} is no Ed25519 key, and pseudonyms are made under nothing else")
    return hmac.digest(key.private_bytes_raw(), _DERIVED, "sha256")
