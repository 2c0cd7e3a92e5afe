"""Keys change while two workers serve signed traffic: every answer verifies, and not one exchange fails."""

import base64
import secrets
import time
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from support.client import Consumer, Reply, verify_with_xmlsec
from support.place import PASSPHRASE, Place
from support.pressure import Pressure

from esb.admin.authority import enrol_member
from esb.admin.lists import ListsAsked
from esb.admin.member_renewal import NextNotSeen, cut_over_member
from esb.admin.renewal import CutOverTooEarly, OwnPair, begin_bus_renewal, cut_over_bus, give_up_bus
from esb.certs.keys import generate_key
from esb.certs.requests import make_request
from esb.kernel.directory import CertificateUse
from esb.registry.database import reading
from esb.registry.renewals import Subject, list_rehearsals, wanted_renewal


@pytest.fixture
def pair(crew: Place) -> OwnPair:
    keys = crew.settings.keys
    assert keys.signing_key is not None
    return OwnPair(Subject("bus"), keys.signing_key, keys.certificate)  # type: ignore[arg-type]


def until(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def begin(crew: Place, pair: OwnPair) -> x509.Certificate:
    return begin_bus_renewal(
        crew.home,
        crew.engine,
        PASSPHRASE,
        pair,
        name="bus",
        kind="p256",
        overlap_days=30,
        author="operator",
        now=time.time(),
        random=secrets.token_bytes,
    )


def rehearsed(crew: Place) -> dict[int, tuple[int, int]]:
    """Rehearsals by worker: how many, and how many failed."""
    with reading(crew.engine) as session:
        row = wanted_renewal(session, Subject("bus"))
        return {each.worker: (each.rehearsed, each.failed) for each in list_rehearsals(session, row.id)}


def signers(replies: list[Reply], *known: x509.Certificate) -> list[int]:
    """For each reply the place in ``known`` of the certificate that it carries, and with which it verifies."""
    by_token = {certificate.public_bytes(Encoding.DER): place for place, certificate in enumerate(known)}
    found = []
    for reply in replies:
        assert reply.status == 200, reply.fault_text
        token = base64.b64decode(reply.text("//wsse:BinarySecurityToken"))
        assert {"Body", "Timestamp", "Receipt"} <= verify_with_xmlsec(reply, known[by_token[token]])
        found.append(by_token[token])
    return found


def test_the_buss_key_changes_under_load_and_back_again(crew: Place, pair: OwnPair) -> None:
    old = crew.bus_certificate
    with Pressure(crew, crew.consumers["EESMN"], threads=4, pause=0.02) as pressure:
        pressure.wait_for(20)
        following = begin(crew, pair)
        with pytest.raises(CutOverTooEarly):
            cut_over_bus(crew.engine, PASSPHRASE, pair, force=False, author="operator", now=time.time())
        until(lambda: len(rehearsed(crew)) == 2 and all(done >= 3 for done, _ in rehearsed(crew).values()))
        assert all(failed == 0 for _, failed in rehearsed(crew).values())
        before = len(pressure.answers)
        cut_over_bus(crew.engine, PASSPHRASE, pair, force=False, author="operator", now=time.time())
        bus = crew.bus
        assert bus is not None
        bus.wait_for("another key signs", 2)
        pressure.wait_for(20)
        changed = len(pressure.answers)
        pressure.wait_for(40)
        assert give_up_bus(crew.engine, pair, author="operator", now=time.time())
        bus.wait_for("another key signs", 4)
        pressure.wait_for(20)
        back = len(pressure.answers)
        pressure.wait_for(20)
    assert pressure.failures == []
    who = signers(pressure.answers, old, following)
    assert set(who[: before - 8]) == {0}
    assert set(who[changed:][:20]) == {1}
    assert set(who[back:]) == {0}
    assert crew.bus_certificate == old


def test_a_next_key_that_is_given_up_signs_nothing(crew: Place, pair: OwnPair) -> None:
    begin(crew, pair)
    assert not give_up_bus(crew.engine, pair, author="operator", now=time.time())
    assert not pair.next_key.exists()
    assert not pair.next_certificate.exists()


def test_a_member_renews_under_load(crew: Place) -> None:
    first = crew.member("RENEW")
    crew.grant("RENEW")
    crew.settle()
    key = generate_key("p256")
    certificate = enrol_member(
        crew.home,
        crew.engine,
        PASSPHRASE,
        "RENEW",
        make_request(key, "RENEW").public_bytes(Encoding.PEM),
        use=CertificateUse.SIGNING,
        days=30,
        hostnames=(),
        author="operator",
        now=time.time(),
        random=secrets.token_bytes,
        overlap_days=30,
    )
    second = Consumer("RENEW", key, certificate)

    def cut_over() -> str:
        return cut_over_member(
            crew.home,
            crew.engine,
            PASSPHRASE,
            "RENEW",
            CertificateUse.SIGNING,
            crew.settings.evidence.url,
            force=False,
            author="operator",
            now=time.time(),
            asked=ListsAsked(),
        )

    with Pressure(crew, first, threads=2, pause=0.02) as old:
        old.wait_for(10)
        with pytest.raises(NextNotSeen):
            cut_over()
        crew.settle()
        with Pressure(crew, second, threads=2, pause=0.02) as new:
            new.wait_for(10)
            old.__exit__()
            assert first.certificate is not None
            assert cut_over() == first.certificate.fingerprint(SHA256()).hex()
            crew.settle()
            new.wait_for(20)
    assert old.failures == new.failures == []
    assert {reply.status for reply in (*old.answers, *new.answers)} == {200}
    with Pressure(crew, first, threads=1) as late:
        late.wait_for(1)
    assert late.answers[0].code == "CertificateRevoked"
