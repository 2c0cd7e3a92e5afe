"""What zeep is given: the bytes are kept, and an answer is believed only when it is checked."""

import pytest
from lxml import etree

from esb.demo.offers import METADATA, PERSONS
from esb.demo.signing import Identity, OpinionError, security_headers
from esb.demo.stage import Stage
from esb.demo.wire import RecordingTransport, Wsse
from esb.kernel.namespaces import SOAP11


def envelope() -> etree._Element:
    return etree.fromstring(f'<S:Envelope xmlns:S="{SOAP11}"><S:Body><q/></S:Body></S:Envelope>')


def test_a_request_is_signed_and_then_changed(elliptic: Identity) -> None:
    seen = []
    wsse = Wsse(elliptic, b"", RecordingTransport())
    wsse.change = lambda root: seen.append(len(security_headers(root)))
    root, headers = wsse.apply(envelope(), {"SOAPAction": '""'})
    assert seen == [1]
    assert len(security_headers(root)) == 1
    assert headers == {"SOAPAction": '""'}


def test_an_answer_that_nobody_signed_is_not_believed(elliptic: Identity) -> None:
    wsse = Wsse(elliptic, elliptic.certificate, RecordingTransport())
    with pytest.raises(OpinionError):
        wsse.verify(envelope())
    assert wsse.receipt is None


def test_the_last_crossing_is_kept(stage: Stage) -> None:
    transport = RecordingTransport()
    response = transport.post(stage.consumers["EHP"].url(METADATA), "<x/>", {"Content-Type": "text/xml"})
    assert transport.last is not None
    assert (transport.last.sent, transport.last.status) == (b"<x/>", 500)
    assert transport.last.received == response.content
    assert not transport.session.trust_env
    assert PERSONS in stage.consumers["EHP"].url(PERSONS)
