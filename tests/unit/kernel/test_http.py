"""HTTP as values: what came in cannot be altered on the way."""

import dataclasses

import pytest

from esb.kernel.http import HttpAnswer, HttpCall, HttpRequest, HttpResponse, Peer


@pytest.mark.parametrize("value", [Peer, HttpRequest, HttpResponse, HttpCall, HttpAnswer])
def test_values_are_frozen(value):
    assert value.__dataclass_params__.frozen


def test_a_peer_is_nobody_until_tls_says_so():
    peer = Peer("192.0.2.1")
    assert not peer.tls
    assert peer.certificate_sha256 is None


def test_a_request_keeps_its_body():
    request = HttpRequest("POST", "/services/A/B/C/v1", "", {}, b"<x/>", Peer("192.0.2.1"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.body = b"<y/>"
