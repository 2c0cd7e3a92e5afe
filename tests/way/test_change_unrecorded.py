"""A change of the registry is on record before it comes into force (EVD-04), and without a record it does not."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from support.client import Consumer, post
from support.place import Place
from support.way import MEDIA, PERSONS, Asker, path_of

from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader
from esb.kernel.soap import SoapVersion
from esb.registry.grants import revoke_grant


@pytest.fixture(scope="module")
def polling(make_own: Callable[..., Place]) -> Iterator[Place]:
    place = make_own(SHLUZ_REGISTRY_POLL_SECONDS="0.2")
    with place.serve():
        yield place


def ready(place: Place) -> dict[str, str]:
    connection = HTTPConnection("127.0.0.1", place.port, timeout=10)
    connection.request("GET", "/readyz")
    checks = json.loads(connection.getresponse().read())["checks"]
    connection.close()
    return dict(checks)


def rule(place: Place, consumer: Consumer) -> str:
    """What a request is told, whether it is on record or not."""
    return post(place.port, path_of(PERSONS), consumer.sign(), MEDIA[SoapVersion.V11]).rule


def until(true: Callable[[], bool], what: str, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


@contextmanager
def lost_log(place: Place) -> Iterator[None]:
    def rename(old: str, new: str) -> None:
        connection = sqlite3.connect(
            Path(place.settings.evidence.url.removeprefix("sqlite:///")), timeout=10, isolation_level=None
        )
        connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
        connection.close()

    rename("record", "lost")
    try:
        yield
    finally:
        rename("lost", "record")


def test_what_is_in_force_from_the_start_is_on_record(polling: Place) -> None:
    from esb.admin.recording import change_name
    from esb.registry.acts import list_changes
    from esb.registry.database import reading

    reader = EvidenceReader(polling.settings.evidence.url)
    with reading(polling.engine) as session:
        rows = list_changes(session)
    assert len(rows) > 5
    assert [len(reader.show(change_name(row))) for row in rows] == [1] * len(rows)


def test_the_record_of_a_grant_stands_before_the_first_request_under_it(polling: Place) -> None:
    asker, newcomer = Asker(polling), polling.member("NEW")
    number = polling.grant("NEW")
    until(lambda: asker.ask(newcomer).reply.status == 200, "the grant is in force")
    newest_first = EvidenceReader(polling.settings.evidence.url).recent(200)
    granted = next(each for each in newest_first if each.entry.service == f"grant:{number}")
    used = [each for each in newest_first if each.entry.grant == number and each.entry.kind is Kind.REQUEST]
    assert min(each.id for each in used) > granted.id


def test_a_revocation_waits_for_its_record_and_meanwhile_nothing_passes(polling: Place) -> None:
    """The change waits for the log; but a bus whose log is broken refuses everything anyway, so nobody gains by it."""
    asker = Asker(polling)
    consumer = polling.member("LATE")
    number = polling.grant("LATE")
    until(lambda: asker.ask(consumer).reply.status == 200, "the grant is in force")
    delivered = len(polling.provider.journal)
    before = EvidenceReader(polling.settings.evidence.url).recent(1)[0].id  # it was refused until the grant came
    with lost_log(polling):
        with polling.acting() as act:
            revoke_grant(act, number, "no longer needed")
        until(lambda: ready(polling)["changes"] != "ok", "readiness tells of the change that waits")
        assert ready(polling)["changes"] == "wait for the evidence log"
        key = ("LATE", "DIN/IAMAS/PersonQuery/v1")
        assert polling.node is not None
        assert polling.node.way.directory.grants.get(key), "the change is not in force"
        for _ in range(3):
            assert rule(polling, consumer) == "BUS-01"
        assert len(polling.provider.journal) == delivered
    # The log is back: the first thing that it holds is the revocation, or requests are refused under it at once.
    until(lambda: rule(polling, consumer) == "ACC-02", "the revocation is in force")
    until(lambda: ready(polling)["changes"] == "ok", "readiness tells that nothing waits")
    lines = EvidenceReader(polling.settings.evidence.url).recent(200)
    revoked = next(
        each for each in lines if each.entry.operation == "revoke" and each.entry.service == f"grant:{number}"
    )
    refused = [each for each in lines if each.id > before and each.entry.rule == "ACC-02"]
    assert min(each.id for each in refused) > revoked.id
