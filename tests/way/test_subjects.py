"""Persons on the wire, on both databases: whom a message names is recorded as a pseudonym, found again by the FIN, told
as far as the law lets it be told, and the FIN itself stands nowhere but in the messages."""

import base64
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import libpq, temporary_database
from support.archives import archived, dropped, exchange_at, fill, moment
from support.client import COUNT_PERSONS, GET_PERSON
from support.place import CONTRACTS, PASSPHRASE, PERSONS, Place, make_place
from support.provider import Delivered, Given, Provider, envelope11
from support.records import a_record
from support.way import Asker, expect_answer, expect_refusal

from esb.admin.deferrals import decide, defer
from esb.admin.hosted import hosted_contract
from esb.admin.log_key import log_origin, open_log_signer
from esb.admin.services import register_service
from esb.admin.subject_history import Asked, Histories, History, View
from esb.admin.subject_keys import epochs, make_first_key, open_every_key, rotate_key
from esb.admin.subject_paths import name_subjects
from esb.admin.subject_proofs import ProofsInvalid, check_proofs, write_proofs
from esb.audit.depot import Folder
from esb.audit.entry import MANY
from esb.audit.leaf import leaf_hash
from esb.audit.log_key import LogSigner
from esb.audit.notes import NoteKey
from esb.audit.proof import read_proof
from esb.audit.reading import log_reading
from esb.audit.store import locate, open_store
from esb.audit.tree_reader import TreeReader
from esb.kernel import rules
from esb.kernel.directory import SignatureMode
from esb.kernel.names import ServiceId
from esb.kernel.pseudonyms import Pseudonyms
from esb.registry.acts import list_changes
from esb.registry.database import reading
from esb.registry.deferrals import Deferral
from esb.registry.errors import Invalid
from esb.registry.services import Terms
from esb.registry.subject_models import DeferralStatus, Telling
from esb.wsdl.read import read_contract

PEOPLE = ServiceId.parse("DIN/IAMAS/People/v1")
SUBJECTS = ServiceId.parse("DIN/BUS/Subjects/v1")
FIN, OTHER = "5ABC123", "7XYZ321"
S = "urn:shluz:subjects:1"
HIDDEN = Deferral(Telling.HIDDEN, days=30)


