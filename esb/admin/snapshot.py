"""The registry's own signature: its key, its replacement, and the publication in a folder."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from esb.admin.authority import write_new
from esb.certs.dsse import key_id, public_pem, read_public, seal
from esb.certs.keys import KeyUnusable, SigningKey, generate_key, load_key, store_key
from esb.kernel.faults import EsbError
from esb.registry.acts import acting
from esb.registry.database import reading
from esb.registry.publication import Timestamp, contracts_of
from esb.registry.publisher import announce, published
from esb.registry.replica_source import Folder
from esb.registry.snapshot import read_entries

KINDS: Final = ("ed25519", "p256", "p384")


@dataclass(frozen=True, slots=True)
class KeySealer:
    """Signs documents with a key that is open."""

    key: SigningKey
    key_id: str

    def seal(self, payload: bytes, kind: str) -> bytes:
        """The payload in a signed envelope."""
        return seal(payload, kind, self.key)


class FileSealer:
    """Gives the sealer of a key file, opened again when the file is another: a key is replaced while a bus runs."""

    def __init__(self, path: Path, passphrase: Callable[[], bytes]) -> None:
        self._path = path
        self._passphrase = passphrase
        self._stamp: tuple[int, int] | None = None
        self._sealer: KeySealer | None = None

    def __call__(self) -> KeySealer:
        """The sealer now.

        Raises:
            KeyUnusable, KeyUnfit: the key cannot be opened, or signs no documents.
        """
        try:
            facts = self._path.stat()
        except OSError as error:
            raise KeyUnusable(
                f"the registry's key {self._path} cannot be read ({error.strerror}): make one with esb snapshot key"
            ) from error
        stamp = (facts.st_ino, facts.st_mtime_ns)
        if self._sealer is None or stamp != self._stamp:
            self._sealer, self._stamp = open_sealer(self._path, self._passphrase()), stamp
        return self._sealer


def open_sealer(path: Path, passphrase: bytes) -> KeySealer:
    """Open the registry's key.  Raises KeyUnusable, KeyUnfit."""
    key = load_key(path, passphrase)
    return KeySealer(key, key_id(read_public(public_pem(key))))


def public_path(path: Path) -> Path:
    """Where the public half of the registry's key lies: beside it."""
    return path.with_suffix(".pub")


def make_key(engine: Engine, path: Path, passphrase: bytes, kind: str, *, author: str, now: float) -> str:
    """Make the registry's key and its public half beside it; the key's id.

    Raises:
        KeyUnusable: there is one already, or it cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    store_key(generate_key(kind), path, passphrase)
    sealer = open_sealer(path, passphrase)
    write_new(public_path(path), public_pem(sealer.key).encode())
    with acting(engine, author, now) as act:
        act.record("add", "snapshot-key", sealer.key_id, {"kind": kind})
    return sealer.key_id


def rotate_key(
    engine: Engine, path: Path, passphrase: bytes, kind: str, *, author: str, now: float
) -> tuple[str, Path]:
    """Replace the registry's key: the new one is announced, signed by the old, and takes its place.

    A running bus of this home signs with it from its next timestamp on; nodes follow by themselves.

    Returns:
        The new key's id, and where the old one lies now.

    Raises:
        KeyUnusable, NotPublished: it cannot be done; nothing was changed.
    """
    old = open_sealer(path, passphrase)
    draft, aside = path.with_name(f"{path.name}.next"), path.with_name(f"{path.name}.{old.key_id[:12]}")
    store_key(generate_key(kind), draft, passphrase)
    try:
        new = open_sealer(draft, passphrase)
        with acting(engine, author, now) as act:
            number = announce(act.session, [public_pem(new.key)], old, now)
            act.record("replace", "snapshot-key", new.key_id, {"before": old.key_id, "announcement": number})
            os.link(path, aside)
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    public_path(path).unlink(missing_ok=True)
    write_new(public_path(path), public_pem(new.key).encode())
    return new.key_id, aside


class ExportFailed(EsbError):
    """The publication could not be written to a folder whole."""


def export(engine: Engine, stamp: Timestamp, folder: Path) -> int:
    """Write what is published into a folder, as the door serves it; how many contracts are in it.

    The timestamp comes last, so that whoever reads meanwhile finds an older state whole, or the new one.

    Raises:
        ExportFailed: a document went meanwhile: do it again.
        RegistryUnavailable: the folder cannot be written.
    """
    target = Folder(folder)
    names = [f"keys/{number}.json" for number in range(1, stamp.keys + 1)]
    names += [f"documents/{part.digest}.json" for part in (stamp.full, *stamp.deltas)]
    with reading(engine) as session:
        contracts = sorted(contracts_of(read_entries(session.connection()).services))
        for name in (*names, *(f"contracts/{digest}" for digest in contracts), "timestamp.json"):
            document = published(session, name)
            if document is None:
                raise ExportFailed(f"{name} is no longer published: run the same again")
            if not (name.startswith(("documents/", "contracts/")) and (folder / name).is_file()):
                target.put(name, document)
    target.keep_only("documents", frozenset(name.removeprefix("documents/") for name in names))
    return len(contracts)
