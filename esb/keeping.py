"""How a bus keeps messages: what the settings say of retention, and of the key that they are sealed under."""

from collections.abc import Callable

from sqlalchemy import Engine

from esb.admin.body_key import Masters, Places, masters_for_bus, opener
from esb.admin.expiry import Expiry
from esb.admin.passphrase import read_passphrase
from esb.audit.log import EvidenceReader
from esb.audit.seal import MasterKeys
from esb.audit.store import open_data_keys, open_store
from esb.audit.writer import EvidenceWriter
from esb.conf.settings import Settings
from esb.kernel.clock import Clock
from esb.kernel.retention import Keeping
from esb.logs import logger


def keeping(settings: Settings) -> Keeping:
    """What the settings say of retention."""
    evidence = settings.evidence
    return Keeping(evidence.retention, evidence.retention_refusals, evidence.retention_strangers)


IN_THE_CLEAR = "messages are recorded in the clear: name a key in keys.body_key"


def expiry(settings: Settings, engine: Engine, clock: Clock, elected: Callable[[], bool]) -> Expiry:
    """What ends messages whose day is past, in a serving bus."""
    return Expiry(
        engine,
        settings.evidence.url,
        settings.bus.node,
        clock,
        elected,
        settings.evidence.expire_minutes * 60,
        logger("messages").info,
    )


def key_places(settings: Settings) -> Places:
    """Where the settings say that the master keys of messages are."""
    return Places(settings.keys.body_key, settings.keys.body_key_before)


def bodies_opener(settings: Settings, passphrase: bytes | None = None) -> Callable[[], MasterKeys] | None:
    """What opens the master keys once somebody needs them.

    Args:
        passphrase: of the home's keys; None reads it only then, and what comes of that cannot be handed to a process.
    """

    def read() -> bytes:
        return read_passphrase(settings.keys.passphrase, settings.keys.passphrase_file)

    return opener(key_places(settings), read if passphrase is None else passphrase)


def open_log(
    settings: Settings,
    passphrase: bytes,
    deliver: Callable[[Callable[[], None]], None],
    in_flight: Callable[[], int],
) -> tuple[EvidenceWriter, EvidenceReader, str]:
    """The log of a serving bus: what writes it, what reads it, and a warning, "" where there is nothing to warn of.

    Args:
        deliver, in_flight: as for :class:`~esb.audit.writer.EvidenceWriter`.

    Raises:
        KeyUnusable: the master key is lost, or cannot be opened or made.
        StoreUnavailable: the log's keys cannot be read.
    """
    url = settings.evidence.url
    keys = open_data_keys(url)
    try:
        masters: Masters | None = masters_for_bus(key_places(settings), passphrase, keys)
    finally:
        keys.close()
    reader = EvidenceReader(url, bodies_opener(settings, passphrase) if masters is None else lambda: masters)
    writer = EvidenceWriter(
        open_store(url, masters),
        deliver,
        max_batch=settings.evidence.max_batch,
        max_wait=settings.evidence.max_wait_ms / 1000,
        max_queue=settings.evidence.max_queue,
        in_flight=in_flight,
    )
    return writer, reader, "" if masters is not None else IN_THE_CLEAR
