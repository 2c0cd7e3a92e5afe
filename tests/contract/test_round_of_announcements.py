"""The round of due announcements tells of everything that can come due, each once, and of no other's failure."""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine
from support.homes import fresh_home

import esb.postal
from esb.admin.errands import announce_due
from esb.certs.ca import Subject, create_authority, issue, serial_number
from esb.certs.keys import generate_key
from esb.certs.requests import make_request, read_request
from esb.conf.load import load
from esb.kernel.contract import Contract
from esb.kernel.directory import CertificateUse
from esb.kernel.faults import EsbError
from esb.kernel.names import ServiceId
from esb.postal import rounds
from esb.registry import findings, inspections
from esb.registry.acts import acting
from esb.registry.agreements import Agreement, add_agreement
from esb.registry.applications import file_application
from esb.registry.certificates import add_certificate
from esb.registry.contracts import put_contract
from esb.registry.database import open_database, reading
from esb.registry.documents import list_documents, put_document
from esb.registry.grants import Leave, add_grant
from esb.registry.members import add_member, add_system
from esb.registry.models import MemberKind
from esb.registry.notice_models import NoticeRow
from esb.registry.notices import Topic
from esb.registry.particulars import Particulars
from esb.registry.procedure import Kind, Limits
from esb.registry.procedure_models import Point, Severity
from esb.registry.services import Terms, add_service
from esb.registry.sunsets import set_sunset

NOW = float(int(time.time()))  # the home's own certificates are of today
DAY = 86_400.0
DUE = NOW + 30 * DAY
SERVICE = ServiceId.parse("DIN/IAMAS/PersonQuery/v1")
ALL = {
    Topic.GRANT_ENDING: 1,
    Topic.AGREEMENT_ENDING: 1,
    Topic.CERTIFICATE_ENDING: 1,
    Topic.SERVICE_SUNSET: 1,
    Topic.DEADLINE_MISSED: 3,  # an application, an inspection and a finding
}
"""How many notices of each topic one round tells."""


@pytest.fixture
def engine(database_url: str, make_contract: Callable[..., Contract]) -> Iterator[Engine]:
    """On day 30 one of each is due: a grant, an agreement, a certificate, a sunset, and three time limits."""
    engine = open_database(database_url)
    key, root = create_authority("Root", "p256", NOW, 400)
    request = read_request(make_request(generate_key("p256"), "x").public_bytes(Encoding.DER))
    holder, serial = Subject("DIN", "DIN"), serial_number(secrets.token_bytes(16))
    der = issue(key, root, request, holder, CertificateUse.SIGNING, NOW, 60, serial).public_bytes(Encoding.DER)
    with acting(engine, "officer", NOW) as act:
        for code in ("DIN", "DSMF"):
            add_member(act, code, f"{code} az", f"{code} en", MemberKind.STATE)
        add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
        digest = put_contract(act, b"packed", make_contract("Ask"))
        add_service(act, SERVICE, digest, Terms("https://provider.example/"))
        add_grant(act, "DSMF", SERVICE, Leave("pension", "Law 55", NOW, NOW + 60 * DAY))
        add_agreement(act, "DIN", Agreement("1", NOW, NOW + 60 * DAY))
        add_certificate(act, der, "DIN", CertificateUse.SIGNING)
        set_sunset(act, SERVICE, DUE + 20 * DAY)
        put_document(act, b"kept", "a.pdf", "application/pdf", keep_until=NOW + DAY)
        put_document(act, b"kept longer", "b.pdf", "application/pdf", keep_until=DUE + DAY)
        given = Particulars("why", "IT", service="DIN/IAMAS/Other/v1", endpoint="https://provider.example/")
        file_application(act, "DIN", Kind.NEW, given, contract=digest, limits=Limits())
        inspections.plan_inspection(act, "DIN", "plan", NOW + DAY)
        begun = inspections.plan_inspection(act, "DIN", "plan", NOW + 2 * DAY)
        inspections.start_inspection(act, begun)
        findings.add_finding(act, begun, Point.FIN, Severity.MAJOR, "FIN is not checked", "IT", NOW + 10 * DAY)
        act.session.execute(sa.update(NoticeRow).values(at=NOW - DAY))  # what these acts told themselves
    yield engine
    engine.dispose()


def told(engine: Engine) -> Counter[Topic]:
    """How many notices of each topic the round wrote."""
    with reading(engine) as session:
        return Counter(session.scalars(sa.select(NoticeRow.topic).where(NoticeRow.at >= DUE)))


def test_one_round_tells_of_all_and_a_second_of_nothing(engine: Engine, tmp_path: Path) -> None:
    made = rounds(load(fresh_home(tmp_path).path, {}).settings, engine)
    said: list[str] = []
    assert announce_due(made, DUE, lambda _text, **facts: said.append(facts["what"])) == {}
    assert told(engine) == ALL
    assert said == list(made)
    with reading(engine) as session:
        assert [one.name for one in list_documents(session, gone=False)] == ["b.pdf"]
    assert announce_due(made, DUE + 60, lambda _text, **facts: said.append(facts["what"])) == {}
    assert told(engine) == ALL
    assert said == list(made)


@pytest.mark.parametrize(
    ("broken", "topics"),
    [
        ("announce_certificate_endings", {Topic.CERTIFICATE_ENDING}),
        ("announce_endings", {Topic.GRANT_ENDING, Topic.AGREEMENT_ENDING}),
        ("announce_sunsets", {Topic.SERVICE_SUNSET}),
        ("remind", {Topic.DEADLINE_MISSED}),
    ],
)
def test_each_fails_alone(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, topics: set[Topic]
) -> None:
    def fail(*_: object) -> int:
        raise EsbError("this one is broken")

    monkeypatch.setattr(esb.postal, broken, fail)
    failed = announce_due(rounds(load(fresh_home(tmp_path).path, {}).settings, engine), DUE, lambda *_, **__: None)
    assert list(failed.values()) == ["this one is broken"]
    assert told(engine) == {topic: number for topic, number in ALL.items() if topic not in topics}
