"""Where things lie in an evidence package, and ``facts.json``, which says what is in it and what could not be had."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from esb.audit.entry import Kind
from esb.kernel.canonical import canonical_json
from esb.kernel.faults import EsbError

FORM: Final = "shluz-evidence-package/1"
FACTS: Final = "facts.json"
README: Final = "README.txt"
CHECKPOINT: Final = "log/checkpoint"

RECORDS: Final[Mapping[str, Kind]] = {
    "request": Kind.REQUEST,
    "answer": Kind.ANSWER,
    "refusal": Kind.REFUSAL,
    "change": Kind.CHANGE,
}
"""The records that a package may be about, by the name that their files have."""

_RECEIVED: Final = {
    "request": "messages/request.xml",
    "answer": "messages/provider-answer.xml",
    "refusal": "messages/refused-request.xml",
    "change": "messages/change.json",
}
_SENT: Final = {"answer": "messages/answer.xml", "refusal": "messages/refusal.xml"}
_MEDIA: Final = {
    "txt": "text/plain",
    "json": "application/json",
    "xml": "application/xml",
    "cer": "application/pkix-cert",
    "crl": "application/pkix-crl",
    "ocsp": "application/ocsp-response",
    "tst": "application/vnd.etsi.timestamp-token",
    "tlog-proof": "text/plain",
}

_FREE: Final = re.compile(
    r"certificates/authority-[1-9]\d{0,3}\.cer|revocation/[1-9]\d{0,3}\.(crl|ocsp)|time/[1-9]\d{0,3}\.tst", re.ASCII
)
_SOURCES: Final = frozenset({"kept", "list", "later"})


class FactsMalformed(EsbError):
    """``facts.json`` is not of the form that a package has."""


def leaf_file(name: str) -> str:
    """Where a record's leaf lies: its canonical octets, which are JSON."""
    return f"records/{name}.json"


def proof_file(name: str) -> str:
    """Where the proof lies that the leaf is in the log's tree."""
    return f"records/{name}.tlog-proof"


def received_file(name: str) -> str:
    """Where a record's message lies, as it was received."""
    return _RECEIVED[name]


def sent_file(name: str) -> str:
    """Where the envelope lies that was sent; "" for a record with which nothing is sent."""
    return _SENT.get(name, "")


def change_files(exchange: str) -> tuple[str, str, str]:
    """Where a change of the registry lies that decided the exchange: its message, its leaf and its proof."""
    return (f"registry/{exchange}.json", f"registry/{exchange}.leaf.json", f"registry/{exchange}.tlog-proof")


def is_free(name: str) -> bool:
    """Whether a file is one of those of which a package may hold any number: authorities, lists and answers, stamps."""
    return _FREE.fullmatch(name) is not None


def lawful_messages(records: Sequence[str]) -> set[str]:
    """The messages that may lie in a package about these records: each has a step that verifies it."""
    names = {received_file(name) for name in records} | {sent_file(name) for name in records}
    if "request" in records:  # a refusal of what is on record already keeps no other request
        names.discard(received_file("refusal"))
    return names - {""}


def changes_in(files: Mapping[str, bytes]) -> Iterator[str]:
    """The names of the changes that lie in a package."""
    for name in sorted(files):
        if name.startswith("registry/") and name.endswith(".tlog-proof"):
            yield name.removeprefix("registry/").removesuffix(".tlog-proof")


def media_of(name: str) -> str:
    """The media type of a file, by its name."""
    return _MEDIA.get(name.rpartition(".")[2], "text/plain" if name == CHECKPOINT else "application/octet-stream")


@dataclass(frozen=True, slots=True)
class RevocationFile:
    """One list or answer about revocation, and whose it is.

    Attributes:
        file: its name in the package.
        certificate: SHA-256 (hex) of the certificate that it is enclosed for.
        source: ``kept`` where the bus had it at the time, ``list`` for a list that speaks for the time and was not
            kept then, ``later`` for one from after the time.
    """

    file: str
    certificate: str
    source: str


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """What ``facts.json`` says.

    Attributes:
        exchange: what the package is about.
        records: the names of its records: ``request``, ``answer``, ``refusal``, ``change``.
        registry: what the enclosed changes come to (:func:`~esb.admin.evidence.facts.registry_facts`).
        revocation: which list or answer is enclosed for whom.
        missing: file or thing, and why it is not here.
        made_at: when the package was put together, microseconds since the epoch.
    """

    exchange: str
    records: tuple[str, ...]
    registry: Mapping[str, Any]
    revocation: tuple[RevocationFile, ...]
    missing: Mapping[str, str]
    made_at: int


def write_facts(facts: PackageFacts) -> bytes:
    """The file, in the canonical form of RFC 8785."""
    return canonical_json(
        {
            "form": FORM,
            "exchange": facts.exchange,
            "records": list(facts.records),
            "registry": facts.registry,
            "revocation": [
                {"file": each.file, "certificate": each.certificate, "source": each.source} for each in facts.revocation
            ],
            "missing": dict(facts.missing),
            "madeAt": facts.made_at,
        }
    )


def read_facts(octets: bytes) -> PackageFacts:
    """Read the file.

    Raises:
        FactsMalformed: see the class.
    """
    try:
        facts = _read(json.loads(octets))
        # In their one order, each once.
        same = facts.records == tuple(name for name in RECORDS if name in facts.records)
        same = same and {each.source for each in facts.revocation} <= _SOURCES and write_facts(facts) == octets
    except (ValueError, KeyError, TypeError, RecursionError):
        raise FactsMalformed("facts.json is not of the form that a package has") from None
    if not same or not facts.records:
        raise FactsMalformed("facts.json is not in the one form in which it is written")
    return facts


def _read(found: Any) -> PackageFacts:
    if _object(found)["form"] != FORM:
        raise FactsMalformed("the package is of a form that this program does not know: use a newer one")
    return PackageFacts(
        exchange=_text(found["exchange"]),
        records=tuple(_text(each) for each in _list(found["records"])),
        registry=_object(found["registry"]),
        revocation=tuple(
            RevocationFile(*(_text(_object(each)[name]) for name in ("file", "certificate", "source")))
            for each in _list(found["revocation"])
        ),
        missing={name: _text(why) for name, why in _object(found["missing"]).items()},
        made_at=int(found["madeAt"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _list(value: object) -> Sequence[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value
