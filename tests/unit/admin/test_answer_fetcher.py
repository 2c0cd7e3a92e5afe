"""Responders asked ahead: `openssl ocsp` is believed, and nobody else, however it fails."""

import secrets
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from support.responder import OpensslResponder, Outside

from esb.admin import answer_fetcher
from esb.admin.answer_fetcher import AnswerFetcher
from esb.admin.believing import OWN_AUTHORITY, believe
from esb.certs.index import CertificateLoader
from esb.certs.ocsp_answer import UNSAID
from esb.certs.standing import check_standing
from esb.kernel import rules
from esb.kernel.directory import CertificateUse
from esb.kernel.faults import Refusal
from esb.registry.acts import acting
from esb.registry.certificates import add_certificate
from esb.registry.database import open_database, reading
from esb.registry.leases import take_lease
from esb.registry.members import add_member
from esb.registry.models import MemberKind
from esb.registry.revocation import revocation_evidence

OUTSIDE, OWN = Outside(), Outside("Own CA")


class Place:
    """A registry, settings and a fetcher; ``told`` is what was logged."""

    def __init__(self, path: Path, url: str) -> None:
        for name in ("anchors", "crl"):
            (path / name).mkdir()
        for name, outside in (("national.pem", OUTSIDE), (OWN_AUTHORITY, OWN)):
            (path / "anchors" / name).write_bytes(outside.root.public_bytes(Encoding.PEM))
        self.engine = open_database(url)
        with acting(self.engine, "operator", time.time()) as act:
            add_member(act, "EESMN", "EESMN", "EESMN", MemberKind.STATE)
        self.asking = SimpleNamespace(
            anchors=path / "anchors", crl=path / "crl", crl_grace_hours=1.0,
            ocsp="require", ocsp_urls=(), ocsp_minutes=60.0, ocsp_grace_hours=1.0,
        )  # fmt: skip
        self.told: list[str] = []

    def register(self, certificate: x509.Certificate) -> x509.Certificate:
        with acting(self.engine, "operator", time.time()) as act:
            add_certificate(act, certificate.public_bytes(Encoding.DER), "EESMN", CertificateUse.SIGNING)
        return certificate

    def fetcher(self, *urls: str, **more: Any) -> AnswerFetcher:
        self.asking.ocsp_urls = urls
        return AnswerFetcher(self.asking, self, "node", secrets.token_bytes, **more)

    def info(self, text: str, **_: str) -> None:
        self.told.append(text)

    def warning(self, text: str, *, problem: str, **_: str) -> None:
        self.told.append(problem)

    def ask(self, *urls: str, at: float = 0.0) -> int:
        return self.fetcher(*urls).run(self.engine, time.time() + at)

    def rule(self, certificate: x509.Certificate, at: float = 0.0) -> str:
        now = time.time() + at
        known = believe(self.asking, self.engine, now).known(CertificateLoader(), lambda: now)
        try:
            check_standing(known(certificate.public_bytes(Encoding.DER), "EESMN", CertificateUse.SIGNING, None), now)
        except Refusal as refusal:
            return refusal.rule.id
        return ""


@pytest.fixture
def place(tmp_path: Path, sqlite_database: str) -> Iterator[Place]:
    made = Place(tmp_path, sqlite_database)
    yield made
    made.engine.dispose()


@pytest.fixture
def responder(tmp_path: Path) -> Iterator[OpensslResponder]:
    made = OpensslResponder(tmp_path / "responder", OUTSIDE)
    yield made
    made.stop()


UNKNOWN, REVOKED = rules.CRT_REVOCATION_UNKNOWN.id, rules.CRT_REVOKED.id


def test_openssl_says_good_then_revoked_and_every_answer_is_kept(place: Place, responder: OpensslResponder) -> None:
    member, inside = place.register(OUTSIDE.member()), place.register(OWN.member())
    responder.say(member, "good")
    assert place.rule(member) == UNKNOWN
    assert place.ask(responder.url) == 1, "the home's own authority is not asked"
    assert (place.rule(member), place.rule(inside)) == ("", "")
    responder.say(member, "revoked")
    assert place.ask(responder.url, at=2) == 1
    assert place.rule(member) == REVOKED
    assert "it is revoked: keyCompromise" in place.told
    with reading(place.engine) as session:
        (kept,) = revocation_evidence(session, member.fingerprint(SHA256()).hex(), "", time.time() + 5)
    assert (kept.kind, kept.status, kept.reason) == ("ocsp", "revoked", "keyCompromise")
    assert 590 <= kept.valid_until - kept.valid_from <= 610
    assert member.serial_number.to_bytes(20).lstrip(b"\0") in kept.data


def test_a_responder_that_is_gone_leaves_the_last_answer_until_its_grace_is_over(
    place: Place, responder: OpensslResponder
) -> None:
    member = place.register(OUTSIDE.member())
    responder.say(member, "good")
    place.ask(responder.url)
    responder.stop()
    assert place.ask(responder.url, at=700) == 0
    assert "cannot be asked" in place.told[-1]
    assert place.rule(member, at=600 + 3500) == ""
    assert place.rule(member, at=600 + 3700) == UNKNOWN
    responder.start()
    assert place.ask(responder.url, at=100) == 1
    assert place.rule(member) == ""


def test_what_a_responder_does_not_know_is_not_good(place: Place, responder: OpensslResponder) -> None:
    member = place.register(OUTSIDE.member())
    responder.say(member, "unknown")
    assert place.ask(responder.url) == 0
    assert "does not know the certificate" in place.told[-1]
    assert place.rule(member) == UNKNOWN


