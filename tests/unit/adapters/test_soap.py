"""The SOAP adapter: what it posts in each SOAP version, and what it takes for an answer."""

from collections.abc import Callable
from typing import Any

import pytest

from esb.adapters.soap import SoapAdapter
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpAnswer, HttpCall
from esb.kernel.message import Outgoing, ProviderAnswer
from esb.kernel.soap import SoapVersion


class Network:
    """Takes one call and gives one answer."""

    def __init__(self, status: int = 200, media: str | None = "text/xml", body: bytes = b"<e/>") -> None:
        headers = {} if media is None else {b"content-type": media.encode("latin-1")}
        self.answer = HttpAnswer(status, headers, body)
        self.calls: list[HttpCall] = []

    async def call(self, call: HttpCall) -> HttpAnswer:
        self.calls.append(call)
        return self.answer


def ask(network: Network, request: Outgoing) -> ProviderAnswer:
    try:
        SoapAdapter(network, 1000).ask(request).send(None)
    except StopIteration as done:
        answer: ProviderAnswer = done.value
        return answer
    raise AssertionError("it waits")


@pytest.mark.parametrize(
    ("version", "action", "content_type", "headers"),
    [
        (SoapVersion.V11, "urn:x/Ask", "text/xml; charset=utf-8", (("SOAPAction", '"urn:x/Ask"'),)),
        (SoapVersion.V11, "", "text/xml; charset=utf-8", (("SOAPAction", '""'),)),
        (SoapVersion.V11, "urn:ş/%20{a}", "text/xml; charset=utf-8", (("SOAPAction", '"urn:%C5%9F/%20{a}"'),)),
        (SoapVersion.V12, 'a"; b="ə', 'application/soap+xml; charset=utf-8; action="a%22; b=%22%C9%99"', ()),
        (SoapVersion.V12, "urn:x/Ask", 'application/soap+xml; charset=utf-8; action="urn:x/Ask"', ()),
        (SoapVersion.V12, "", "application/soap+xml; charset=utf-8", ()),
    ],
)
def test_what_is_posted(
    outgoing: Callable[..., Outgoing], version: SoapVersion, action: str, content_type: str, headers: Any
) -> None:
    network = Network()
    ask(network, outgoing(b"<x/>", version, {"soap_action": action}, timeout=7.0))
    assert network.calls == [HttpCall("http://provider.example/x", content_type, b"<x/>", headers, 7.0, 1000)]


@pytest.mark.parametrize("status", [200, 400, 500, 503])
@pytest.mark.parametrize(
    ("media", "version", "charset"),
    [
        ("text/xml", SoapVersion.V11, None),
        ('TEXT/XML; Charset="UTF-16"; x=y', SoapVersion.V11, "UTF-16"),
        ("application/soap+xml;charset=utf-8", SoapVersion.V12, "utf-8"),
    ],
)
def test_an_answer_is_known_by_its_media_type(
    outgoing: Callable[..., Outgoing], status: int, media: str, version: SoapVersion, charset: str | None
) -> None:
    assert ask(Network(status, media), outgoing()) == ProviderAnswer(version, b"<e/>", charset)


@pytest.mark.parametrize("media", [None, "", "text/html", "application/xml", "multipart/related; type=text/xml"])
def test_what_is_no_soap_is_refused(outgoing: Callable[..., Outgoing], media: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        ask(Network(500, media, b"<html>FIN 5ABC123</html>"), outgoing())
    assert refused.value.rule.id == "PRV-03"
    assert refused.value.particulars["status"] == "500"
    assert "5ABC123" not in str(refused.value.particulars)


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_empty_answer_is_passed_on_as_one(outgoing: Callable[..., Outgoing], status: int) -> None:
    assert ask(Network(status, None, b""), outgoing()) == ProviderAnswer(SoapVersion.V11, b"")


def test_an_empty_failure_is_no_answer(outgoing: Callable[..., Outgoing]) -> None:
    with pytest.raises(Refusal) as refused:
        ask(Network(404, None, b""), outgoing())
    assert refused.value.rule.id == "PRV-03"
