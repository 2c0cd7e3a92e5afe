"""The checker finds each falsification that is planted in a true log or a true journal; and nothing in a true one."""

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.faults.checker import Verdict, check
from support.faults.evidence import libpq_url, read_rows
from support.faults.journal import read_journal
from support.faults.processes import TESTS
from support.faults.scene import Scene
from support.faults.unsealed import master_key
from support.place import Place
from support.records import a_record

from esb.admin.body_key import Places, make_body_key, open_masters
from esb.audit.store import open_store


@dataclass
class Told:
    """A log and its journals, to be falsified."""

    log: Path
    provider: Path
    client: Path
    registry: Path

    def verdict(self) -> Verdict:
        return check(str(self.log), [self.provider], [self.client], registry=str(self.registry))

    def sql(self, statement: str, *values: object, registry: bool = False) -> None:
        file = sqlite3.connect(self.registry if registry else self.log, isolation_level=None)
        try:
            changed = file.execute(statement, values).rowcount
        finally:
            file.close()
        assert changed != 0, "the falsification changed nothing"

    def one(self, query: str) -> Any:
        file = sqlite3.connect(self.log)
        try:
            return file.execute(query).fetchone()[0]
        finally:
            file.close()

    def rewrite(self, journal: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
        facts = read_journal(journal)
        before = json.dumps(facts)
        change(facts)
        assert json.dumps(facts) != before, "the falsification changed nothing"
        journal.write_text("".join(json.dumps(fact) + "\n" for fact in facts))

    def leaf(self, record: str, **changes: Any) -> None:
        """Write another leaf for a record, in canonical form, its columns with it."""
        facts = json.loads(self.one(f"SELECT leaf FROM record WHERE record = '{record}'"))
        facts = {name: value for name, value in {**facts, **changes}.items() if value is not None}
        leaf = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        self.sql("UPDATE record SET leaf = ? WHERE record = ?", leaf, record)


@pytest.fixture(scope="module")
def true_story(fault_template: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few exchanges, answered, refused, and refused after the record."""
    folder = tmp_path_factory.mktemp("true")
    # In the clear, so that what is kept can be falsified by plain SQL.
    scene = Scene(fault_template, folder, environment={"SHLUZ_KEYS_BODY_KEY": ""})
    try:
        scene.bus.start()
        for _ in range(3):
            assert scene.ask()["status"] == 200
        assert scene.ask(created=1_000_000_000)["rule"] == "TIM-02"
        scene.provider.behave("html")
        assert scene.ask()["rule"] == "PRV-03"
        assert scene.bus.stop() == 0
    finally:
        scene.close()
    return folder


@pytest.fixture
def told(true_story: Path, tmp_path: Path) -> Told:
    for name in ("home/evidence.db", "provider.jsonl", "client0.jsonl", "home/registry.db"):
        shutil.copyfile(true_story / name, tmp_path / Path(name).name)
    return Told(*(tmp_path / name for name in ("evidence.db", "provider.jsonl", "client0.jsonl", "registry.db")))


def test_a_true_story_is_sound(told: Told) -> None:
    verdict = told.verdict()
    assert verdict.findings == []
    wanted = {"request": 4, "answer": 3, "refusal": 2, "delivered": 4, "answered": 3, "refused": 2, "sent": 5}
    assert {name: verdict.counts[name] for name in wanted} == wanted


FIRST = "(SELECT min(id) FROM record WHERE kind = 'answer')"
CHANGE = "(SELECT max(id) FROM record WHERE kind = 'change')"

# What is done to the log, and what must be found at least.
FALSE_LOGS: dict[str, tuple[str, set[str]]] = {
    "an answer's record is removed": (
        f"DELETE FROM record WHERE id = {FIRST}",
        {"acknowledged and not on record", "message without a record"},
    ),
    "a refusal's record is removed": (
        "DELETE FROM record WHERE id = (SELECT min(id) FROM record WHERE kind = 'refusal')",
        {"acknowledged and not on record"},
    ),
    "a request's record is removed": (
        "DELETE FROM record WHERE id = (SELECT min(id) FROM record WHERE kind = 'request')",
        {"delivered without a record", "answer without its request", "request that a record cites is missing"},
    ),
    "the request of a refusal is removed": (
        "DELETE FROM record WHERE kind = 'request' AND "
        "substr(record, 1, 36) IN (SELECT substr(record, 1, 36) FROM record WHERE kind = 'refusal')",
        {"refusal after the record without its request", "delivered without a record"},
    ),
    "an answer's octets are changed": (
        f"UPDATE body SET sent = CAST(sent || x'20' AS BLOB) WHERE id = {FIRST}",
        {"other octets acknowledged than recorded"},
    ),
    "a request's octets are changed": (
        "UPDATE body SET message = CAST(message || x'20' AS BLOB) "
        "WHERE id = (SELECT min(id) FROM record WHERE kind = 'request')",
        {"kept message is not the one recorded"},
    ),
    "a record's messages are removed": (f"DELETE FROM body WHERE id = {FIRST}", {"record without its messages"}),
    "a leaf is spoilt": (
        f"UPDATE record SET leaf = CAST(leaf || x'20' AS BLOB) WHERE id = {FIRST}",
        {"leaf not in canonical form"},
    ),
    "a leaf is no JSON": (f"UPDATE record SET leaf = x'ff' WHERE id = {FIRST}", {"leaf not in canonical form"}),
    "a column is changed": (f"UPDATE record SET consumer = 'X' WHERE id = {FIRST}", {"columns differ from the leaf"}),
    "a record is renamed": (
        f"UPDATE record SET record = 'x' || record WHERE id = {FIRST}",
        {"record with a wrong name", "acknowledged and not on record"},
    ),
    "a record is put before its request": (
        f"UPDATE record SET id = -1 WHERE id = {FIRST}",
        {"record before its request"},
    ),
    "a replay key is another": (
        "UPDATE record SET replay_key = x'00' WHERE id = (SELECT min(id) FROM record WHERE kind = 'request')",
        {"replay key is not of consumer and message id"},
    ),
    "an answer has a replay key": (
        f"UPDATE record SET replay_key = x'00' WHERE id = {FIRST}",
        {"replay key on what is no request"},
    ),
    "a refusal's fault is not kept": (
        "UPDATE body SET sent = x'' WHERE id = (SELECT min(id) FROM record WHERE kind = 'refusal')",
        {"refusal without its fault", "other octets acknowledged than recorded"},
    ),
    "a change's record is removed": (f"DELETE FROM record WHERE id = {CHANGE}", {"change without a record"}),
    "a change's message is altered": (
        f"UPDATE body SET message = CAST(replace(message, 'operator', 'somebody') AS BLOB) WHERE id = {CHANGE}",
        {"kept message is not the one recorded", "record of a change in another form"},
    ),
    "a change's record has another number": (
        f"UPDATE record SET record = replace(record, 'change-', 'change-9') WHERE id = {CHANGE}",
        {"change without a record", "record of a change that never was", "record with a wrong name"},
    ),
}

FALSE_REGISTRIES: dict[str, tuple[str, set[str]]] = {
    "another is said to have acted": (
        "UPDATE changes SET author = 'somebody' WHERE number = 3",
        {"change without a record", "record of a change that never was"},
    ),
    "what was done is altered": (
        "UPDATE changes SET detail = '{}' WHERE number = 3",
        {"change without a record", "record of a change that never was"},
    ),
    "a time is altered": (
        "UPDATE changes SET at = replace(at, '20', '19') WHERE number = 3",
        {"change without a record", "record of a change that never was"},
    ),
    "an act is forgotten": ("DELETE FROM changes WHERE number = 3", {"record of a change that never was"}),
    "an act is made up": (
        "INSERT INTO changes (at, author, act, kind, key, detail) SELECT at, author, act, kind, key, detail "
        "FROM changes",
        {"change without a record"},
    ),
}


@pytest.mark.parametrize("name", FALSE_LOGS)
def test_a_false_log_is_found_out(told: Told, name: str) -> None:
    statement, wanted = FALSE_LOGS[name]
    told.sql(statement)
    assert told.verdict().kinds() >= wanted


@pytest.mark.parametrize("name", FALSE_REGISTRIES)
def test_a_registry_that_was_falsified_is_found_out(told: Told, name: str) -> None:
    statement, wanted = FALSE_REGISTRIES[name]
    told.sql(statement, registry=True)
    assert told.verdict().kinds() == wanted


def test_two_requests_with_one_replay_key(told: Told) -> None:
    """Past the unique index: the key's column says one thing and the leaves another."""
    first, second = (
        told.one(f"SELECT record FROM record WHERE kind = 'request' ORDER BY id LIMIT 1 OFFSET {n}") for n in (0, 1)
    )
    facts = json.loads(told.one(f"SELECT leaf FROM record WHERE record = '{first}'"))
    told.leaf(second, message_id=facts["message_id"])
    assert told.verdict().kinds() >= {"two requests with one replay key"}


def test_an_answer_bound_to_another_request(told: Told) -> None:
    record = told.one("SELECT record FROM record WHERE kind = 'answer'")
    told.leaf(record, request_leaf="0" * 64)
    assert told.verdict().kinds() >= {"record bound to another request", "receipt cites another leaf"}


def test_an_exchange_that_was_answered_and_refused(told: Told) -> None:
    exchange = told.one("SELECT substr(record, 1, 36) FROM record WHERE kind = 'answer'")
    facts = json.loads(told.one(f"SELECT leaf FROM record WHERE record = '{exchange}-a'"))
    name = f"{exchange}-r"
    facts |= {"record": name, "kind": "refusal"}

    def plant(**changes: str) -> None:
        leaf = json.dumps({**facts, **changes}, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        if told.one(f"SELECT count(*) FROM record WHERE record = '{name}'"):
            told.sql("DELETE FROM body WHERE id IN (SELECT id FROM record WHERE record = ?)", name)
        told.sql(
            "INSERT OR REPLACE INTO record SELECT max(id) + 1, ?, 'refusal', ?, ?, ?, ?, NULL, NULL, ? FROM record",
            *(name, facts["at"], facts["consumer"], facts["service"], changes["outcome"], leaf),
        )
        told.sql("INSERT INTO body SELECT max(id), x'', x'20', NULL FROM record")

    plant(outcome="ProviderFault", rule="PRV-03")
    assert told.verdict().kinds() == {"answered and refused"}
    # What may be is this: the end of the answer's commit was not seen, and BUS-01 told and recorded.
    plant(outcome="Overloaded", rule="BUS-01")
    assert told.verdict().findings == []


def _first(event: str) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    return lambda facts: next(fact for fact in facts if fact["event"] == event)


# What is done to the provider's journal.
FALSE_DELIVERIES: dict[str, tuple[Callable[[list[dict[str, Any]]], object], set[str]]] = {
    "a delivery is doubled": (lambda facts: facts.append(dict(facts[0])), {"delivered twice"}),
    "a person is asked for in two exchanges": (
        lambda facts: facts.append({**facts[1], "fin": facts[0]["fin"]}),
        {"delivered twice"},
    ),
    "a delivery that nobody recorded": (
        lambda facts: facts.append({**facts[0], "exchange": "x", "fin": "x"}),
        {"delivered without a record"},
    ),
    "a delivery that came before its record": (
        lambda facts: facts[0].update(recorded=False),
        {"delivered ahead of its record"},
    ),
    "another message": (
        lambda facts: facts[0].update(request=facts[1]["request"]),
        {"delivered another message than recorded"},
    ),
    "an answer that was never given": (lambda facts: facts.pop(0), {"answer that the provider never gave"}),
}


@pytest.mark.parametrize("name", FALSE_DELIVERIES)
def test_a_false_delivery_is_found_out(told: Told, name: str) -> None:
    change, wanted = FALSE_DELIVERIES[name]
    told.rewrite(told.provider, change)
    assert told.verdict().kinds() >= wanted


# What is done to the client's journal: to the first answer that it heard, or the first refusal.
FALSE_ANSWERS: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    "an answer of no exchange on record": (
        "answered",
        {"exchange": "x"},
        {"acknowledged and not on record", "answer that the provider never gave"},
    ),
    "a refusal of no exchange on record": ("refused", {"exchange": "x"}, {"acknowledged and not on record"}),
    "other octets": ("answered", {"answer": "0" * 64}, {"other octets acknowledged than recorded"}),
    "another leaf": ("answered", {"leaf": "0" * 64}, {"receipt cites another leaf"}),
    "another request's leaf": ("answered", {"request_leaf": "0" * 64}, {"receipt cites another request"}),
    "a receipt for another request": ("answered", {"receipt": "0" * 64}, {"receipt for another request"}),
    "another request altogether": (
        "answered",
        {"request": "0" * 64, "receipt": "0" * 64},
        {"acknowledged another request than recorded"},
    ),
    "a reply to another": ("answered", {"related": "urn:uuid:x"}, {"reply relates to another message"}),
    "another's person": ("answered", {"fin": "ZZZZZZZ"}, {"answer to another's question"}),
    "no signature": ("answered", {"signed": False}, {"reply without the bus's signature"}),
    "no receipt": ("refused", {"exchange": ""}, {"reply without the bus's signature"}),
}


@pytest.mark.parametrize("name", FALSE_ANSWERS)
def test_a_false_answer_is_found_out(told: Told, name: str) -> None:
    event, changes, wanted = FALSE_ANSWERS[name]
    told.rewrite(told.client, lambda facts: _first(event)(facts).update(changes))
    assert told.verdict().kinds() >= wanted


def test_a_reply_that_says_that_nothing_could_be_recorded_needs_no_record(told: Told) -> None:
    told.rewrite(told.client, lambda facts: _first("refused")(facts).update(exchange="x", rule="BUS-01"))
    assert told.verdict().findings == []


def test_a_torn_journal_is_not_passed_over(told: Told) -> None:
    told.provider.write_text('{"exchange": "x"\n')
    with pytest.raises(ValueError, match=r"provider\.jsonl, line 1, is torn"):
        told.verdict()


def test_the_command_tells_and_fails(told: Told) -> None:
    def run() -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-m", "support.faults.checker", str(told.log)]
        command += ["--provider", str(told.provider), "--client", str(told.client), "--registry", str(told.registry)]
        done = subprocess.run(command, cwd=TESTS, capture_output=True, check=False)
        return done.returncode, json.loads(done.stdout)

    status, said = run()
    assert (status, said["findings"]) == (0, [])
    number = told.one(f"SELECT {FIRST}")
    told.sql(f"DELETE FROM record WHERE id = {FIRST}")
    status, said = run()
    assert status == 1
    assert ["message without a record", str(number)] in said["findings"]


def test_it_reads_a_database_as_it_reads_a_file(told: Told, fresh_postgres: str) -> None:
    from esb.audit.postgres import PostgresStore

    url = libpq_url(fresh_postgres)
    store = PostgresStore(url)
    store.idle()  # makes the tables
    store.close()
    file = sqlite3.connect(told.log)
    with psycopg.connect(url) as database, database.cursor() as cursor:
        for table, columns in (("record", 10), ("body", 4)):
            for row in file.execute(f"SELECT * FROM {table}"):
                marks = ",".join(["%s"] * columns)
                cursor.execute(f"INSERT INTO evidence.{table} VALUES ({marks})", row)  # type: ignore[arg-type]
    file.close()
    verdict = check(url, [told.provider], [told.client])
    assert verdict.findings == []
    assert verdict.counts == told.verdict().counts
    with psycopg.connect(url) as database:
        database.execute("DELETE FROM evidence.record WHERE kind = 'answer'")
    assert check(url, [told.provider], [told.client]).kinds() == {
        "acknowledged and not on record",
        "message without a record",
    }


def test_digests_are_of_what_is_kept(told: Told) -> None:
    kept = told.one("SELECT sent FROM body WHERE id = (SELECT min(id) FROM record WHERE kind = 'answer')")
    heard = _first("answered")(read_journal(told.client))
    assert hashlib.sha256(kept).hexdigest() == heard["answer"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_sealed_messages_are_opened_with_the_master_key_alone(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    where = str(request.getfixturevalue("fresh_postgres_dsn") if kind == "postgresql" else tmp_path / "evidence.db")
    make_body_key(tmp_path / "bodies.key", b"secret")
    masters = open_masters(Places(tmp_path / "bodies.key"), b"secret")
    store = open_store(where if kind == "postgresql" else f"sqlite:///{where}", masters)
    record = a_record(message=b"<asked/>", sent=b"<told/>")
    store.write([record])
    store.close()
    master = master_key(tmp_path / "bodies.key", b"secret")
    digests = (hashlib.sha256(b"<asked/>").hexdigest(), 8, hashlib.sha256(b"<told/>").hexdigest(), 7)
    ((*_, message, size, sent, sent_size),) = map(astuple, read_rows(where, master))
    assert (message, size, sent, sent_size) == digests
    for wrong in (b"", bytes(32)):
        ((*_, message, size, _, _),) = map(astuple, read_rows(where, wrong))
        assert (message, size) != digests[:2]
