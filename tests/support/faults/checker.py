"""The independent checker: do the evidence log, the provider's journal and the clients' journals tell one story?

It reads the log's tables with plain SQL and its leaves as docs/protocol.md describes them (EVD-02 to EVD-04), and
shares no code with the bus.  ``python -m support.faults.checker LOG --provider FILE --client FILE --registry FILE``
prints what it found as JSON and exits with 1 where anything is wrong.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from support.faults.evidence import Row, read_changes, read_rows, read_strays
from support.faults.journal import Fact, read_journal
from support.faults.unsealed import master_key

_SUFFIX: Final = {"request": "-q", "answer": "-a", "refusal": "-r", "change": "-c"}
# Refusals of stages before the request's record; from `record` on, BUS-01 and TIM-04 come without one of their own.
_AFTER_RECORD: Final = {"route", "adapt", "verify", "validate_answer", "sign"}
_UNRECORDED: Final = "BUS-01"  # the one reply that has no record: it says that nothing could be recorded


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that must not be.

    Attributes:
        what: its kind, the same words each time.
        where: the exchange, record or message that it is about.
    """

    what: str
    where: str


@dataclass
class Verdict:
    """What was read, and what is wrong with it."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def kinds(self) -> set[str]:
        """The kinds of what is wrong."""
        return {finding.what for finding in self.findings}


@dataclass(frozen=True, slots=True)
class _Record:
    """A record with its leaf read."""

    row: Row
    facts: dict[str, Any]
    leaf_hash: str


class Story:
    """What the three parties say.

    Args:
        rows: the log's records in the order of their numbers.
        strays: numbers of kept messages without a record.
        deliveries: the provider's journal.
        heard: the clients' journals.
        stepped: whether a clock was set back meanwhile, so that times say nothing of order.
        changes: the registry's changes before and after the log was read; None where they are not compared.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        strays: Sequence[int] = (),
        deliveries: Sequence[Fact] = (),
        heard: Sequence[Fact] = (),
        stepped: bool = False,
        changes: tuple[Sequence[Fact], Sequence[Fact]] | None = None,
    ) -> None:
        self._changes = changes
        self._deliveries = deliveries
        self._heard = heard
        self._stepped = stepped
        self._found: list[Finding] = []
        self._strays = strays
        self._records: dict[str, _Record] = {}
        self._by_message: dict[str, list[_Record]] = defaultdict(list)
        for row in rows:
            self._take(row)

    def verdict(self) -> Verdict:
        """Compare them all."""
        findings = [
            *self._found,
            *(Finding("message without a record", str(number)) for number in self._strays),
            *self._replays(),
            *self._ends(),
            *self._changed(),
            *self._delivered(),
            *self._acknowledged(),
        ]
        return Verdict(sorted(set(findings)), self._counts())

    def _counts(self) -> Counter[str]:
        counts = Counter(record.row.kind for record in self._records.values())
        counts["delivered"] = len(self._deliveries)
        counts["witnessed"] = sum(fact["recorded"] is not None for fact in self._deliveries)
        counts.update(fact["event"] for fact in self._heard)
        counts["answered at a retry"] = sum(fact["event"] == "answered" and fact["attempt"] > 1 for fact in self._heard)
        counts.update(fact["rule"] for fact in self._heard if fact.get("rule"))
        exchanges = {name[:-2] for name in self._records}
        counts["without an end"] = sum(
            f"{name}-q" in self._records and not {f"{name}-a", f"{name}-r"} & self._records.keys() for name in exchanges
        )
        return counts

    # Each record by itself.

    def _take(self, row: Row) -> None:
        facts = _read_leaf(row.leaf)
        if facts is None:
            self._found.append(Finding("leaf not in canonical form", row.record))
            facts = {}
        record = _Record(row, facts, hashlib.sha256(b"\0" + row.leaf).hexdigest())
        if row.record in self._records:
            self._found.append(Finding("record twice", row.record))
        self._records[row.record] = record
        self._by_message[str(facts.get("message_id", ""))].append(record)
        self._found += (Finding(what, row.record) for what in _wrong(record))

    # Records among themselves.

    def _replays(self) -> Iterator[Finding]:
        seen: dict[bytes, str] = {}
        for record in self._records.values():
            if record.row.kind != "request":
                continue
            key = _replay_key(record.facts)
            if key in seen:
                yield Finding("two requests with one replay key", record.row.record)
            seen[key] = record.row.record

    def _ends(self) -> Iterator[Finding]:
        for name, record in self._records.items():
            kind, facts = record.row.kind, record.facts
            if kind in ("request", "change"):
                continue
            request = self._records.get(f"{name[:-2]}-q")
            told = facts.get("request_leaf", "")
            if kind == "answer" and request is None:
                yield Finding("answer without its request", name)
            if kind == "refusal" and request is None and facts.get("stage") in _AFTER_RECORD:
                yield Finding("refusal after the record without its request", name)
            if request is None:
                if told:
                    yield Finding("request that a record cites is missing", name)
                continue
            if told != request.leaf_hash:
                yield Finding("record bound to another request", name)
            if record.row.id <= request.row.id or (not self._stepped and record.row.at < request.row.at):
                yield Finding("record before its request", name)
            both = kind == "refusal" and f"{name[:-2]}-a" in self._records
            # A commit whose end was not seen may have been made: the consumer is told BUS-01 then, and so is the log.
            if both and facts.get("rule") != _UNRECORDED:
                yield Finding("answered and refused", name)

    def _changed(self) -> Iterator[Finding]:
        if self._changes is None:
            return
        before, after = ({_change_name(fact) for fact in facts} for facts in self._changes)
        recorded = {name for name, record in self._records.items() if record.row.kind == "change"}
        # What was changed while the log was read may be on record or not yet.
        yield from (Finding("change without a record", name) for name in before & after - recorded)
        yield from (Finding("record of a change that never was", name) for name in recorded - after)

    # The provider.

    def _delivered(self) -> Iterator[Finding]:
        exchanges: set[str] = set()
        persons: set[str] = set()
        for fact in self._deliveries:
            exchange, fin = fact["exchange"], fact["fin"]
            if exchange in exchanges or fin in persons:
                yield Finding("delivered twice", exchange)
            exchanges.add(exchange)
            persons.add(fin)
            if fact["recorded"] is False:
                yield Finding("delivered ahead of its record", exchange)
            request = self._records.get(f"{exchange}-q")
            if request is None:
                yield Finding("delivered without a record", exchange)
            elif base64.b64decode(fact["request"]).hex() != request.facts.get("message_sha256"):
                yield Finding("delivered another message than recorded", exchange)

    # The clients.

    def _acknowledged(self) -> Iterator[Finding]:
        delivered = {fact["fin"]: fact["exchange"] for fact in self._deliveries}
        for fact in self._heard:
            name, exchange = str(fact["id"]), fact.get("exchange", "")
            if fact["event"] == "turned away" and fact["asked"] in delivered:
                yield Finding("turned away and delivered", name)
            if fact["event"] not in ("answered", "refused"):
                continue
            if not exchange or fact.get("signed") is False:
                yield Finding("reply without the bus's signature", name)
                continue
            if fact["receipt"] != fact["request"]:
                yield Finding("receipt for another request", name)
            if fact["related"] and fact["related"] != name:
                yield Finding("reply relates to another message", name)
            yield from self._on_record(fact, exchange)
            if fact["event"] == "answered":
                if fact["fin"] != fact["asked"]:
                    yield Finding("answer to another's question", name)
                if delivered.get(fact["asked"]) != exchange:
                    yield Finding("answer that the provider never gave", name)

    def _on_record(self, fact: Fact, exchange: str) -> Iterator[Finding]:
        name = str(fact["id"])
        record = self._records.get(f"{exchange}-{'a' if fact['event'] == 'answered' else 'r'}")
        if record is None and not fact["rule"]:
            record = self._records.get(f"{exchange}-a")  # the provider's own fault is an answer
        if fact["rule"] == _UNRECORDED and (record is None or record.row.sent != fact["answer"]):
            return  # a commit whose end was not seen may have left another record than this reply cites
        if record is None:
            yield Finding("acknowledged and not on record", name)
            return
        spared = record.row.kind == "refusal" and not record.row.consumer and not record.row.sent_size
        if record.row.sent != fact["answer"] and not spared:
            yield Finding("other octets acknowledged than recorded", name)
        if record.leaf_hash != fact["leaf"]:
            yield Finding("receipt cites another leaf", name)
        request = self._records.get(f"{exchange}-q")
        if (request.leaf_hash if request else "") != fact["request_leaf"]:
            yield Finding("receipt cites another request", name)
        if request is not None and request.facts.get("message_sha256") != fact["request"]:
            yield Finding("acknowledged another request than recorded", name)


