import pytest

from esb.kernel.http import HttpCall
from esb.transport.calls import CallError, Origin, split_url, write_call


def call(headers: tuple[tuple[str, str], ...] = (), content_type: str = "text/xml", body: bytes = b"<a/>") -> HttpCall:
    return HttpCall("http://provider/", content_type, body, headers, 1, 1)


@pytest.mark.parametrize(
    ("url", "origin", "line"),
    [
        ("http://p", Origin("http", "p", 80), b"POST / HTTP/1.1\r\nHost: p\r\n"),
        ("https://p/a/b?c=d#e", Origin("https", "p", 443), b"POST /a/b?c=d HTTP/1.1\r\nHost: p\r\n"),
        ("http://P.az:8080/A", Origin("http", "p.az", 8080), b"POST /A HTTP/1.1\r\nHost: p.az:8080\r\n"),
        ("https://p:443/", Origin("https", "p", 443), b"POST / HTTP/1.1\r\nHost: p\r\n"),
        ("http://[::1]:81/", Origin("http", "::1", 81), b"POST / HTTP/1.1\r\nHost: [::1]:81\r\n"),
        ("http://10.1.2.3/%20", Origin("http", "10.1.2.3", 80), b"POST /%20 HTTP/1.1\r\nHost: 10.1.2.3\r\n"),
    ],
)
def test_an_address_leads_to_a_host_and_a_path(url: str, origin: Origin, line: bytes) -> None:
    assert split_url(url) == (origin, line)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/a",
        "provider/a",
        "ftp://p/",
        "file:///etc/passwd",
        "http://",
        "http:///a",
        "http://user@p/",
        "http://user:secret@p/",
        "http://p:99999/",
        "http://p:x/",
        "http://p /",
        "http://p/a b",
        "http://p/a\x7f",
        "http://p/ş",
        "http://ş/",
        "http://[::1/",
        "http://p\\@q/",
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(CallError) as caught:
        split_url(url)
    assert "secret" not in str(caught.value)


def test_a_call_is_written_whole() -> None:
    _, line = split_url("http://p/a")
    assert write_call(line, call((("SOAPAction", '"urn:x"'),))) == (
        b'POST /a HTTP/1.1\r\nHost: p\r\nContent-Type: text/xml\r\nSOAPAction: "urn:x"\r\nContent-Length: 4\r\n\r\n<a/>'
    )


@pytest.mark.parametrize("value", ["a\r\nX: b", "a\nb", "a\rb", "\0", "ş", " a", "a "])
def test_nothing_can_be_smuggled_into_a_call(value: str) -> None:
    with pytest.raises(CallError):
        write_call(b"", call((("X", value),)))
    with pytest.raises(CallError):
        write_call(b"", call(content_type=value))


@pytest.mark.parametrize("name", ["", "a b", "a:", "x\r\ny", "Host", "content-length", "Transfer-Encoding", "EXPECT"])
def test_a_header_that_is_the_transports_own_or_none_at_all_is_refused(name: str) -> None:
    with pytest.raises(CallError):
        write_call(b"", call(((name, "x"),)))
