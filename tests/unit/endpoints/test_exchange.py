"""HTTP becomes a message, and a reply becomes HTTP."""

import itertools

import pytest
from support.client import Reply, verify_with_xmlsec
from support.rig import Rig, done

from esb.endpoints.exchange import ExchangeDoor, response
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpResponse
from esb.kernel.message import Replied
from esb.kernel.soap import SoapVersion


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def door(rig: Rig) -> ExchangeDoor:
    numbers = itertools.count(1)
    return ExchangeDoor(rig.bus, rig.clock, lambda at: f"x-{next(numbers)}")


def reply(rig: Rig, answer: HttpResponse) -> Reply:
    reply = Reply(answer.status, dict(answer.headers), answer.body)
    verify_with_xmlsec(reply, rig.bus_party.certificate)
    return reply


@pytest.mark.parametrize(
    ("version", "media"),
    [(SoapVersion.V11, "text/xml; charset=utf-8"), (SoapVersion.V12, "application/soap+xml; charset=utf-8")],
)
def test_a_good_request(rig: Rig, door: ExchangeDoor, version: SoapVersion, media: str) -> None:
    answer = done(door.post(rig.request(rig.signed(version=version), version)))
    assert (answer.status, answer.content_type, answer.headers) == (200, media, ())
    assert reply(rig, answer).exchange == "x-1"
    assert reply(rig, done(door.post(rig.request(rig.signed(version=version), version)))).exchange == "x-2"


@pytest.mark.parametrize(
    ("header", "rule", "soap12"),
    [
        (b"", "MSG-01", False),
        (b"application/json", "MSG-01", False),
        (b"multipart/related", "MSG-15", False),
        (b"text/xml; charset=koi8-r", "MSG-02", False),
        (b"Application/SOAP+XML; charset=koi8-r", "MSG-02", True),
    ],
)
def test_what_is_no_message_is_refused_in_soap(
    rig: Rig, door: ExchangeDoor, header: bytes, rule: str, soap12: bool
) -> None:
    request = rig.request(b"<x/>", headers={b"content-type": header})
    answer = done(door.post(request))
    assert answer.status == 415
    assert answer.content_type.startswith("application/soap+xml" if soap12 else "text/xml")
    assert reply(rig, answer).rule == rule
    assert rig.evidence.records[-1].entry.stage == "receive"


def test_what_the_transport_could_not_take_in_is_told_in_soap_too(rig: Rig, door: ExchangeDoor) -> None:
    request = rig.request(b"", SoapVersion.V12)
    answer = done(door.refuse(Refusal(rules.SIZE, "Too large."), request))
    assert (answer.status, reply(rig, answer).rule) == (413, "MSG-04")
    assert len(rig.evidence.records) == 1


def test_a_time_to_wait_is_a_header() -> None:
    assert response(Replied(503, SoapVersion.V11, b"x", 7)).headers == (("Retry-After", "7"),)
    assert response(Replied(202, SoapVersion.V11, b"")).headers == ()
