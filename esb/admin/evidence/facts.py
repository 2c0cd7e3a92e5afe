"""What stood in the registry at a moment, put together from changes that are on record (EVD-04), and from nothing else.

Whoever exports a package and whoever verifies it use the same functions, so that what a package says of the registry
is what the changes in it come to: each of them is a record of the evidence log, with a proof.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from esb.audit.change import change_exchange
from esb.audit.entry import Entry, Kind, record_id
from esb.kernel.faults import EsbError
from esb.kernel.names import SERVICES_ROOT, NameInvalid, ServiceId

_BEGINS: Final = frozenset({"add", "request", "issue"})
_KEYS: Final = frozenset({"number", "at", "author", "act", "kind", "key", "detail"})
POLLED: Final = 60_000_000
"""A change comes into force when every worker has read the registry anew: seconds later, and never this many
microseconds."""
Facts = dict[str, Any]
Thing = tuple[str, str]
"""The kind and key of what a change is about: ``("grant", "17")``."""


class ChangeMalformed(EsbError):
    """What is said to be the message of a change is none."""


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """A change, read from its message.

    Attributes:
        record: the name of its record, which holds the message's digest.
        number, at: its place among the registry's changes, and when, in microseconds since the epoch.
        author, act, thing, detail: as of :class:`esb.audit.change.Change`.
    """

    record: str
    number: int
    at: int
    author: str
    act: str
    thing: Thing
    detail: Mapping[str, Any]


def read_change(message: bytes) -> ChangeFacts:
    """Read a change's message.

    Raises:
        ChangeMalformed: see the class.
    """
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.keys() != _KEYS or not _is_change(**found):
        raise ChangeMalformed("a change's message is not of the form that it is recorded in")
    number, at = found["number"], found["at"]
    author, act, kind, key = (found[name] for name in ("author", "act", "kind", "key"))
    record = record_id(change_exchange(number, message), Kind.CHANGE)
    return ChangeFacts(record, number, at, author, act, (kind, key), found["detail"])


def _is_change(number: Any, at: Any, author: Any, act: Any, kind: Any, key: Any, detail: Any) -> bool:
    texts = all(type(one) is str for one in (author, act, kind, key))
    return type(number) is int and type(at) is int and texts and isinstance(detail, dict)


def things_of(entries: Iterable[Entry], certificates: Iterable[str]) -> list[Thing]:
    """What of the registry decided an exchange: whose changes belong into its package.

    Args:
        certificates: SHA-256 (hex) of those who signed.
    """
    found: dict[Thing, None] = {}
    for entry in entries:
        if entry.grant is not None:
            found["grant", str(entry.grant)] = None
        service = service_of(entry)
        if service is not None:
            found["service", service.text] = None
            found["system", f"{service.member}/{service.system}"] = None
            found["member", service.member] = None
        if entry.consumer:
            found["member", entry.consumer] = None
        if "/" in entry.client:
            found["system", entry.client] = None
    found |= {("certificate", sha256): None for sha256 in certificates}
    return list(found)


def service_of(entry: Entry) -> ServiceId | None:
    """The service that a record is about; None for a path that was none."""
    try:
        return ServiceId.parse(entry.service.removeprefix(SERVICES_ROOT))
    except NameInvalid:
        return None


def state_of(changes: Iterable[ChangeFacts], thing: Thing, at: int) -> Facts | None:
    """What a thing was at a moment (microseconds); None where no change had made it yet.

    Beside what was set: of a grant ``requested_by``, ``approved_by`` and ``revoked_at``; of a certificate ``revoked``.
    """
    state: Facts | None = None
    for change in sorted(changes, key=lambda each: each.number):
        if change.thing != thing or change.at > at:
            continue
        if change.act in _BEGINS:
            state = {**(state or {}), **change.detail}
            if thing[0] == "grant":
                state["requested_by"] = change.author
                state["approved_by"] = change.author if change.act == "add" else None
        elif state is not None:
            state |= _set_by(change)
    return state


def _set_by(change: ChangeFacts) -> Facts:
    if change.thing[0] == "grant":
        done: dict[str, Facts] = {
            "approve": {"approved_by": change.author, "approved_at": change.at},
            "revoke": {"revoked_at": change.at},
        }
        return done.get(change.act, {})
    # An update says of each field what it was and what it became; a reason stands beside them as a text.
    return {
        name: value[1] for name, value in change.detail.items() if isinstance(value, list | tuple) and len(value) == 2
    }


def registry_facts(entry: Entry, changes: Sequence[ChangeFacts]) -> Facts:
    """What decided an exchange, as the registry had it when the exchange's first record was made.

    Args:
        entry: of the request, or of the refusal where there is no other.
    """
    service = service_of(entry)
    facts: Facts = {"at": entry.at}
    if entry.grant is not None:
        facts["grant"] = _kept(state_of(changes, ("grant", str(entry.grant)), entry.at), number=entry.grant)
    if service is not None:
        stood = state_of(changes, ("service", service.text), entry.at)
        facts["service"] = _kept(stood, name=service.text, version=service.version)
        facts["owner"] = _kept(state_of(changes, ("member", service.member), entry.at), code=service.member)
    if entry.consumer:
        facts["consumer"] = _kept(state_of(changes, ("member", entry.consumer), entry.at), code=entry.consumer)
    return facts


# Of a service only what says which contract it stood on and how it was treated: where its provider is, is no evidence.
_SHOWN: Final = frozenset(
    {"number", "consumer", "service", "purpose", "legal_basis", "operations", "required_fields", "document"}
    | {"valid_from", "valid_until", "per_second", "per_day", "replaces"}
    | {"requested_by", "approved_by", "approved_at", "revoked_at"}
    | {"code", "voen", "name_az", "name_en", "kind", "status"}
    | {"name", "version", "contract", "signature", "answer_signature", "judge_request", "judge_answer"}
)


def _kept(state: Facts | None, **named: Any) -> Facts:
    if state is None:
        return {**named, "unknown": True}
    return {name: value for name, value in {**state, **named}.items() if name in _SHOWN}
