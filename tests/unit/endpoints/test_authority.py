"""The authority's door: what it gives, what it keeps, and where it draws the line."""

import base64
from collections.abc import Callable
from types import MappingProxyType, SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as reference
from support.offices import NOW, authority, office
from support.rig import done

from esb.admin.publication import PublishedFile
from esb.certs.der import decode
from esb.certs.ocsp import Responder, State
from esb.certs.profiles import MEMBER_SIGNING, OCSP_RESPONDER, TIME_STAMPING
from esb.certs.tsa import SteadyClock, TimeStamper
from esb.endpoints.authority import AuthorityDoor, Bounded
from esb.kernel.clock import ManualClock
from esb.kernel.http import HttpRequest, HttpResponse, Peer

RESPONDER, STAMPER, MEMBER = office(OCSP_RESPONDER), office(TIME_STAMPING), office(MEMBER_SIGNING)[1]
REQUEST = (
    reference.OCSPRequestBuilder()
    .add_certificate(MEMBER, authority()[1], hashes.SHA1())
    .build()
    .public_bytes(Encoding.DER)
)
QUERY = tsp.TimeStampReq(
    {
        "version": "v1",
        "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)},
    }
).dump()
OCSP, STAMP = "application/ocsp-request", "application/timestamp-query"


class Hall:
    """A door before a publication of the test's own; ``ran`` counts what went to a thread."""

    def __init__(self, ocsp: int | None = 100, tsa: int | None = 100) -> None:
        self.clock = ManualClock(NOW)
        self.state: State | None = State(NOW + 1000)
        self.ran = 0
        self.publication: Any = SimpleNamespace(
            files=MappingProxyType({"ca.crl": PublishedFile("application/pkix-crl", b"list", '"tag"', NOW + 100)}),
            responder=Responder(*RESPONDER, authority()[1]),
            stamper=TimeStamper(*STAMPER, authority()[1], "1.2.3", 1000),
            state=lambda _: self.state,
            clock=SteadyClock(self.clock.now, lambda: 0.0, 1.0),
        )
        self.door = AuthorityDoor(self.publication, self.clock, self._run, bytes, ocsp, tsa)

    async def _run(self, work: Callable[[], HttpResponse]) -> HttpResponse:
        self.ran += 1
        return work()

    def get(self, path: str, query: str = "", **headers: str) -> HttpResponse:
        fields = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        return done(self.door.get(HttpRequest("GET", path, query, fields, b"", Peer("192.0.2.1"))))

    def post(self, path: str, body: bytes, kind: str) -> HttpResponse:
        request = HttpRequest("POST", path, "", {b"content-type": kind.encode()}, body, Peer("192.0.2.1"))
        return done((self.door.ask_stamp if path.endswith("tsa") else self.door.ask_status)(request))


def status_of(response: HttpResponse) -> reference.OCSPResponseStatus:
    assert (response.status, response.content_type) == (200, "application/ocsp-response")
    return reference.load_der_ocsp_response(response.body).response_status


def status_info(response: HttpResponse) -> tsp.PKIStatusInfo:
    """The first element of a TimeStampResp: asn1crypto takes the token for mandatory, and a refusal has none."""
    return tsp.PKIStatusInfo.load(decode(response.body)[1])


def test_a_file_may_be_kept_until_it_is_due_and_is_not_sent_twice() -> None:
    hall = Hall()
    first = hall.get("/ca/ca.crl")
    assert (first.status, first.content_type, first.body) == (200, "application/pkix-crl", b"list")
    assert dict(first.headers) == {"ETag": '"tag"', "Cache-Control": "public, max-age=100"}
    for known in ('"tag"', 'W/"tag"', '"x", "tag"', "*"):
        again = hall.get("/ca/ca.crl", if_none_match=known)
        assert (again.status, again.body) == (304, b"")
    assert hall.get("/ca/ca.crl", if_none_match='"old"').status == 200
    assert hall.get("/ca/other").status == 404
    hall.clock.advance(200)
    assert dict(hall.get("/ca/ca.crl").headers)["Cache-Control"] == "public, max-age=0"