class Heard:
    """What the bus said in its log."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, event: str, **facts: object) -> None:
        self.lines.append(f"{event} {facts!r}")


@pytest.fixture(scope="module")
def own_database(postgres_url: str) -> Iterator[str]:
    with temporary_database(postgres_url) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("subjects")
    environment = {"SHLUZ_ARCHIVE_PLACE": str(folder / "archive")}
    if request.param == "postgresql":
        url = libpq(request.getfixturevalue("own_database"))
        environment |= {"SHLUZ_REGISTRY_URL": url, "SHLUZ_EVIDENCE_URL": url}
    provider = Provider()
    place = make_place(folder / "home", provider, SHLUZ_REGISTRY_POLL_SECONDS="60", **environment)
    place.member("STRANGER")
    place.member("POLICE")
    only = frozenset({"GetPerson"})
    place.grant("POLICE", purpose="search", legal_basis="Law on operative search", operations=only)
    (folder / "person.wsdl").write_bytes((CONTRACTS / "person.wsdl").read_bytes())
    one = 'name="person" type="p:Person" minOccurs="0"'
    many = (CONTRACTS / "person.xsd").read_text().replace(one, f'{one} maxOccurs="unbounded"')
    (folder / "person.xsd").write_text(many)
    hosted = Terms(endpoint="subjects", adapter="hosted", signature=SignatureMode.NONE, timeout=10.0)
    for service, contract, terms in (
        (PEOPLE, read_contract(folder / "person.wsdl"), Terms(provider.url, timeout=2.0)),
        (SUBJECTS, hosted_contract("subjects"), hosted),
    ):
        register_service(place.engine, service, contract, terms, author="a", now=time.time(), told=lambda _: None)
        place.grant("EESMN", service)
    for service in (PERSONS, PEOPLE):
        paths = (["GetPerson/fin"], ["GetPersonResponse/person/fin"])
        name_subjects(place.engine, service, "GetPerson", *paths, author="a", now=time.time())
    name_subjects(place.engine, PERSONS, "NotePerson", ["NotePerson/fin"], (), author="a", now=time.time())
    let_a_month_go(place, Folder(folder / "archive"))
    with place.serve():
        assert place.node is not None
        place.node.way.log = place.node.way.trace = Heard()
        yield place
    provider.close()


def let_a_month_go(place: Place, depot: Folder) -> None:
    """The log begins with a month in which the person was asked about once, and which has left it."""
    url, at, signer = place.settings.evidence.url, moment("2026-01") - 5_000_000, _log_signer(place)
    make_first_key(place.settings.keys.subjects, PASSPHRASE)
    store = open_store(url, None, lambda: at / 1_000_000)
    store.write([a_record(exchange_at(at, "old"), at=at, subject=pseudonym(place), consumer="EESMN")])
    store.close()
    fill(url, {"2026-01": 260, "2026-02": 9}, signer)
    archived(url, depot, "2026-01", signer)
    assert dropped(url, depot, "2026-01", signer) == 255


@pytest.fixture
def asker(place: Place) -> Asker:
    place.provider.reset()
    return Asker(place)


@cache
def opened(folder: Path, known: tuple[int, ...]) -> Pseudonyms:
    """To open a key takes a fifth of a second."""
    return open_every_key(folder, PASSPHRASE)


def every_key(place: Place) -> Pseudonyms:
    folder = place.settings.keys.subjects
    return opened(folder, tuple(epochs(folder)))


def histories(place: Place) -> Histories:
    assert place.node is not None
    return Histories(place.engine, place.settings.evidence.url, lambda: every_key(place), place.node.vault)


def read(place: Place, fin: str = FIN, view: View = View.PERSON, now: float | None = None, **asked: Any) -> History:
    found = histories(place)
    try:
        return found.read(fin, Asked(**asked), view, "Letter 17", author="officer", now=now or time.time())
    finally:
        found.close()


def pseudonym(place: Place, fin: str = FIN) -> str:
    return every_key(place).of(fin)


def get_person(fin: str) -> bytes:
    return GET_PERSON.replace(FIN.encode(), fin.encode())


def people(*fins: str) -> Callable[[Delivered], Given]:
    one = "<p:person><p:fin>{}</p:fin><p:surname>A</p:surname><p:name>B</p:name><p:born>1990-05-12</p:born></p:person>"
    inner = "".join(one.format(fin) for fin in fins)
    content = f'<p:GetPersonResponse xmlns:p="urn:example:person">{inner}</p:GetPersonResponse>'
    return lambda _: Given(envelope11(content.encode()))


def microseconds() -> int:
    return int(time.time() * 1_000_000)


def test_whom_a_message_names_is_on_record_under_a_pseudonym(asker: Asker, place: Place) -> None:
    exchange = asker.ask()
    expect_answer(exchange)
    assert [(each.entry.subject, each.entry.unnamed) for each in exchange.records] == [(pseudonym(place), None)] * 2
    counted = asker.ask(body=COUNT_PERSONS)  # an operation of which nobody has said anything
    assert [each.entry.subject for each in counted.records] == ["", ""]


def test_every_person_of_an_answer_is_found_and_of_very_many_the_record_says_so(asker: Asker, place: Place) -> None:
    since = microseconds()
    place.provider.answer = people(FIN, OTHER, FIN)
    request, answer = asker.ask(body=get_person("0000001"), service=PEOPLE).records
    assert request.entry.subject == pseudonym(place, "0000001")
    assert answer.entry.subject == " ".join(sorted([pseudonym(place), pseudonym(place, OTHER)]))
    (line,) = read(place, OTHER, since=since).lines
    assert (line.named, line.outcome, line.entry.exchange) == (("answer",), "answered", answer.entry.exchange)
    place.provider.answer = people(*(f"{number:07d}" for number in range(150)))
    _, answer = asker.ask(body=get_person("0000001"), service=PEOPLE).records
    names = answer.entry.subject.split(" ")
    assert (len(names), names[-1], answer.entry.unnamed) == (101, MANY, 50)
    told = read(place, OTHER, since=since)
    assert (len(told.lines), told.crowded) == (1, 1)  # the person may have been among the fifty
    assert read(place, "0000001", since=since).crowded == 0


def test_refused_requests_name_whom_they_asked_for_once_their_sender_is_known(asker: Asker, place: Place) -> None:
    since = microseconds()
    denied = asker.ask(place.consumers["STRANGER"])
    expect_refusal(denied, rules.ACC_GRANT, consumer="STRANGER")
    assert denied.records[0].entry.subject == pseudonym(place)
    broken = asker.ask(body=get_person("5abc-12"))
    expect_refusal(broken, rules.SCH_REQUEST, consumer="EESMN", secrets=("5abc-12",))
    assert broken.records[0].entry.subject == ""
    forged = asker.send(place.consumers["EESMN"].sign().replace(FIN.encode(), OTHER.encode()))
    assert forged.records[0].entry.subject == ""
    place.provider.answer = people("0000001", "no FIN")
    unfit = asker.ask(body=get_person(FIN), service=PEOPLE)
    expect_refusal(unfit, rules.SCH_ANSWER, consumer="EESMN", after_record=True, receiver=True)
    assert [each.entry.subject for each in unfit.records] == [pseudonym(place)] * 2
    lines = read(place, since=since).lines
    assert [(line.entry.consumer, line.outcome, line.rule) for line in lines] == [
        ("EESMN", "SchemaViolation", "SCH-02"),
        ("STRANGER", "AccessDenied", "ACC-02"),
    ]


def test_a_history_tells_who_and_on_which_ground_in_both_languages(asker: Asker, place: Place) -> None:
    since = microseconds()
    header = (
        b'<e:Exchange xmlns:e="urn:shluz:exchange:1"><e:caseNumber>8/2026</e:caseNumber>'
        b"<e:officer>L. Quliyeva</e:officer></e:Exchange>"
    )
    asker.ask(headers=(header,))
    history = read(place, f" {FIN.lower()} ", since=since)
    (line,) = history.lines
    assert (line.entry.purpose, line.entry.legal_basis, line.entry.grant) == ("test", "Law 1", 1)
    assert (line.entry.case_number, line.entry.officer, line.named) == ("8/2026", "L. Quliyeva", ("request", "answer"))
    assert line.consumer is not None
    assert line.provider is not None
    assert (line.consumer.az, line.provider.en) == ("EESMN Nazirliyi", "Ministry DIN")
    assert (history.withheld, history.crowded, history.next) == (0, 0, None)
    assert read(place, since=since, until=line.entry.at).lines == ()
    assert len(read(place, since=line.entry.at, until=line.entry.at + 1).lines) == 1
    assert read(place, "0000000", since=since).lines == ()


def test_pages_tell_each_exchange_once(asker: Asker, place: Place) -> None:
    since = microseconds()
    asked = [asker.ask().reply.exchange for _ in range(3)]
    first = read(place, since=since, limit=2)
    second = read(place, since=since, limit=2, before=first.next)
    assert [line.entry.exchange for line in (*first.lines, *second.lines)] == asked[::-1]
    assert second.next is None


def test_that_a_history_is_read_is_on_record_first_and_without_the_fin(place: Place) -> None:
    read(place, view=View.OPERATOR, since=1)
    with reading(place.engine) as session:
        row = list_changes(session)[-1]
        assert (row.act, row.kind, row.key, row.author) == ("read", "subject", pseudonym(place), "officer")
        assert row.detail == {"view": "operator", "reason": "Letter 17", "since": 1}
    for fin, reason in (("not a fin", "Letter"), (FIN, " "), (FIN, f"about {FIN.lower()}")):
        with pytest.raises(Invalid) as refused:
            histories(place).read(fin, Asked(), View.PERSON, reason, author="officer", now=time.time())
        assert FIN not in str(refused.value).upper()


def test_what_the_law_defers_is_hidden_or_counted_until_its_day(asker: Asker, place: Place) -> None:
    since = microseconds()
    expect_answer(asker.ask(place.consumers["POLICE"]))
    # Refused before a grant was found: it must not give away what the grant's deferral hides.
    noted = GET_PERSON.replace(b"GetPerson", b"NotePerson")
    expect_refusal(asker.ask(place.consumers["POLICE"], body=noted), rules.ACC_GRANT, consumer="POLICE")
    refused, line = read(place, since=since).lines
    assert refused.entry.grant is None
    grant, at = line.entry.grant, line.entry.at / 1_000_000
    assert grant is not None

    def rule(deferral: Deferral) -> None:
        number = defer(place.engine, grant, deferral, "Law on operative search, 5", author="first", now=time.time())
        decide(place.engine, number, DeferralStatus.APPROVED, author="second", now=time.time())

    rule(HIDDEN)
    hidden = read(place, since=since)
    assert (hidden.lines, hidden.withheld, hidden.crowded) == ((), 0, 0)
    _, seen = read(place, since=since, view=View.OPERATOR).lines
    assert seen.hidden
    assert seen.told_from is not None
    day = seen.told_from / 1_000_000
    assert 0 <= day - (at + 30 * 86_400) < 60
    assert read(place, since=since, now=day - 0.001).lines == ()
    assert [line.entry.grant for line in read(place, since=since, now=day + 0.001).lines] == [grant]
    rule(Deferral(Telling.COUNTED, until=time.time() + 86_400))
    counted = read(place, since=since)
    assert (counted.lines, counted.withheld) == ((), 2)
    rule(Deferral(Telling.WHOLE))
    assert len(read(place, since=since).lines) == 2


def test_each_line_comes_with_a_proof_that_others_check(asker: Asker, place: Place) -> None:
    since = microseconds()
    asker.ask()
    tree = TreeReader(place.settings.evidence.url)
    newest = asker.since(0)[-1].entry.record

    def covered() -> bool:
        latest, index = tree.latest(), tree.index_of(newest)
        return latest is not None and index is not None and index < latest.size

    until = time.monotonic() + 30
    while not covered():
        assert time.monotonic() < until
        time.sleep(0.05)
    tree.close()
    (line,) = read(place, since=since, proofs=True).lines
    assert [each.record for each in line.evidence] == [f"{line.entry.exchange}-q", f"{line.entry.exchange}-a"]
    assert place.node is not None
    text = _log_signer(place).key.text
    key = NoteKey.parse(text)
    file = write_proofs(line.evidence, text)
    assert file == write_proofs(line.evidence, text)
    assert [proved.entry.record for proved in check_proofs(file, key)] == sorted(each.record for each in line.evidence)
    forged = [type(each)(each.record, each.leaf.replace(b"Law 1", b"Law 2"), each.proof) for each in line.evidence]
    with pytest.raises(ProofsInvalid, match="is not proved"):
        check_proofs(write_proofs(forged, text), key)
    with pytest.raises(ProofsInvalid, match="key"):
        check_proofs(file, NoteKey(key.name, key.kind, bytes(32)))


def _log_signer(place: Place) -> LogSigner:
    origin = log_origin(place.settings.evidence.origin, place.settings.bus.address)
    return open_log_signer(place.settings.keys.log_key, PASSPHRASE, origin)


def subject_history(asker: Asker, officer: str = "tracker", operation: str = "subjectHistory", **more: object) -> Any:
    given = {"fin": FIN, "reason": "Shown to the person", **more}
    order = ("fin", "reason", "since", "until", "before", "limit", "proofs")
    inner = "".join(f"<s:{name}>{given[name]}</s:{name}>" for name in order if name in given)
    body = f'<s:{operation} xmlns:s="{S}">{inner}</s:{operation}>'.encode()
    header = f'<e:Exchange xmlns:e="urn:shluz:exchange:1"><e:officer>{officer}</e:officer></e:Exchange>'
    return asker.ask(body=body, service=SUBJECTS, headers=(header.encode(),) if officer else ()).reply


def test_the_tracker_is_told_the_same_over_soap(asker: Asker, place: Place) -> None:
    since = datetime.now(UTC).isoformat()
    asked = [asker.ask().reply.exchange for _ in range(2)]
    reply = subject_history(asker, since=since, limit=1, proofs="true")
    page = reply.payload[0]
    names = {f"{{{S}}}{name}": name for name in ("question", "withheld", "crowded", "unread", "next")}
    assert [names[child.tag] for child in page] == ["question", "withheld", "crowded", "unread", "next"]
    question = page[0]
    assert question.findtext(f"{{{S}}}exchange") == asked[1]
    assert question.findtext(f"{{{S}}}legalBasis") == "Law 1"
    assert question.findtext(f"{{{S}}}consumerName/{{{S}}}az") == "EESMN Nazirliyi"
    leaf = base64.b64decode(question.findtext(f"{{{S}}}proof/{{{S}}}leaf"))
    proof = question.findtext(f"{{{S}}}proof/{{{S}}}proof")
    if proof is not None:  # a checkpoint may have covered it already
        read_proof(base64.b64decode(proof)).check(leaf_hash(leaf))
    following = subject_history(asker, since=since, limit=1, before=page.findtext(f"{{{S}}}next"))
    assert [each.text for each in following.payload.iter(f"{{{S}}}exchange")] == asked[:1]
    with reading(place.engine) as session:
        assert list_changes(session)[-1].author == "EESMN/tracker"
    refused = subject_history(asker, officer="")
    assert b"OfficerMissing" in refused.body
    assert subject_history(asker, fin="5abc123").rule == "SCH-01"
    assert b"without the FIN" in subject_history(asker, reason=f"for {FIN}").body


def test_the_tracker_reads_what_has_left_the_log_or_is_told_of_which_time_it_is_not_told(
    asker: Asker, place: Place, tmp_path: Path
) -> None:
    asked = {"until": "2026-02-01T00:00:00Z", "proofs": "true"}
    whole = subject_history(asker, operation="wholeSubjectHistory", **asked).payload[0]
    assert [each.tag.partition("}")[2] for each in whole] == ["question", "withheld", "crowded", "unread"]
    leaf, proof = (base64.b64decode(whole.findtext(f".//{{{S}}}proof/{{{S}}}{name}")) for name in ("leaf", "proof"))
    read_proof(proof).check(leaf_hash(leaf))
    archive = Path(place.settings.archive.place)
    archive.rename(tmp_path / "away")
    part = subject_history(asker, operation="wholeSubjectHistory", **asked).payload[0]
    names = ["withheld", "crowded", "unread", "completeFrom", "gap"]
    assert [each.tag.partition("}")[2] for each in part] == names
    since, until, records = (each.text for each in part[-1])
    assert since[:10] == "2026-01-02"
    assert until[:10] == "2026-01-03"
    assert (records, part.findtext(f"{{{S}}}completeFrom"), part.findtext(f"{{{S}}}unread")) == ("256", until, "256")
    # Consumers of the operation of before see only what they know.
    before = subject_history(asker, **asked).payload[0]
    assert [each.tag.partition("}")[2] for each in before] == names[:3]
    later = subject_history(asker, operation="wholeSubjectHistory", since=until, until=asked["until"]).payload[0]
    assert [each.tag.partition("}")[2] for each in later] == names[:3]
    (tmp_path / "away").rename(archive)


def test_a_person_is_found_under_the_key_before_as_well(asker: Asker, place: Place) -> None:
    since = microseconds()
    before = pseudonym(place)
    old = asker.ask()
    rotate_key(place.engine, place.settings.keys.subjects, PASSPHRASE, author="officer", now=time.time())
    place.settle()
    new = asker.ask()
    assert old.records[0].entry.subject == before
    assert new.records[0].entry.subject == pseudonym(place) != before
    found = [line.entry.exchange for line in read(place, since=since).lines]
    assert found == [new.reply.exchange, old.reply.exchange]


def test_the_fin_stands_nowhere_but_in_the_messages(asker: Asker, place: Place) -> None:
    asker.ask()
    assert place.node is not None
    heard = "\n".join(place.node.way.log.lines)  # type: ignore[attr-defined]
    assert "refused" in heard
    log = log_reading(locate(place.settings.evidence.url))
    columns = "record, kind, consumer, service, outcome, leaf"
    held = repr(log.rows(f"SELECT {columns} FROM record"))
    log.close()
    with reading(place.engine) as session:
        held += repr([(row.key, row.author, row.detail) for row in list_changes(session, 0, 10_000)])
    for text in (FIN, FIN.lower(), OTHER):
        assert text not in heard
        assert text not in held
    if place.settings.registry.url.startswith("sqlite"):
        files = [each for each in place.home.path.rglob("*") if each.is_file()]  # messages are sealed
        octets = b"".join(Path(each).read_bytes() for each in files)
        assert octets
        assert FIN.encode() not in octets
