"""A POST becomes bytes of a stated SOAP version, or is refused by what its headers say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esb.kernel.faults import Refusal
from esb.kernel.http import HttpRequest, Peer
from esb.kernel.soap import SoapVersion
from esb.stages.receive import media_version, receive

PEER = Peer("192.0.2.7")


def post(body: bytes = b"<a/>", **headers: bytes) -> HttpRequest:
    names = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return HttpRequest("POST", "/services/A/B/C/v1", "", names, body, PEER)


@pytest.mark.parametrize(
    ("content_type", "version"),
    [
        ("text/xml", SoapVersion.V11),
        ("TEXT/XML;charset=UTF-8", SoapVersion.V11),
        ("  text/xml ; charset = utf-8", SoapVersion.V11),
        ("application/soap+xml", SoapVersion.V12),
        ('Application/SOAP+XML; charset=utf-8; action="urn:x"', SoapVersion.V12),
    ],
)
def test_the_media_type_states_the_version(content_type: str, version: SoapVersion) -> None:
    assert media_version(content_type)[0] is version


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/xml", "text/xml, text/xml", "text", "application/json;x=text/xml"]
)
def test_another_media_type_is_refused(content_type: str) -> None:
    with pytest.raises(Refusal) as refused:
        media_version(content_type)
    assert refused.value.rule.id == "MSG-01"


@pytest.mark.parametrize("content_type", ["multipart/related; type=text/xml", "Multipart/mixed"])
def test_packages_are_refused(content_type: str) -> None:
    with pytest.raises(Refusal) as refused:
        media_version(content_type)
    assert refused.value.rule.id == "MSG-15"


def test_parameters_are_read_as_rfc_9110_writes_them() -> None:
    _, parameters = media_version(r'application/soap+xml; Action="a\"b;c"; charset=utf-8; action=second')
    assert parameters == {"action": 'a"b;c', "charset": "utf-8"}


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=300))
def test_no_header_breaks_the_reader(text: str) -> None:
    try:
        media_version("text/xml;" + text)
        media_version(text)
    except Refusal:
        pass


@pytest.mark.parametrize(
    ("header", "action"),
    [(b'"urn:x"', "urn:x"), (b"urn:x", "urn:x"), (b'""', ""), (b' "urn:x" ', "urn:x"), (None, None)],
)
def test_soapaction_is_understood_with_and_without_quotes(header: bytes | None, action: str | None) -> None:
    headers = {} if header is None else {"soapaction": header}
    assert receive(post(content_type=b"text/xml", **headers), "x", 1.0).action == action


def test_soap_12_has_its_action_in_the_media_type_only() -> None:
    request = post(content_type=b'application/soap+xml; action="urn:y"', soapaction=b'"urn:x"')
    assert receive(request, "x", 1.0).action == "urn:y"
    assert receive(post(content_type=b"application/soap+xml", soapaction=b"urn:x"), "x", 1.0).action is None


def test_an_endless_action_is_cut() -> None:
    assert len(receive(post(content_type=b"text/xml", soapaction=b"x" * 9000), "x", 1.0).action or "") == 2048


def test_utf8_is_taken_as_it_is() -> None:
    received = receive(post("<a>ə</a>".encode(), content_type=b"text/xml; charset=utf-8"), "x", 1.5)
    assert received.data is received.raw
    assert (received.exchange, received.at, received.path, received.peer) == ("x", 1.5, "/services/A/B/C/v1", PEER)


def test_utf16_is_read_and_kept_as_it_came() -> None:
    raw = "<a>ə</a>".encode("utf-16")
    received = receive(post(raw, content_type=b"text/xml; charset=utf-16"), "x", 1.0)
    assert (received.raw, received.data) == (raw, "<a>ə</a>".encode())


def test_a_charset_that_is_not_the_documents_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        receive(post(content_type=b"text/xml; charset=windows-1251"), "x", 1.0)
    assert refused.value.rule.id == "MSG-02"