def _read_leaf(leaf: bytes) -> dict[str, Any] | None:
    try:
        facts = json.loads(leaf)
    except ValueError:
        return None
    if not isinstance(facts, dict) or facts.get("v") != 1:
        return None
    canonical = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    good = canonical == leaf and all(isinstance(value, str | int) and value != "" for value in facts.values())
    return facts if good else None


def _replay_key(facts: dict[str, Any]) -> bytes:
    return hashlib.sha256(f"{facts.get('consumer', '')}\0{facts.get('message_id', '')}".encode()).digest()


def _change_name(fact: Fact) -> str:
    """The name of a change's record: its number and its digest (EVD-04)."""
    canonical = json.dumps(_whole(fact), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return f"change-{fact['number']}-{hashlib.sha256(canonical).hexdigest()[:16]}-c"


def _whole(value: Any) -> Any:
    """RFC 8785 writes a number without a fraction as a whole one."""
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _wrong(record: _Record) -> Iterator[str]:
    row, facts = record.row, record.facts
    columns = (row.record, row.kind, row.at, row.consumer, row.service[:256], row.outcome)
    named = ("record", "kind", "at", "consumer", "service", "outcome")
    if columns != tuple(facts.get(name, "") for name in named):
        yield "columns differ from the leaf"
    if row.record != str(facts.get("exchange")) + _SUFFIX.get(row.kind, "?"):
        yield "record with a wrong name"
    if row.message is None or row.sent is None:
        yield "record without its messages"
        return
    if row.kind == "request":
        if row.replay_key != _replay_key(facts):
            yield "replay key is not of consumer and message id"
        if row.message != facts.get("message_sha256"):
            yield "kept message is not the one recorded"
    elif row.replay_key is not None:
        yield "replay key on what is no request"
    if row.kind == "change":
        if row.message != facts.get("message_sha256"):
            yield "kept message is not the one recorded"
        name = f"change-{row.record.split('-')[1]}-{(row.message or '')[:16]}-c" if row.record.count("-") == 3 else ""
        if row.record != name or row.consumer or row.outcome != "changed" or row.sent_size:
            yield "record of a change in another form"
    if row.kind == "answer" and row.message_size and row.message != facts.get("message_sha256"):
        yield "kept message is not the one recorded"
    # Of a stranger's refusal the facts and digests are enough (evidence.keep_strangers_per_second).
    if row.kind == "refusal" and row.consumer and not row.sent_size:
        yield "refusal without its fault"


def check(
    log: str,
    providers: Sequence[Path] = (),
    clients: Sequence[Path] = (),
    stepped: bool = False,
    registry: str = "",
    master: bytes = b"",
) -> Verdict:
    """Compare a log with the journals, and with the registry's changes.

    Args:
        log: a SQLite file's path, or a libpq URL.
        registry: likewise; "" where changes are not compared.
        master: the key that the log's data keys are wrapped under, where its messages are sealed.
    """
    # In this order, while load goes on too: what is heard was given before, and what is given was recorded before.
    heard = [fact for path in clients for fact in read_journal(path)]
    deliveries = [fact for path in providers for fact in read_journal(path)]
    before = list(read_changes(registry)) if registry else []
    rows, strays = list(read_rows(log, master)), read_strays(log)
    changes = (before, list(read_changes(registry))) if registry else None
    return Story(rows, strays, deliveries, heard, stepped, changes).verdict()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", help="the evidence log: a SQLite file or a libpq URL")
    parser.add_argument("--provider", type=Path, action="append", default=[], help="a provider's journal")
    parser.add_argument("--client", type=Path, action="append", default=[], help="a client's journal")
    parser.add_argument("--registry", default="", help="the registry: a SQLite file or a URL")
    parser.add_argument("--stepped", action="store_true", help="a clock was set back meanwhile")
    parser.add_argument("--master", type=Path, help="keys/bodies.key, where messages are sealed")
    parser.add_argument("--passphrase", type=Path, help="the file of its passphrase")
    arguments = parser.parse_args()
    master = b""
    if arguments.master is not None:
        master = master_key(arguments.master, arguments.passphrase.read_bytes().strip())
    verdict = check(arguments.log, arguments.provider, arguments.client, arguments.stepped, arguments.registry, master)
    told = {
        "counts": dict(sorted(verdict.counts.items())),
        "findings": [[finding.what, finding.where] for finding in verdict.findings],
    }
    print(json.dumps(told, indent=1))
    return 1 if verdict.findings else 0


if __name__ == "__main__":
    sys.exit(main())