@pytest.mark.parametrize("escaped", [True, False])
def test_a_status_may_be_asked_in_the_path_and_kept(escaped: bool) -> None:
    hall = Hall()
    text = base64.b64encode(REQUEST).decode()
    response = hall.get("/ca/ocsp/" + (quote(text, safe="") if escaped else text))
    answer = reference.load_der_ocsp_response(response.body)
    assert answer.certificate_status is reference.OCSPCertStatus.GOOD
    headers = dict(response.headers)
    assert headers["Cache-Control"] == "max-age=3600, public, no-transform, must-revalidate"
    assert set(headers) == {"Cache-Control", "Last-Modified", "Expires"}


def test_the_same_question_is_signed_once_and_anew_when_the_truth_changed() -> None:
    hall = Hall()
    first = hall.post("/ca/ocsp", REQUEST, OCSP)
    assert hall.post("/ca/ocsp", REQUEST, OCSP).body == first.body
    assert hall.ran == 1
    assert dict(first.headers) == {"Cache-Control": "no-store"}
    hall.state = State(NOW + 1000, "superseded", NOW)
    answer = reference.load_der_ocsp_response(hall.post("/ca/ocsp", REQUEST, OCSP).body)
    assert answer.certificate_status is reference.OCSPCertStatus.REVOKED


@pytest.mark.parametrize("path", ["/ca/ocsp", "/ca/ocsp/", "/ca/ocsp/%00", "/ca/ocsp/AAAA", "/ca/ocsp/" + "A" * 50_000])
def test_a_path_that_is_no_request_is_malformed(path: str) -> None:
    assert status_of(Hall().get(path)) is reference.OCSPResponseStatus.MALFORMED_REQUEST


def test_a_flood_of_questions_is_told_to_try_later_and_kept_answers_go_on() -> None:
    hall = Hall(ocsp=3)
    kept = hall.post("/ca/ocsp", REQUEST, OCSP)
    for _ in range(2):
        hall.post("/ca/ocsp", b"nonsense", OCSP)
    assert status_of(hall.post("/ca/ocsp", b"nonsense", OCSP)) is reference.OCSPResponseStatus.TRY_LATER
    assert hall.post("/ca/ocsp", REQUEST, OCSP).body == kept.body
    hall.clock.advance(1)
    assert status_of(hall.post("/ca/ocsp", b"nonsense", OCSP)) is reference.OCSPResponseStatus.MALFORMED_REQUEST


def test_a_responder_without_its_key_asks_for_patience() -> None:
    hall = Hall()
    hall.publication.responder = None
    assert status_of(hall.post("/ca/ocsp", REQUEST, OCSP)) is reference.OCSPResponseStatus.TRY_LATER


def test_a_stamp_is_given_within_the_bound() -> None:
    hall = Hall(tsa=2)
    for octets, status in ((QUERY, "granted"), (b"nonsense", "rejection")):
        response = hall.post("/ca/tsa", octets, STAMP)
        assert (response.status, response.content_type) == (200, "application/timestamp-reply")
        assert status_info(response)["status"].native == status
    assert hall.ran == 2
    assert hall.post("/ca/tsa", QUERY, STAMP).status == 503
    assert hall.get("/ca/tsa").status == 405


def test_a_clock_stepped_back_stamps_nothing() -> None:
    hall = Hall()
    hall.post("/ca/tsa", QUERY, STAMP)
    hall.clock.step(-100)
    status = status_info(hall.post("/ca/tsa", QUERY, STAMP))
    assert (status["status"].native, status["fail_info"].native) == ("rejection", {"time_not_available"})


def test_the_wrong_kind_of_body_is_told() -> None:
    assert Hall().post("/ca/ocsp", REQUEST, "text/xml").status == 415
    assert Hall().post("/ca/tsa", QUERY, "text/xml").status == 415


def test_what_is_turned_off_is_not_there() -> None:
    hall = Hall(ocsp=None, tsa=None)
    assert hall.post("/ca/ocsp", REQUEST, OCSP).status == 404
    assert hall.post("/ca/tsa", QUERY, STAMP).status == 404


def test_so_many_a_second_and_a_seconds_worth_at_once() -> None:
    clock = ManualClock(NOW)
    bounded = Bounded(5, clock.monotonic)
    assert sum(bounded.take() for _ in range(9)) == 5
    clock.advance(0.4)
    assert sum(bounded.take() for _ in range(9)) == 2
    clock.advance(60)
    assert sum(bounded.take() for _ in range(9)) == 5
