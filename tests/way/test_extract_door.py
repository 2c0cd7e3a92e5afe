"""A stranger holds an extract: the bus's door tells whether it is still current, and its files verify offline."""

import http.client
import os
import time
from functools import partial

from support.entries import information_resource
from support.place import PASSPHRASE, Place

from esb.admin.extract_check import Believed, check_extract
from esb.admin.extracts import MadeExtract, document_signer, make_extract, read_certificates
from esb.certs.keys import load_key
from esb.registry.resource_reading import read_entry
from esb.registry.resources import change_resource, register_resource


def get(place: Place, path: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def make(place: Place) -> MadeExtract:
    """As `esb extract make` does: signed by the bus's own key."""
    keys, now = place.settings.keys, time.time()
    signer = document_signer(
        load_key(keys.signing_key, PASSPHRASE), keys.certificate, read_certificates(place.settings.certs.anchors), now
    )
    address = place.settings.bus.address
    return make_extract(
        place.engine, signer, "DIN/Yollar", as_of=None, address=address, author="x", now=now, random=os.urandom
    )


def test_what_was_extracted_is_told_until_it_is_superseded_and_after(place: Place) -> None:
    with place.acting() as act:
        register_resource(act, read_entry(information_resource()), "gizli səbəb")
    made = make(place)
    path = made.extract.address.removeprefix(place.settings.bus.address)
    status, headers, body = get(place, path)
    page = body.decode()
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Yol nişanlarının uçotu" in page
    assert "Aktualdır." in page
    assert "gizli" not in page
    with place.acting() as act:
        change_resource(act, read_entry(information_resource(purpose="Yeni məqsəd")), "x")
    # At once: the page asks the register, not what the bus knows for routing.
    page = get(place, path)[2].decode()
    assert "Köhnəlib." in page
    assert "Yeni məqsəd" not in page, "what was extracted is shown, not what stands there now"

    files = [get(place, f"{path}/{part}")[2] for part in ("pdf", "xml")]
    assert files == [made.pdf, made.xml]
    believed = Believed(read_certificates(place.settings.certs.anchors), made.facts.issuer)
    verify = partial(check_extract, believed=believed, now=time.time(), told=lambda _: None)
    assert [verify(file) for file in files] == [made.extract] * 2


def test_an_id_that_is_not_whole_opens_nothing(place: Place) -> None:
    for id in ("", "0" * 32, "..", "%2e%2e", "0" * 31 + "%00"):
        status, headers, body = get(place, f"/extracts/{id}")
        assert status == 404
        assert "Content-Security-Policy" in headers
        assert "Bu nömrə ilə çıxarış yoxdur" in body.decode()