def test_an_answer_that_has_run_out_is_not_taken(place: Place, responder: OpensslResponder) -> None:
    member = place.register(OUTSIDE.member())
    responder.say(member, "good")
    assert place.ask(responder.url, at=2000) == 0
    assert "has run out" in place.told[-1]


def test_an_answer_without_an_end_is_relied_upon_for_an_hour(place: Place, tmp_path: Path) -> None:
    responder = OpensslResponder(tmp_path / "endless", OUTSIDE, None, "-resp_key_id")
    member = place.register(OUTSIDE.member())
    responder.say(member, "good")
    try:
        assert place.ask(responder.url) == 1
    finally:
        responder.stop()
    assert place.rule(member, at=UNSAID + 3500) == ""
    assert place.rule(member, at=UNSAID + 3700) == UNKNOWN


def test_another_signer_is_not_believed(place: Place, tmp_path: Path) -> None:
    member = place.register(OUTSIDE.member())
    stranger = Outside()
    for signer in (stranger.responder, (stranger.key, stranger.root), OWN.responder):
        responder = OpensslResponder(tmp_path / "stranger", OUTSIDE, signer)
        responder.say(member, "good")
        try:
            assert place.ask(responder.url) == 0
        finally:
            responder.stop()
        assert "not certified by the certificate's issuer" in place.told[-1]
    assert place.rule(member) == UNKNOWN


@pytest.fixture
def odd() -> Iterator[Any]:
    """Starts servers that give some octets with pauses; ``asked`` counts who came."""
    listeners: list[socket.socket] = []
    asked: list[int] = []

    def start(*pieces: bytes, pause: float = 0.0) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                    asked.append(1)
                    with connection:
                        connection.recv(65536)
                        for piece in pieces:
                            connection.sendall(piece)
                            time.sleep(pause)
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(65536):
                            pass
                except OSError:
                    if listener.fileno() < 0:
                        return

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield SimpleNamespace(start=start, asked=asked)
    for listener in listeners:
        listener.close()


def test_slow_large_and_garbled_answers_cost_little_and_mean_nothing(
    place: Place, odd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = place.register(OUTSIDE.member())
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    for pieces, pause, words in (
        ([head, b"<html>"], 0, "can be read"),
        ([head, bytes(100_000)], 0, "more than 65536"),
        ([b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"], 0, "HTTP 503"),
        ([b"HTTP/1.1 302 No\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"], 0, "HTTP 302"),
        ([b"HTTP/1.1 304 No\r\n\r\n"], 0, "304"),
        ([head[:9], *[b"2"] * 50], 0.1, "cannot be asked"),
        ([head, *[b"x"] * 50], 0.1, "in time|cannot be asked"),
    ):
        monkeypatch.setattr(answer_fetcher, "SECONDS", 0.3 if pause else 5.0)
        began = time.monotonic()
        assert place.ask(odd.start(*pieces, pause=pause)) == 0
        assert time.monotonic() - began < 4
        assert any(word in place.told[-1] for word in words.split("|")), place.told[-1]
    assert place.rule(member) == UNKNOWN


def test_one_that_is_silent_is_left_alone_for_the_round_and_another_is_asked(
    place: Place, odd: Any, responder: OpensslResponder
) -> None:
    members = [place.register(OUTSIDE.member()) for _ in range(5)]
    for member in members:
        responder.say(member, "good")
    silent = odd.start()
    assert place.ask(silent, responder.url) == 5
    assert len(odd.asked) == 3
    assert {place.rule(member) for member in members} == {""}


def test_a_certificates_own_responder_is_asked_where_it_is_allowed(
    place: Place, odd: Any, responder: OpensslResponder
) -> None:
    responder.start()
    trap = odd.start()
    allowed, forbidden = (place.register(OUTSIDE.member(url)) for url in (f"{responder.url}/own", f"{trap}/steal"))
    responder.say(allowed, "good")
    responder.say(forbidden, "good")
    assert place.ask(responder.url) == 2
    assert odd.asked == []
    assert place.ask(trap, at=5) == 0
    assert len(odd.asked) == 2, "each named responder is asked, and only where the settings name its host and port"


def test_nobody_is_asked_twice_before_it_is_due_and_half_of_an_answers_life_is_kept(
    place: Place, responder: OpensslResponder
) -> None:
    member = place.register(OUTSIDE.member())
    responder.say(member, "good")
    fetcher = place.fetcher(responder.url)
    now = time.time()
    assert [fetcher.run(place.engine, now + later) for later in (0, 60, 280)] == [1, 0, 0]
    time.sleep(1.1)  # else the responder's clock gives the same thisUpdate
    assert fetcher.run(place.engine, now + 310) == 1
    later = place.register(OUTSIDE.member())
    responder.say(later, "good")
    assert fetcher.run(place.engine, now + 312) == 1, "a new one is asked about at once"


def test_one_process_asks_at_a_time_and_one_that_ends_asks_no_more(place: Place, responder: OpensslResponder) -> None:
    responder.say(place.register(OUTSIDE.member()), "good")
    assert place.fetcher(responder.url, going=lambda: False).run(place.engine, time.time()) == 0
    place.engine.dispose()
    assert take_lease(place.engine, "certificate status", "another", time.time() + 1000, 60)
    assert place.ask(responder.url, at=1001) == 0
    assert place.ask(responder.url, at=1100) == 0  # the answer has run out by that clock, so it was asked
    assert "has run out" in place.told[-1]
