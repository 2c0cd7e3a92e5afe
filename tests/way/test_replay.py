"""Replay: a message is acted on once; its lawful sender can have the recorded answer again over its own TLS."""

import secrets
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from support.client import COUNT_PERSONS, Consumer
from support.place import Place, cached_key
from support.provider import Given
from support.way import Asker, expect_answer, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.directory import CertificateUse
from esb.kernel.soap import SoapVersion

WSA = "http://www.w3.org/2005/08/addressing"


def message_id(ident: str) -> tuple[bytes, ...]:
    return (f'<a:MessageID xmlns:a="{WSA}">{ident}</a:MessageID>'.encode(),)


def test_the_same_bytes_again(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    message = eesmn.sign(version=version)
    first = asker.send(message, version)
    expect_person(first)
    again = asker.send(message, version)
    expect_refusal(again, rules.TIM_REPLAY, consumer="EESMN")
    # Not a word of what was answered the first time.
    assert "Əliyeva".encode() not in again.reply.body


def test_the_same_id_with_another_body(asker: Asker, version: SoapVersion) -> None:
    ident = f"urn:uuid:{secrets.token_hex(8)}"
    expect_person(asker.ask(version=version, headers=message_id(ident)))
    expect_refusal(
        asker.ask(body=COUNT_PERSONS, version=version, headers=message_id(ident)), rules.TIM_REPLAY, consumer="EESMN"
    )


def test_the_same_id_signed_afresh(asker: Asker, version: SoapVersion) -> None:
    ident = f"urn:uuid:{secrets.token_hex(8)}"
    expect_person(asker.ask(version=version, headers=message_id(ident)))
    expect_refusal(asker.ask(version=version, headers=message_id(ident)), rules.TIM_REPLAY, consumer="EESMN")


def test_the_same_message_written_differently(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """Canonicalization makes them equal, so the signature holds; the message is still one."""
    message = eesmn.sign(version=version)
    expect_person(asker.send(message, version))
    for other in (
        message.replace(b"<soap:Envelope ", b"<soap:Envelope  \n"),
        b'<?xml version="1.0" encoding="UTF-8"?>\n' + message,
        message.replace(b"5ABC123", b"&#53;ABC123"),
        message.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>\n"),
    ):
        assert other != message
        expect_refusal(asker.send(other, version), rules.TIM_REPLAY, consumer="EESMN")


def test_an_ecdsa_signature_turned_inside_out(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """(r, n - s) verifies as well as (r, s): it must not make a second message."""
    import base64

    from lxml import etree
    from support.client import NS
    from support.handmade import handmade

    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    message = handmade(eesmn, version=version)
    expect_person(asker.send(message, version))
    root = etree.fromstring(message)
    value = root.find(".//ds:SignatureValue", NS)
    octets = base64.b64decode(value.text)
    other = (order - int.from_bytes(octets[32:], "big")).to_bytes(32, "big")
    value.text = base64.b64encode(octets[:32] + other).decode()
    expect_refusal(asker.send(etree.tostring(root), version), rules.TIM_REPLAY, consumer="EESMN")


def test_an_id_is_each_members_own(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]
) -> None:
    other = place.member(fresh_name())
    place.grant(other.code)
    place.settle()
    ident = f"urn:uuid:{secrets.token_hex(8)}"
    expect_person(asker.ask(version=version, headers=message_id(ident)))
    expect_person(asker.ask(other, version=version, headers=message_id(ident)))


def test_a_message_that_was_refused_may_be_sent_again(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]
) -> None:
    """Only what was accepted is used up: a member that gets its grant need not sign anew."""
    member = place.member(fresh_name())
    place.settle()
    message = member.sign(version=version)
    expect_refusal(asker.send(message, version), rules.ACC_GRANT, consumer=member.code)
    place.grant(member.code)
    place.settle()
    expect_person(asker.send(message, version))


def test_a_replay_after_a_restart(own_place: Callable[..., Place]) -> None:
    place = own_place()
    message = place.consumers["EESMN"].sign()
    with place.serve():
        expect_person(Asker(place).send(message))
    with place.serve():
        expect_refusal(Asker(place).send(message), rules.TIM_REPLAY, consumer="EESMN")


class Tls:
    """A bus behind mutual TLS, and the connections of its members."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place = place
        self.asker = Asker(place)
        self._folder = folder

    def of(self, code: str) -> ssl.SSLContext:
        """A connection's context with a TLS certificate of a member."""
        key = cached_key("p256")
        return self.context(f"{code}-{secrets.token_hex(4)}", key, self.place.enrol(code, key, CertificateUse.TLS))

    def context(self, name: str, key: object, certificate: object) -> ssl.SSLContext:
        path = write_pair(self._folder, name, key, certificate)
        context = ssl.create_default_context(cafile=str(self.place.home.anchors / "shluz-ca.pem"))
        context.load_cert_chain(*map(str, path))
        return context


def write_pair(folder: Path, name: str, key: object, certificate: object) -> tuple[Path, Path]:
    """Write a certificate and its key, both PEM."""
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))  # type: ignore[attr-defined]
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))  # type: ignore[attr-defined]
    return paths


