"""A serving bus takes a new pair up when it is whole, and counts what it rehearses."""

import secrets
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.rehearsal import MOST_AT_A_LOOK, OwnKey, Rehearsals
from esb.admin.renewal import OwnPair, begin_bus_renewal, cut_over_bus, read_pair
from esb.certs.client import signed_request
from esb.certs.index import build_known
from esb.certs.profile import SignatureLimits
from esb.certs.verify import Verifier
from esb.kernel import rules
from esb.kernel.clock import ManualClock
from esb.kernel.directory import CertificateUse, KnownCertificate
from esb.kernel.faults import Rule
from esb.kernel.soap import SoapVersion
from esb.registry.database import reading
from esb.registry.renewals import Subject, list_rehearsals, wanted_renewal

NOW = 1_790_000_000.0
PASSPHRASE = b"geheim"


class Log:
    """Answers as the evidence log gives them, newest first."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def recent(self, limit: int, **_: object) -> list[Any]:
        numbers = range(len(self.sent), 0, -1)
        return [SimpleNamespace(id=n, entry=SimpleNamespace(record=str(n))) for n in list(numbers)[:limit]]

    def bodies(self, record: str) -> tuple[bytes, bytes]:
        return b"", self.sent[int(record) - 1]


class Bus:
    """What follows a pair, before a log of the test's own."""

    def __init__(self, office: Any) -> None:
        self.office = office
        self.pair = OwnPair(Subject("bus"), office.home.keys / "bus.key", office.home.keys / "bus.pem")
        self.told: list[dict[str, object]] = []
        self.log = Log()
        self.problem: Rule | None = None
        self.own = OwnKey(self.pair, lambda: PASSPHRASE, lambda _, **facts: self.told.append(facts))
        self.trial = Rehearsals(
            self.pair,
            lambda: PASSPHRASE,
            office.engine,
            self.log,  # type: ignore[arg-type]
            self.known,
            Verifier(SignatureLimits()),
            ManualClock(NOW + 60),
            "bus",
            lambda: 3,
        )
        self.signer, _ = read_pair(self.pair.key, self.pair.certificate, PASSPHRASE)

    def known(self, der: bytes, owner: str, use: CertificateUse, revoked: str | None) -> KnownCertificate:
        return build_known(der, owner, use, self.problem, revoked)

    def answer(self, times: int = 1) -> None:
        for _ in range(times):
            body = b'<a:A xmlns:a="urn:a">x</a:A>'
            self.log.sent.append(signed_request(self.signer, SoapVersion.V11, body, (), NOW, secrets.token_hex(8)))

    def begin(self) -> bytes:
        made = begin_bus_renewal(
            self.office.home,
            self.office.engine,
            PASSPHRASE,
            self.pair,
            name="bus",
            kind="p256",
            overlap_days=30,
            author="operator",
            now=NOW,
            random=secrets.token_bytes,
        )
        return made.public_bytes(Encoding.DER)

    def figures(self) -> list[tuple[int, int, int]]:
        with reading(self.office.engine) as session:
            row = wanted_renewal(session, self.pair.subject)
            return [(each.worker, each.rehearsed, each.failed) for each in list_rehearsals(session, row.id)]


@pytest.fixture
def bus(office: Any) -> Bus:
    return Bus(office)


def test_answers_from_now_on_are_rehearsed_a_few_at_a_look(bus: Bus) -> None:
    bus.answer(4)
    bus.trial.look()
    bus.begin()
    bus.trial.look()
    assert bus.figures() == [], "what was answered before is no live answer"
    bus.answer(MOST_AT_A_LOOK + 5)
    bus.trial.look()
    assert bus.figures() == [(3, MOST_AT_A_LOOK, 0)]
    bus.trial.look()
    assert bus.figures() == [(3, MOST_AT_A_LOOK, 0)], "none twice"
    assert bus.trial.warning() == ""


def test_what_fails_is_counted_and_told(bus: Bus) -> None:
    bus.begin()
    bus.problem = rules.CRT_PATH
    bus.trial.look()
    bus.answer()
    bus.trial.look()
    assert bus.figures() == [(3, 0, 1)]
    assert bus.trial.warning().startswith("the next key of the bus fails in rehearsal: ")


def test_a_next_key_that_cannot_be_opened_is_told_until_it_is_gone(bus: Bus) -> None:
    bus.begin()
    bus.pair.next_key.write_bytes(b"broken")
    bus.trial.look()
    assert "rehearsal" in bus.trial.warning()
    bus.pair.next_key.unlink()
    bus.trial.look()
    assert bus.trial.warning() == ""


def test_a_new_pair_is_taken_up_once_and_a_broken_one_is_not(bus: Bus) -> None:
    assert bus.own.changed() is None
    bus.begin()
    assert bus.own.changed() is None, "the next one is not in force"
    cut_over_bus(bus.office.engine, PASSPHRASE, bus.pair, force=True, author="operator", now=NOW)
    assert bus.own.changed() is not None
    assert len(bus.told) == 1
    assert bus.own.changed() is None
    whole = bus.pair.certificate.read_bytes()
    bus.pair.certificate.write_bytes(bus.pair.certificate_before.read_bytes())
    assert bus.own.changed() is None
    assert "cannot be taken up" in bus.own.problem
    bus.pair.certificate.write_bytes(whole)
    assert bus.own.changed() is not None
    assert bus.own.problem == ""
