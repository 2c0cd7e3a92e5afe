"""A witness's folder: its key, the logs that it witnesses with what it remembers of each, and proofs.

It is a folder of its own and no home of a bus: a witness is worth something where whoever keeps the log cannot reach.
"""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from esb.audit.notes import COSIGNATURE, ED25519, NoteInvalid, NoteKey
from esb.audit.witness import Seen
from esb.certs.keys import SigningKey, generate_key, load_key, store_key
from esb.kernel.faults import EsbError

_PASSPHRASE_BYTES: Final = 32
_FIELDS: Final = ("note", "at", "behind", "proof", "forked")


class WitnessError(EsbError):
    """The witness's folder cannot be used as it is; the text says what to mend."""


class WitnessHome:
    """The folder, as :class:`~esb.audit.witness.Memory`.

    Args:
        folder: made by :func:`make_witness`.

    Raises:
        WitnessError: it is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self._name = str(json.loads((folder / "witness.json").read_text())["name"])
        except (OSError, ValueError, KeyError, TypeError):
            raise WitnessError(f"{folder} is no witness's folder: make one with: esb witness key FOLDER NAME") from None
        self._turn: int | None = None

    def key(self) -> tuple[NoteKey, SigningKey]:
        """The witness's public key under its name, and the private one.

        Raises:
            KeyUnusable: it cannot be opened.
        """
        path = self.folder / "witness.key"
        key = load_key(path, (self.folder / "passphrase").read_bytes().strip())
        public = key.public_key()
        if not isinstance(public, Ed25519PublicKey):
            raise WitnessError(f"{path} is no Ed25519 key")
        return NoteKey(self._name, COSIGNATURE, public.public_bytes_raw()), key

    def lock(self) -> None:
        """Be the one process that signs for this witness, until it ends.

        Raises:
            WitnessError: another is.
        """
        turn = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(turn)
            raise WitnessError(
                f"another process runs the witness of {self.folder}: two with one key could sign two histories"
            ) from None
        self._turn = turn

    def unlock(self) -> None:
        """Let another be that process."""
        if self._turn is not None:
            os.close(self._turn)
            self._turn = None

    def logs(self) -> list[Seen]:
        """Every log that is witnessed, by name."""
        found = [_read(path) for path in (self.folder / "logs").glob("*.json")]
        return sorted(found, key=lambda seen: seen.log.name)

    def add(self, log: NoteKey, url: str) -> None:
        """Witness a log from now on.

        Args:
            url: where it publishes itself, such as ``https://bus.gov.example/log``.

        Raises:
            WitnessError: it is witnessed already, or key or URL are not of a log.
        """
        parts = urlsplit(url)
        if log.kind != ED25519:
            raise WitnessError(f"the key of {log.name} is a witness's, not a log's: take what esb log key prints there")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise WitnessError(f"{url} is not a URL such as https://bus.gov.example/log")
        if self.recall(log.name) is not None:
            raise WitnessError(f"the log {log.name} is witnessed already: nothing was changed")
        self.remember(Seen(log, url.rstrip("/")))

    def remove(self, origin: str) -> Seen:
        """Forget a log, and return what was remembered.

        Raises:
            WitnessError: it is not witnessed.
        """
        seen = self.recall(origin)
        if seen is None:
            raise WitnessError(f"the log {origin} is not witnessed here: see esb witness list")
        self._path(origin).unlink()
        _sync(self.folder / "logs")
        return seen

    def recall(self, origin: str) -> Seen | None:
        """See :class:`~esb.audit.witness.Memory`."""
        path = self._path(origin)
        return _read(path) if path.exists() else None

    def remember(self, seen: Seen) -> None:
        """See :class:`~esb.audit.witness.Memory`.  A crash leaves the old or the new, whole."""
        facts = {name: getattr(seen, name) for name in _FIELDS} | {"log": seen.log.text, "url": seen.url}
        facts["note"] = seen.note.decode()
        _write(self._path(seen.log.name), json.dumps(facts, indent=1, ensure_ascii=False).encode() + b"\n")

    def keep_proof(self, seen: Seen, words: str, notes: Sequence[tuple[str, bytes]]) -> str:
        """See :class:`~esb.audit.witness.Memory`."""
        at = datetime.now(UTC)
        path = self.folder / "proofs" / f"{_short(seen.log.name)}-{at:%Y%m%dT%H%M%S%f}Z.txt"
        parts = [f"{words}\n\nThe log's key: {seen.log.text}\n".encode()]
        parts += [f"\n--- {what}\n".encode() + note for what, note in notes]
        _write(path, b"".join(parts))
        return str(path)

    def _path(self, origin: str) -> Path:
        return self.folder / "logs" / f"{_short(origin)}.json"


def make_witness(folder: Path, name: str) -> NoteKey:
    """Make a witness's folder with a new key; returns the public one.

    Args:
        name: the witness's, unique in the world: a host's name and a path, without a scheme.

    Raises:
        WitnessError: the folder holds something already.
        NoteInvalid: the name cannot be one.
    """
    NoteKey(name, COSIGNATURE, bytes(32))
    if folder.exists() and any(folder.iterdir()):
        raise WitnessError(f"{folder} holds something already: nothing was changed. Choose another folder.")
    for part in (folder, folder / "logs", folder / "proofs"):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    passphrase = secrets.token_urlsafe(_PASSPHRASE_BYTES).encode()
    _write(folder / "passphrase", passphrase + b"\n")
    store_key(generate_key("ed25519"), folder / "witness.key", passphrase)
    _write(folder / "witness.json", json.dumps({"name": name}).encode() + b"\n")
    return WitnessHome(folder).key()[0]


def _read(path: Path) -> Seen:
    try:
        facts = json.loads(path.read_bytes())
        numbers = int(facts["at"]), int(facts["behind"])
        rest = str(facts["proof"]), bool(facts["forked"])
        seen = Seen(NoteKey.parse(facts["log"]), facts["url"], str(facts["note"]).encode(), *numbers, *rest)
        seen.head  # noqa: B018 - what cannot be read must not pass for a log that was never seen
    except (OSError, ValueError, KeyError, TypeError, NoteInvalid) as error:
        raise WitnessError(
            f"{path} cannot be read: without what it holds nothing of that log can be cosigned"
        ) from error
    return seen


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        draft.unlink()
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        _sync(path.parent)
    except OSError as error:
        raise WitnessError(f"{path} cannot be written ({error.strerror}): nothing is cosigned until it can") from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _short(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()[:24]
