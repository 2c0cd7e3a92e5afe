"""Reading recorded messages: an operator's act with a reason, on record before anything is shown.

Everything that shows or hands out messages to people goes through here.  What the bus itself reads, to give a recorded
answer again or to try a key on it, shows nothing to anybody.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine

from esb.admin.recording import Recorder
from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader
from esb.audit.seal import MasterKeys
from esb.audit.vault import Vault
from esb.audit.whole import WholeReader
from esb.kernel.faults import EsbError
from esb.kernel.retention import Form, read_kept
from esb.registry.acts import acting
from esb.registry.checks import lawful_text

READ = "read"
"""The act; its change is about ``messages:`` and the exchange."""


class BodiesNotShown(EsbError):
    """Messages are not shown, because that cannot be put on record, or there are none; the text says why."""


@dataclass(frozen=True, slots=True)
class Messages:
    """What is kept of a record's messages.

    Attributes:
        record: its name.
        message: as received; b"" where nothing is kept.
        sent: the envelope that left.
        note: what is to be known about them: that they are gone, or without their Bodies; "" where they are whole.
    """

    record: str
    kind: Kind
    message: bytes = field(repr=False)
    sent: bytes = field(repr=False)
    note: str


def read_bodies(
    engine: Engine,
    url: str,
    masters: Callable[[], MasterKeys] | None,
    exchange: str,
    *,
    author: str,
    reason: str,
    now: float,
    vault: Vault | None = None,
) -> list[Messages]:
    """Read the messages of an exchange, oldest record first.

    The act is in the evidence log, durable, when this opens the first of them; where it cannot be put there, nothing
    is read.

    Args:
        url: the log's.
        masters: opens the master keys (:func:`esb.keeping.bodies_opener`); called only once the act is on record.
        author: who reads; recorded.
        reason: why; recorded.
        vault: finds an exchange that the log has let go of; None to look in the log alone.

    Raises:
        Invalid: no reason, or no author.
        BodiesNotShown: the log holds no such exchange, or does not take the act.
        BodyUnreadable: they are sealed and do not open here.
        StoreUnavailable, LogDamaged: the log cannot be read or written.
        ArchivedAway, PackageInvalid: it has left the log, and its package is not at hand or was altered.
        RegistryUnavailable: the act cannot be recorded.
    """
    reason = lawful_text(reason, "reason")
    reader = WholeReader(url, vault, masters)
    try:
        found = reader.show(exchange)
        if not found:
            raise BodiesNotShown(f"the log holds no exchange {exchange[:80]!r}: see esb log search")
        with acting(engine, author, now) as act:
            act.record(READ, "messages", exchange, {"reason": reason, "records": [one.entry.record for one in found]})
        recorder = Recorder(engine, url)
        try:
            declined = recorder.catch_up().declined
        finally:
            recorder.close()
        if declined:
            raise BodiesNotShown(
                "the evidence log does not take the record of this act, so nothing is shown: see its log"
            )
        return [_read(reader, one.entry.record, one.entry.kind, one.entry.kept) for one in found]
    finally:
        reader.close()


def _read(reader: EvidenceReader, record: str, kind: Kind, kept: str) -> Messages:
    said = read_kept(kept)
    bodies = reader.bodies(record)
    if bodies is None:
        return Messages(record, kind, b"", b"", f"gone: they were kept until {said.until}" if said.until else "gone")
    note = {Form.FULL: "", Form.HEADERS: "kept without what their Bodies held", Form.DIGESTS: "not kept"}[said.form]
    return Messages(record, kind, *bodies, note)
