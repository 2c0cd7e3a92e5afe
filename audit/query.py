"""What is looked for in the evidence log: criteria that all have to hold, and how a record shows that they do.

A record is found by its *terms*: small numbers, one for each fact that can be asked for.  Terms only narrow the search;
whether a record is what was asked for is decided by its leaf, so two facts with one term cost a look and nothing else.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, fields
from hashlib import blake2b
from json.encoder import encode_basestring
from typing import Any, Final

from esb.audit.entry import Entry, Kind

TERM_BITS: Final = 40
DEPTH: Final = 4
"""A service is found by its first one to four parts too: all of ``DIN/IAMAS``, every version of a service."""

_STEPS: Final = tuple(step * 10**power for power in range(4, 8) for step in (1, 2, 5))
"""Microseconds from 10 ms to 50 s: a record has a term for each of these that it took, so that the slow ones of a
consumer are found without a look at all of its records."""

# A leaf's keys are sorted, and within a text a quotation mark has a backslash before it.
_AT: Final = re.compile(rb'\{"at":(-?\d+)')
_TOOK: Final = re.compile(rb',"duration_us":(-?\d+)')


@dataclass(frozen=True, slots=True)
class Query:
    """Criteria; "" and None ask for nothing.  Every text has to be the record's exactly, but for ``service``.

    Attributes:
        since, until: microseconds since the Unix epoch, UTC; from ``since`` on and before ``until``.
        name: an exchange's id or a record's name.
        kind: of the record.
        member: code of a member that asked or was asked.
        consumer, client: as in :class:`~esb.audit.entry.Entry`.
        provider: code of the member whose service was asked.
        service: a service's whole name or its first parts (at most :data:`DEPTH`).
        operation, outcome, rule, message_id, case_number, officer, certificate, grant: as in the entry.
        slower_than: microseconds that the exchange had taken at least when the record was made.
        subject: one pseudonym, 32 hex digits.
    """

    since: int | None = None
    until: int | None = None
    name: str = ""
    kind: Kind | None = None
    member: str = ""
    consumer: str = ""
    client: str = ""
    provider: str = ""
    service: str = ""
    operation: str = ""
    outcome: str = ""
    rule: str = ""
    message_id: str = ""
    case_number: str = ""
    officer: str = ""
    certificate: str = ""
    grant: int | None = None
    slower_than: int | None = None
    subject: str = ""

    def fits(self, entry: Entry) -> bool:
        """Whether a record is what is looked for."""
        if (self.since is not None and entry.at < self.since) or (self.until is not None and entry.at >= self.until):
            return False
        if self.slower_than is not None and (entry.duration_us is None or entry.duration_us < self.slower_than):
            return False
        return (
            all(getattr(entry, name) == wanted for name, wanted in self._plain())
            and (not self.name or self.name in (entry.exchange, entry.record))
            and (not self.member or self.member in (entry.consumer, provider_of(entry.service)))
            and (not self.provider or self.provider == provider_of(entry.service))
            and (not self.service or self.service == entry.service or self.service in first_parts(entry.service))
            and (not self.subject or self.subject in entry.subject.split(" "))
        )

    def terms(self) -> list[int]:
        """The terms that a record must have; none where only a name, a time or a short duration is asked for."""
        asked: list[tuple[str, object]] = list(self._plain())
        asked += [(name, getattr(self, name)) for name in ("member", "provider", "service", "subject")]
        step = max((step for step in _STEPS if step <= (self.slower_than or 0)), default=None)
        asked.append(("took", step))
        return [term(name, value.value if isinstance(value, Kind) else value) for name, value in asked if value]

    def needles(self) -> list[bytes]:
        """Octets that the record's leaf must hold, because a leaf has one form only (EVD-03)."""
        found = [_needle(name, value) for name, value in self._plain()]
        found += [_needle("service", value)[:-1] for value in (self.provider, self.service) if value]
        if self.subject:
            found.append(self.subject.encode())
        return found

    def glance(self, leaf: bytes) -> bool:
        """Whether a leaf's octets leave open that it fits: a twentieth of what reading it costs."""
        if self.since is not None or self.until is not None:
            found = _AT.match(leaf)
            at = None if found is None else int(found[1])
            if at is not None and (at < (self.since or at) or (self.until is not None and at >= self.until)):
                return False
        if self.member:
            asked, was_asked = _needle("consumer", self.member), _needle("service", self.member + "/")[:-1]
            if asked not in leaf and was_asked not in leaf:
                return False
        if self.slower_than is not None:
            found = _TOOK.search(leaf)
            if found is None or int(found[1]) < self.slower_than:
                return False
        return True

    def facts(self) -> dict[str, object]:
        """What is asked for, by name, as plain JSON; what is not asked for is left out."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: value.value if isinstance(value, Kind) else value
            for name, value in given.items()
            if value is not None and value != ""
        }

    def _plain(self) -> Iterator[tuple[str, Any]]:
        for name in _PLAIN:
            value = getattr(self, name)
            if value is not None and value != "":
                yield name, value


_PLAIN: Final = (
    "kind", "consumer", "client", "operation", "outcome", "rule", "message_id", "case_number", "officer", "certificate",
    "grant",
)  # fmt: skip


def provider_of(service: str) -> str:
    """The member whose service it is; "" for what has no such name, as a change's ``grant:17``."""
    code, slash, _ = service.partition("/")
    return code if slash else ""


def first_parts(service: str) -> list[str]:
    """The first one, two … :data:`DEPTH` parts of a service's name, where it has more."""
    parts = service.split("/", DEPTH + 1)
    return ["/".join(parts[:count]) for count in range(1, min(DEPTH + 1, len(parts)))]


def term(name: str, value: object) -> int:
    """The number of a fact: 40 bits of BLAKE2b (RFC 7693) over its name, a zero octet and its value."""
    text = f"{name}\0{value}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=TERM_BITS // 8).digest())


INDEXED: Final = (*_PLAIN, "service", "subject")
"""The facts of a leaf that give terms, beside its duration."""


def terms_for(name: str, value: Any) -> list[int]:
    """The terms that a record has because of one fact of its leaf."""
    if name == "service":
        provider = provider_of(value)
        found = [term(name, value), *(term(name, part) for part in first_parts(value))]
        return [*found, term("provider", provider), term("member", provider)] if provider else found
    if name == "consumer":
        return [term(name, value), term("member", value)]
    if name == "subject":
        return [term(name, each) for each in value.split(" ") if each]
    return [term(name, value)]


def steps_of(took: int) -> int:
    """How many of the steps of duration a record took."""
    return bisect_right(_STEPS, took)


def step_terms(steps: int) -> list[int]:
    """The terms of so many steps."""
    return [term("took", step) for step in _STEPS[:steps]]


def _needle(name: str, value: object) -> bytes:
    text = value.value if isinstance(value, Kind) else value
    written = encode_basestring(text) if isinstance(text, str) else str(text)
    return f'"{name}":{written}'.encode("utf-8", "surrogatepass")
