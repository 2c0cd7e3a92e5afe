"""A registry that publishes itself, and nodes that follow it, without a network: documents come straight from the
database, and a test can spoil them on their way."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from esb.admin.snapshot import KeySealer
from esb.certs.dsse import key_id, open_sealed, public_pem, read_public
from esb.certs.keys import FileKey, generate_key
from esb.kernel.clock import ManualClock
from esb.registry.database import reading
from esb.registry.errors import RegistryUnavailable
from esb.registry.publisher import Publisher, published
from esb.registry.replica import Replica
from esb.registry.replica_source import Folder

NOW = 1_790_000_000.0
EXPIRES = 600.0

Spoil = Callable[[str, bytes], bytes | None]


def make_sealer(kind: str = "ed25519") -> KeySealer:
    """A fresh key that signs documents."""
    key = FileKey(generate_key(kind))
    return KeySealer(key, key_id(read_public(public_pem(key))))


class Publication:
    """A registry's publication as a node's source.

    Attributes:
        sealer: what signs; replace it and nobody is told.
        spoil: what is done to each document on its way; None where there is none of the name.
        gone: whether nothing can be reached.
        asked: the names that were asked for.
    """

    def __init__(self, engine: Engine, clock: ManualClock | None = None) -> None:
        self.engine = engine
        self.clock = clock or ManualClock(NOW)
        self.sealer = make_sealer()
        self.publisher = Publisher(engine, lambda: self.sealer, self.clock, EXPIRES, secrets.token_bytes)
        self.spoil: Spoil = lambda _, data: data
        self.gone = False
        self.asked: list[str] = []

    @property
    def pem(self) -> str:
        """The public key that signs now."""
        return public_pem(self.sealer.key)

    def get(self, name: str, limit: int) -> bytes | None:
        """A document, as a node asks for it."""
        self.asked.append(name)
        if self.gone:
            raise RegistryUnavailable("gone")
        with reading(self.engine) as session:
            data = published(session, name)
        if data is not None:
            data = self.spoil(name, data)
        if data is not None and len(data) > limit:
            raise RegistryUnavailable("too large")
        return data

    def node(self, folder: Path, certificates: Any, trusted: str = "", **terms: Any) -> Replica:
        """A node that follows it, with its own copy in a folder."""
        facts = {"grace": 60.0, **terms}
        return Replica(
            self,
            Folder(folder),
            open_sealed,
            (trusted or self.pem,),
            certificates.known,
            certificates.index,
            self.clock,
            **facts,
        )