@pytest.fixture(scope="module")
def tls_bus(tmp_path_factory: pytest.TempPathFactory, make_own: Callable[..., Place]) -> Iterator[Tls]:
    folder = tmp_path_factory.mktemp("tls")
    place = make_own(
        SHLUZ_DOOR_TLS="true",
        SHLUZ_DOOR_TLS_CERTIFICATE=str(folder / "door.pem"),
        SHLUZ_DOOR_TLS_KEY=str(folder / "door.key"),
        SHLUZ_DOOR_CLIENT_ANCHORS="anchors",
    )
    key = cached_key("p256")
    write_pair(folder, "door", key, place.enrol("DIN", key, CertificateUse.TLS, hostnames=("localhost",)))
    with place.serve():
        yield Tls(place, folder)


@pytest.fixture
def tls(tls_bus: Tls) -> Tls:
    tls_bus.place.provider.reset()
    return tls_bus


def test_over_its_own_tls_the_sender_gets_the_recorded_answer(tls: Tls, version: SoapVersion) -> None:
    """The very octets of the first answer; the provider is not asked again."""
    mine = tls.of("EESMN")
    tls.place.settle()
    message = tls.place.consumers["EESMN"].sign(version=version)
    first = tls.asker.send(message, version, tls=mine)
    expect_person(first)
    again = tls.asker.send(message, version, tls=mine)
    assert again.reply.body == first.reply.body
    assert (again.reply.status, again.reply.headers["content-type"]) == (200, first.reply.headers["content-type"])
    assert again.delivered == ()


def test_over_another_connection_of_the_same_member(tls: Tls, version: SoapVersion) -> None:
    """A member may have several TLS certificates."""
    one, two = tls.of("EESMN"), tls.of("EESMN")
    tls.place.settle()
    message = tls.place.consumers["EESMN"].sign(version=version)
    first = tls.asker.send(message, version, tls=one)
    expect_person(first)
    assert tls.asker.send(message, version, tls=two).reply.body == first.reply.body


def test_over_another_members_tls_it_is_a_replay(tls: Tls, version: SoapVersion) -> None:
    mine, theirs = tls.of("EESMN"), tls.of("DIN")
    tls.place.settle()
    message = tls.place.consumers["EESMN"].sign(version=version)
    expect_person(tls.asker.send(message, version, tls=mine))
    again = tls.asker.send(message, version, tls=theirs)
    expect_refusal(again, rules.TIM_REPLAY, consumer="EESMN")
    assert "Əliyeva".encode() not in again.reply.body


def test_over_its_own_tls_another_body_is_still_a_replay(tls: Tls, version: SoapVersion) -> None:
    mine = tls.of("EESMN")
    tls.place.settle()
    ident = message_id(f"urn:uuid:{secrets.token_hex(8)}")
    expect_person(tls.asker.ask(version=version, headers=ident, tls=mine))
    again = tls.asker.ask(body=COUNT_PERSONS, version=version, headers=ident, tls=mine)
    expect_refusal(again, rules.TIM_REPLAY, consumer="EESMN")


def test_a_recorded_fault_comes_again_too(tls: Tls, version: SoapVersion) -> None:
    """A provider that failed is not asked a second time by the same message: it may have acted."""
    mine = tls.of("EESMN")
    tls.place.settle()
    tls.place.provider.answer = lambda _: Given(b"<html>Bad Gateway</html>", 502, "text/html")
    message = tls.place.consumers["EESMN"].sign(version=version)
    first = tls.asker.send(message, version, tls=mine)
    expect_refusal(first, rules.PRV_ANSWER, consumer="EESMN", after_record=True)
    tls.place.provider.reset()
    again = tls.asker.send(message, version, tls=mine)
    assert again.delivered == ()
    assert (again.reply.status, again.reply.body) == (first.reply.status, first.reply.body)


def test_the_tls_of_the_sender_does_not_speak_for_the_signer(tls: Tls, version: SoapVersion) -> None:
    """Who asks is who signed, whatever the connection's certificate says."""
    theirs = tls.of("DIN")
    tls.place.settle()
    exchange = tls.asker.ask(version=version, tls=theirs)
    if exchange.reply.status == 200:
        expect_answer(exchange)
        assert exchange.records[0].entry.consumer == "EESMN"
    else:
        assert exchange.delivered == ()


def test_a_client_without_a_certificate_is_turned_away(tls: Tls) -> None:
    bare = ssl.create_default_context(cafile=str(tls.place.home.anchors / "shluz-ca.pem"))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        tls.asker.ask(tls=bare)
    assert tls.place.provider.journal == []


def test_no_answer_is_kept_from_before_the_window(asker: Asker, place: Place, version: SoapVersion) -> None:
    """An old message is expired, not replayed, however often it comes."""
    message = place.consumers["EESMN"].sign(version=version, created=time.time())
    expect_person(asker.send(message, version))
    place.clock.shift = 3600
    exchange = asker.send(message, version)
    expect_refusal(exchange, rules.TIM_OLD, consumer=exchange.records[-1].entry.consumer)
