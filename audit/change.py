"""The record of a change: one act of an operator, or of the bus itself, on the registry or beside it (EVD-04).

Its message is the change row in the canonical form of RFC 8785; its name is made of the row's number and that form's
digest.  So a registry that was put back to an earlier state, and numbers its changes again, gives them other names, and
both pasts stay on record.
"""

import hashlib
import math
from collections.abc import Mapping
from typing import Final

from esb.audit.entry import Entry, Kind, clip, record_id
from esb.audit.leaf import leaf_bytes
from esb.audit.record import Record
from esb.kernel.canonical import canonical_json
from esb.kernel.frozen import frozen

CHANGED: Final = "changed"
_EXACT: Final = 2**53


@frozen
class Change:
    """A row of the registry's changes.

    Attributes:
        number: its place among the registry's changes.
        at: Unix seconds, to the microsecond.
        author: who acted.
        act: what was done: ``add``, ``update``, ``revoke`` …
        kind, key: to what: ``grant``, ``17``.
        detail: what was set, as plain JSON.
    """

    number: int
    at: float
    author: str
    act: str
    kind: str
    key: str
    detail: Mapping[str, object]


def change_message(change: Change) -> bytes:
    """Write a change in its one form: JSON of RFC 8785, the time in whole microseconds.

    Of what that form cannot hold, whole numbers beyond 2^53 and numbers that are not finite are written as texts.
    """
    return canonical_json(
        {
            "number": change.number,
            "at": _microseconds(change.at),
            "author": change.author,
            "act": change.act,
            "kind": change.kind,
            "key": change.key,
            "detail": _fit(change.detail),
        }
    )


def change_exchange(number: int, message: bytes) -> str:
    """Name a change by its number and the first 16 hex digits of its message's SHA-256."""
    return f"change-{number}-{hashlib.sha256(message).hexdigest()[:16]}"


def change_record(change: Change) -> Record:
    """Make the evidence record of a change; the same change always gives the same record, to the octet."""
    message = change_message(change)
    exchange = change_exchange(change.number, message)
    entry = Entry(
        record=record_id(exchange, Kind.CHANGE),
        exchange=exchange,
        kind=Kind.CHANGE,
        at=_microseconds(change.at),
        consumer="",
        client="",
        service=clip(f"{change.kind}:{change.key}"),
        operation=clip(change.act),
        message_id="",
        grant=None,
        purpose="",
        legal_basis="",
        case_number="",
        officer=clip(change.author),
        on_behalf_of="",
        outcome=CHANGED,
        rule="",
        reason="",
        stage="",
        certificate="",
        signature="",
        message_sha256=hashlib.sha256(message).hexdigest(),
        body_sha256="",
        request_leaf="",
        duration_us=None,
        provider_us=None,
        peer="",
    )
    return Record(entry, leaf_bytes(entry), message, b"", None)


def _microseconds(at: float) -> int:
    return round(at * 1_000_000)


def _fit(value: object) -> object:
    """What the canonical form can hold of a value."""
    if isinstance(value, str):
        if value.isprintable():
            return value
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if value is None or value is True or value is False:
        return value
    if isinstance(value, dict | Mapping):
        return {str(_fit(key)): _fit(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_fit(each) for each in value]
    if (isinstance(value, int) and abs(value) > _EXACT) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return value
